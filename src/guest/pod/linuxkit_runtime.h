/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_LINUXKIT_RUNTIME_H
#define I2KIT_GUEST_POD_LINUXKIT_RUNTIME_H

#include <sys/types.h>

#include "base/error.h"

/* runtime.json: https://github.com/linuxkit/linuxkit/blob/master/docs/yaml.md, under "runtime". */

/*
 * Does what BUNDLE/runtime.json asks for before the container is made: mounts, folders.
 * *ret_wants_process: it asks for something of the container's process too, before that runs.
 */
MUST_CHECK bool linuxkit_prepare(const char *bundle, bool *ret_wants_process, struct error *err);
/*
 * That, once the container is made and waits: network interfaces made or moved into its namespace,
 * and its namespaces bound to files (bindNS).
 */
MUST_CHECK bool linuxkit_prepare_process(const char *bundle, pid_t process, struct error *err);

#endif
