/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_EGRESS_H
#define I2KIT_MANIFEST_EGRESS_H

/* What a pod may reach: its network rules in the short form, annotation and words. */

#include "manifest/loader.h"

extern const struct field_set network_fields;
field_fn read_network; /* struct pod_spec */
void read_egress_annotation(struct loader *loader, const struct yaml_node *value,
			    struct pod_spec *pod);
void check_egress(struct loader *loader, const struct pod_spec *pod);

/* A policy as it is written; nothing for the default. */
void egress_words(const struct egress_policy *policy, struct string_list *ret);

#endif
