/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_WRITE_CONTAINER_H
#define I2KIT_MANIFEST_WRITE_CONTAINER_H

/* The containers of a pod as manifest text; the same in both forms. */

#include <stddef.h>
#include <stdint.h>

#include "manifest/app.h"

struct yaml_writer;

void write_container_body(struct yaml_writer *writer, const struct container_spec *container);
void write_container_list(struct yaml_writer *writer, const char *key,
			  const struct container_spec *containers, size_t count);
void write_env(struct yaml_writer *writer, const struct container_spec *container);
/* Nothing for the default. */
void write_pull_policy(struct yaml_writer *writer, const char *key, enum pull_policy policy);
void write_bytes(struct yaml_writer *writer, const char *key, uint64_t bytes); /* 64Mi; 0: none */

#endif
