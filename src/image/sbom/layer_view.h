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
#include "base/string_list.h"

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
/* Adds the names in a folder, each once, sorted; none where there is no such folder. */
MUST_CHECK bool layer_view_list(const struct layer_view *view, const char *path,
				struct string_list *ret, struct error *err);

#endif
