/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_START_WAIT_H
#define I2KIT_MANIFEST_START_WAIT_H

/*
 * What a pod's containers wait for: `depends_on` of the short form and of Compose, an annotation
 * elsewhere.
 */

#include "manifest/loader.h"

extern const struct field_set start_wait_fields;
field_fn read_depends_on; /* struct pod_spec */
void read_depends_on_annotation(struct loader *loader, const struct yaml_node *value,
				struct pod_spec *pod);
/* That the pods are there and wait in no circle. */
void check_start_waits(struct loader *loader);

extern const char *const start_condition_words[]; /* of enum start_condition; NULL ends */
/* "db:healthy:restart:optional", as the annotation has it; nothing where it waits for nobody. */
void start_wait_words(const struct pod_spec *pod, struct string_list *ret);

#endif
