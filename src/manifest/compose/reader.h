/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_READER_H
#define I2KIT_MANIFEST_COMPOSE_READER_H

/*
 * Compose, the fourth spelling: a project's model (project.h) becomes pods, their ports, volumes,
 * networks, configs and secrets of the app. One service is one pod, unless network_mode: service:X or
 * x-i2kit: {pod: NAME} puts it beside another.
 */

#include "manifest/loader.h"

extern const struct field_set compose_fields;

/*
 * What is wrong is among the loader's problems. text: of the file that was read already, "-" or the
 * only one; or NULL.
 */
void compose_read_project(struct loader *loader, const struct string_list *paths, const char *text);

#endif
