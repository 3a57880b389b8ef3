/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_WRITE_POD_H
#define I2KIT_MANIFEST_WRITE_POD_H

/* A pod's spec as manifest text, its containers apart. */

struct pod_spec;
struct yaml_writer;

void write_volumes(struct yaml_writer *writer, const struct pod_spec *pod);
/* Everything of a pod's spec but its containers. */
void write_pod_rest(struct yaml_writer *writer, const struct pod_spec *pod);

#endif
