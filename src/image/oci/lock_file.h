/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_LOCK_FILE_H
#define I2KIT_IMAGE_OCI_LOCK_FILE_H

/*
 * i2kit.lock, to be committed beside the manifests: which digest each registry image stands for.
 *
 *	{"version":1,"images":{"docker.io/library/nginx:1.22":"sha256:…"}}
 *
 * One image a line, sorted, so that it merges well. Images from folders, archives and daemons are
 * not in it: they are made on this machine.
 */

#include "base/error.h"
#include "base/sha256.h"

struct locked_image {
	char *reference; /* owned */
	struct digest digest;
};

struct lock_file {
	struct locked_image *images; /* owned; sorted by reference */
	size_t count;
};
void lock_file_clear(struct lock_file *file);

/* The file's text, both ways: pure. path is for messages. */
MUST_CHECK bool lock_file_parse(const char *text, size_t size, const char *path,
				struct lock_file *ret, struct error *err);
char *lock_file_format(const struct lock_file *file); /* owned */

/* out is "" when the file or the image is not there. */
MUST_CHECK bool lock_file_find(const char *path, const char *reference, struct digest *out,
			       struct error *err);
/* Adds or replaces one line, leaving the others; safe beside other processes. */
MUST_CHECK bool lock_file_set(const char *path, const char *reference, const struct digest *digest,
			      struct error *err);

#endif
