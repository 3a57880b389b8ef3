/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CLAIM_H
#define I2KIT_MANIFEST_CLAIM_H

/* PersistentVolumeClaims: objects, a StatefulSet's templates, a volume's `ephemeral`. */

struct claim;
struct field_set;
struct loader;
struct yaml_node;

extern const struct field_set claim_object_fields;
void read_claim_object(struct loader *loader, const struct yaml_node *root);
/* `ephemeral` of a volume, whose target is the struct volume. */
extern const struct field_set ephemeral_fields;
void read_ephemeral(struct loader *loader, const struct yaml_node *node, void *target);
void read_claim_template(struct loader *loader, const struct yaml_node *root, struct claim *claim);

#endif
