/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_WRITE_COMPOSE_H
#define I2KIT_MANIFEST_WRITE_COMPOSE_H

/* An application as a Compose file (i2kit convert --to compose). */

#include "base/string_list.h"

struct app;

/*
 * Each container as a service, those of one pod beside each other; *ret_lost names what Compose has no
 * words for, "pod web: initContainers". Owned.
 */
char *app_write_compose(const struct app *app, struct string_list *ret_lost);

#endif
