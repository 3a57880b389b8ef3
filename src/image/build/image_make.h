/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_BUILD_IMAGE_MAKE_H
#define I2KIT_IMAGE_BUILD_IMAGE_MAKE_H

/*
 * Containers' own images: a builder makes them of a Dockerfile, and the store takes them. One whose
 * context, Dockerfile and arguments are what they were is not made again.
 */

#include "base/error.h"
#include "base/progress.h"
#include "image/build/builder.h"
#include "image/store/store.h"
#include "manifest/app.h"

struct image_make_options {
	const char *builder; /* builder_choose()'s word, or NULL */
	bool always;	     /* also what did not change */
	bool has_no_cache;   /* and no step of it is taken from the builder's cache */
	bool pulls;
	/* Each line that the builder writes, made harmless; NULL: kept for a message alone. */
	void (*line)(const char *line, void *arg);
	void *arg;
};

/*
 * Sees to it that the container's image is in the store under container_built_name(). *ret_was_made:
 * a builder was run. Its processes end with us.
 */
MUST_CHECK bool image_make(struct store *store, const struct container_spec *container,
			   const struct image_make_options *options,
			   const struct progress *progress, bool *ret_was_made, struct error *err);

#endif
