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

/* out is "" when the file or the image is not there. */
MUST_CHECK bool lock_file_find(const char *path, const char *reference, char out[DIGEST_SIZE],
			       struct error *err);
/* Adds or replaces one line, leaving the others; safe beside other processes. */
MUST_CHECK bool lock_file_set(const char *path, const char *reference, const char *digest,
			      struct error *err);

#endif
