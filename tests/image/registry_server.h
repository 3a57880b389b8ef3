/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TESTS_IMAGE_REGISTRY_SERVER_H
#define I2KIT_TESTS_IMAGE_REGISTRY_SERVER_H

/*
 * A registry on 127.0.0.1, as strict as the OCI Distribution API and the token specification ask
 * for, that misbehaves where it is told to. One thread, one connection after another.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"

enum { SERVER_BLOBS = 8 };

struct served {
	char digest[DIGEST_SIZE];
	char *bytes;
	size_t size;
	const char *type;
	bool is_manifest;
};

struct registry_server {
	int fd;
	uint16_t port;
	pthread_t thread;
	volatile bool is_over;
	struct served blobs[SERVER_BLOBS];
	size_t blob_count;
	char top[DIGEST_SIZE]; /* what the tag "1" is */

	/* How it behaves. */
	const char *login;  /* base64 of user:password for a token; NULL: a token for anybody */
	bool wants_token;   /* else everything is open */
	unsigned fail_503;  /* so many answers first */
	unsigned cut_blobs; /* so many blobs end in the middle */
	bool is_lying;	    /* blobs have another last byte */
	unsigned drip_ms;   /* one byte of a blob each so many ms */
	bool ignores_ranges;

	/* What it saw. */
	unsigned requests;
	unsigned ranges;
	unsigned tokens;
	unsigned heads;
};

void registry_server_start(struct registry_server *server);
void registry_server_stop(struct registry_server *server);
/* Serves bytes under their digest. */
const char *registry_server_add(struct registry_server *server, const char *type, bool is_manifest,
				const void *bytes, size_t size);
/* An image of one layer, as tag "1". */
void registry_server_add_image(struct registry_server *server, const void *layer, size_t size);

#endif
