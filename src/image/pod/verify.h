/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_VERIFY_H
#define I2KIT_IMAGE_POD_VERIFY_H

/* Whether what the store holds is what its names say. */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct progress;
struct store;

struct verify_fault {
	char *path;
	char *what;	 /* "its digest is sha256:…" */
	bool is_removed; /* repaired: the next use makes or fetches it again */
};

struct verify_result {
	struct verify_fault *faults;
	size_t count;
	uint64_t checked_files;
	uint64_t checked_bytes;
};
void verify_result_clear(struct verify_result *result);

/* Reads every blob and disk and compares it with its name. Faults are not an error here. */
MUST_CHECK bool store_verify(struct store *store, bool repair, const struct progress *progress,
			     struct verify_result *ret, struct error *err);

#endif
