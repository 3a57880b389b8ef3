/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_IMAGE_FLATTEN_H
#define I2KIT_IMAGE_LINUXKIT_IMAGE_FLATTEN_H

/*
 * The file system that an image's layers make together, as a stream of entries: layer by layer from
 * the top, what a higher layer has or has removed left out. Names are clean: relative, without ".",
 * ".." or doubled slashes; "." is the root. Layers are checked against their diff ids.
 */

#include "base/progress.h"
#include "image/oci/resolve.h"
#include "image/store/store.h"

struct archive;
struct archive_entry;

/*
 * Gets each entry with its clean name (its link target as it is); the file's data may be read from
 * archive with archive_read_data().
 */
typedef bool image_entry_fn(const char *name, struct archive_entry *entry, struct archive *archive,
			    void *arg, struct error *err);

MUST_CHECK bool image_flatten(struct store *store, const struct oci_image *image,
			      image_entry_fn *fn, void *arg, const struct progress *progress,
			      struct error *err);

/* The clean name, owned; NULL for one that leads out ("../x"). */
char *image_clean_name(const char *name);

#endif
