/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CONFIG_REFERENCE_H
#define I2KIT_MANIFEST_CONFIG_REFERENCE_H

/* Which Secrets and ConfigMaps a pod refers to: variables, envFrom, volumes, projected ones too. */

#include <stdbool.h>

struct pod_spec;
struct string_list;

/* Adds the names of one kind that are not in *ret. */
void config_references(const struct pod_spec *pod, bool is_secret, struct string_list *ret);

#endif
