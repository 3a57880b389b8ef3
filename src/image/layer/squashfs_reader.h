/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_SQUASHFS_READER_H
#define I2KIT_IMAGE_LAYER_SQUASHFS_READER_H

/*
 * Reads files out of a squashfs that lies somewhere in a file, as the layers of a disk do. What is
 * in it is hostile: sizes have ceilings, what libsquashfs refuses is ERROR_CORRUPT.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"

struct squashfs_reader;

/* fd stays open as long as the reader; *err of a size that is none of a squashfs. */
struct squashfs_reader *squashfs_reader_new(int fd, uint64_t offset, uint64_t size,
					    struct error *err);
void squashfs_reader_free(struct squashfs_reader *reader);
DEFINE_AUTO_PTR(squashfs_reader, squashfs_reader_free)

enum squashfs_kind {
	SQUASHFS_NOTHING, /* it says nothing of the path */
	SQUASHFS_FILE,
	SQUASHFS_FOLDER,
	SQUASHFS_GONE,	/* a whiteout stands there or above it: lower layers have it no more */
	SQUASHFS_OTHER, /* a link, a device, or something beside a folder on the way */
};

struct squashfs_place {
	enum squashfs_kind kind;
	bool is_opaque; /* lower layers have nothing at the path, whatever this one has */
	uint64_t size;	/* of a file */
	void *inode;	/* libsquashfs' own */
};
void squashfs_place_clear(struct squashfs_place *place);

/* path: "var/lib/dpkg/status", no slash in front. Links are not followed. */
MUST_CHECK bool squashfs_reader_find(struct squashfs_reader *reader, const char *path,
				     struct squashfs_place *ret, struct error *err);
/* Appends a file's bytes; the caller has looked at its size. */
MUST_CHECK bool squashfs_reader_read(struct squashfs_reader *reader,
				     const struct squashfs_place *place, struct strbuf *ret,
				     struct error *err);
/* One entry of a folder; place is valid during the call. false: *err says why to stop. */
typedef bool squashfs_entry_fn(const char *name, const struct squashfs_place *place, void *arg,
			       struct error *err);
/* Calls it for each entry, whiteouts among them, in one pass; ERROR_FULL: more than `most`. */
MUST_CHECK bool squashfs_reader_each(struct squashfs_reader *reader,
				     const struct squashfs_place *folder, size_t most,
				     squashfs_entry_fn *fn, void *arg, struct error *err);

#endif
