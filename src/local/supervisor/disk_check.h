/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_DISK_CHECK_H
#define I2KIT_LOCAL_SUPERVISOR_DISK_CHECK_H

/*
 * Whether the disks that VMs boot are what their names say. A file is read once, on a thread, while
 * its first VM boots, and again when it is another file or was written to since.
 */

#include "base/error.h"
#include "base/sha256.h"
#include "local/supervisor/worker.h"

struct disk_checks;
/* changed: something became known. */
struct disk_checks *disk_checks_new(struct worker *worker, void (*changed)(void *arg), void *arg);
/* After the worker. NULL is fine. */
void disk_checks_free(struct disk_checks *checks);

enum disk_state { DISK_UNKNOWN, DISK_GOOD, DISK_BAD };
/* Starts a check where none is known of the file as it is now. DISK_BAD: *err says why. */
enum disk_state disk_checks_ask(struct disk_checks *checks, const char *path,
				const struct digest *digest, struct error *err);

#endif
