/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_LAYER_SEAL_H
#define I2KIT_IMAGE_LAYER_LAYER_SEAL_H

/*
 * The last steps of a converted layer, in a thread of its own while the next layer is converted:
 * its digest and checksum, onto the medium, into the store, its record.
 */

#include <pthread.h>

#include "base/error.h"
#include "image/layer/checksum.h"
#include "image/store/store.h"

struct layer_seal {
	struct store *store;
	struct store_draft draft;
	int lock_fd; /* of the layer; given back as soon as it is in the store */
	struct digest key;
	struct digest digest; /* results */
	char checksum[CHECKSUM_SIZE];
	struct error failure;
	pthread_t thread;
	bool is_running;
};
#define LAYER_SEAL_INIT ((struct layer_seal){.draft = STORE_DRAFT_INIT, .lock_fd = -1})

/* The fields above the results are filled; it must stay where it is until joined. */
void layer_seal_start(struct layer_seal *seal);
/* Waits for it. Whether all went well; true too when it was never started. */
MUST_CHECK bool layer_seal_join(struct layer_seal *seal, struct error *err);
/* Joins, and owns nothing any more. */
void layer_seal_clear(struct layer_seal *seal);

#endif
