/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_DISK_UPLOAD_STATE_H
#define I2KIT_CLOUD_AWS_DISK_UPLOAD_STATE_H

/*
 * How far an upload got, in a small file that is replaced whole, so that a killed one goes on where
 * it stopped: PATH_STATE/aws/uploads/ACCOUNT/REGION/PROJECT/POD.json.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/strbuf.h"

struct upload_state {
	struct digest digest;
	char *token;		     /* owned; of StartSnapshot, made before it is called */
	char *snapshot;		     /* owned; NULL: StartSnapshot has not answered yet */
	char *parent;		     /* owned; snapshot the delta is against, or NULL */
	struct digest parent_digest; /* none without a parent */
	uint8_t *done;		     /* owned; one per block to write, 0 or 1 */
	size_t count;
};

void upload_state_clear(struct upload_state *state);

/* The path; owned. */
char *upload_state_path(const char *account, const char *region, const char *project,
			const char *pod);
/* False when there is none, or none that can be understood. */
bool upload_state_load(const char *path, struct upload_state *ret);
/* The file's content, read and written. */
MUST_CHECK bool upload_state_parse(const char *text, size_t size, struct upload_state *ret);
void upload_state_write(const struct upload_state *state, struct strbuf *ret);
MUST_CHECK bool upload_state_save(const char *path, const struct upload_state *state,
				  struct error *err);

#endif
