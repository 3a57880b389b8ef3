/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_METADATA_H
#define I2KIT_MANIFEST_METADATA_H

/* metadata of an object, or of a template inside one. */

#include <stdbool.h>
#include <stddef.h>

struct field_set;
struct key_value;
struct loader;
struct pod_spec;
struct yaml_node;

struct metadata {
	char *name;
	char *namespace_name;
	struct key_value *labels;
	size_t label_count;
	struct key_value *annotations;
	size_t annotation_count;
};
extern const struct field_set metadata_fields;
void metadata_clear(struct metadata *metadata);
/* With wants_name, a name is required and the namespace defaulted. */
void read_metadata(struct loader *loader, const struct yaml_node *root, struct metadata *metadata,
		   bool wants_name);
/* Labels and annotations become the pod's. */
void metadata_move_to_pod(struct metadata *metadata, struct pod_spec *pod);

#endif
