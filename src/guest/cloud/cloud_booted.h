/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_BOOTED_H
#define I2KIT_GUEST_CLOUD_CLOUD_BOOTED_H

/*
 * The digest of the disk this machine was started from, read from the disk itself: what the
 * instance can say about its bytes, whatever its tags say. The disk's own partition table tells
 * where the image ends; a volume may be longer.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct cloud_booted;

/* The disk that "/" is mounted from. NULL on failure. */
struct cloud_booted *cloud_booted_new(struct error *err);
/* Of this file instead; for tests. */
struct cloud_booted *cloud_booted_open(const char *device, struct error *err);
void cloud_booted_free(struct cloud_booted *booted);

/* Reads a piece (one MiB); *ret_done with the last one. */
MUST_CHECK bool cloud_booted_step(struct cloud_booted *booted, bool *ret_done, struct error *err);
/* "sha256:…", after the last piece. */
void cloud_booted_digest(struct cloud_booted *booted, char out[72]);

#endif
