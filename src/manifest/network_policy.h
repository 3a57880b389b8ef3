/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_NETWORK_POLICY_H
#define I2KIT_MANIFEST_NETWORK_POLICY_H

/* NetworkPolicy objects, and what they leave each pod. */

struct field_set;
struct loader;
struct yaml_node;

extern const struct field_set policy_object_fields;
void read_network_policy(struct loader *loader, const struct yaml_node *root);
void network_policies_complete(struct loader *loader); /* what each pod is allowed */

#endif
