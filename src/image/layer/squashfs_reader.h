/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_SQUASHFS_READER_H
#define I2KIT_IMAGE_LAYER_SQUASHFS_READER_H

/* What a converted layer says of single files, without mounting it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct squashfs_xattr {
	char *name;
	void *value;
	size_t size;
};

struct squashfs_stat {
	uint32_t mode; /* with the type, as in stat */
	uint32_t uid;
	uint32_t gid;
	uint32_t mtime;		       /* seconds since 1970 */
	struct squashfs_xattr *xattrs; /* owned, in the order of the file */
	size_t xattr_count;
};
void squashfs_stat_clear(struct squashfs_stat *stat);
/* NULL: it has none of that name. */
const struct squashfs_xattr *squashfs_stat_xattr(const struct squashfs_stat *stat,
						 const char *name);

struct squashfs_reader;

/* NULL on failure. */
MUST_CHECK struct squashfs_reader *squashfs_reader_new(const char *path, struct error *err);
void squashfs_reader_free(struct squashfs_reader *reader);
DEFINE_AUTO_PTR(squashfs_reader, squashfs_reader_free)

/* path is relative, "" the root; links are not followed. *ret_is_there false: there is no such. */
MUST_CHECK bool squashfs_reader_find(struct squashfs_reader *reader, const char *path,
				     bool *ret_is_there, struct squashfs_stat *ret,
				     struct error *err);

#endif
