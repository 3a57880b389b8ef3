/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_BUILD_BUILD_CONTEXT_H
#define I2KIT_IMAGE_BUILD_BUILD_CONTEXT_H

/*
 * The files that an image is built from, as a builder sees them: below one folder, without what
 * .dockerignore leaves out. Nothing of it is trusted: no link is followed, and of what is neither
 * file, folder nor link only its kind counts.
 */

#include "base/error.h"
#include "base/sha256.h"
#include "image/build/ignore_patterns.h"

/*
 * DOCKERFILE.dockerignore, else .dockerignore of the context, else none: *ret NULL. *ret_path is
 * owned, or NULL.
 */
MUST_CHECK bool build_context_ignore(const char *context, const char *dockerfile_or_null,
				     struct ignore_patterns **ret, char **ret_path,
				     struct error *err);

/*
 * Names, kinds, modes, contents and where links lead, of all that is not left out; times and owners
 * say nothing about an image, since builders set them. ignore may be NULL.
 */
MUST_CHECK bool build_context_hash(const char *context, const struct ignore_patterns *ignore,
				   struct sha256 *hash, struct error *err);

#endif
