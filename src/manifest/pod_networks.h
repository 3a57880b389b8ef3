/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_POD_NETWORKS_H
#define I2KIT_MANIFEST_POD_NETWORKS_H

/*
 * Networks that keep pods apart: `networks` of the short form and of Compose, an annotation
 * elsewhere. Said in the words of traffic policies, which are what is enforced.
 */

#include "manifest/loader.h"

extern const struct field_set pod_network_fields;
field_fn read_networks; /* struct pod_spec */
void read_networks_annotation(struct loader *loader, const struct yaml_node *value,
			      struct pod_spec *pod);
/* Narrows what each pod is allowed, after network_policies_complete(). */
void pod_networks_complete(struct loader *loader);

/* Whether the pods see one another; a pod always sees itself. */
bool pods_share_network(const struct pod_spec *one, const struct pod_spec *other);
bool pod_is_in_network(const struct pod_spec *pod, const char *network);
/* Whether some of the pods do not see some others, or nothing outside. */
bool app_has_networks(const struct app *app);
/* "front:alias=www back:internal", or "none", as the annotation has it. */
void pod_network_words(const struct app *app, const struct pod_spec *pod, struct string_list *ret);

#endif
