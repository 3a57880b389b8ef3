/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_LAYER_VIEW_H
#define I2KIT_IMAGE_SBOM_LAYER_VIEW_H

/*
 * The files of one container as its overlay shows them: the layers of a disk, one above the other,
 * with their whiteouts. Reads alone; links are not followed.
 */

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

struct squashfs_reader;

struct layer_view {
	struct squashfs_reader **layers; /* bottom first; the list is owned, the readers are not */
	size_t count;
};
void layer_view_clear(struct layer_view *view);

/* *ret_found says whether there is such a file, whose bytes are appended; one over ret->max is
 * ERROR_FULL. path: "etc/os-release". */
MUST_CHECK bool layer_view_read(const struct layer_view *view, const char *path, struct strbuf *ret,
				bool *ret_found, struct error *err);
/* One file of a folder, with its text. false: *err says why to stop. */
typedef bool layer_file_fn(const char *name, const char *text, void *arg, struct error *err);
/*
 * Calls it for each file of a folder as the overlay shows it, layer by layer from the top; none
 * where there is no such folder. ERROR_FULL: more than 65,536, or one over 1 MiB.
 */
MUST_CHECK bool layer_view_each(const struct layer_view *view, const char *path, layer_file_fn *fn,
				void *arg, struct error *err);

#endif
