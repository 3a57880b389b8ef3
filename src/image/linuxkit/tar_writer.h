/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_TAR_WRITER_H
#define I2KIT_IMAGE_LINUXKIT_TAR_WRITER_H

/*
 * A tar with PAX headers (POSIX.1-2001) into a file, with records of one's own (libarchive writes
 * none) and an index of what is in it, so that the file can be read back in any order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/store/store.h"

enum tar_type {
	TAR_FILE = '0',
	TAR_HARD_LINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHARACTER = '3',
	TAR_BLOCK = '4',
	TAR_FOLDER = '5',
	TAR_FIFO = '6',
};

struct tar_record {
	const char *key;
	const void *value;
	size_t size;
};

struct tar_entry {
	const char *name; /* relative; no trailing slash */
	enum tar_type type;
	unsigned mode;
	uint32_t uid;
	uint32_t gid;
	int64_t mtime_s;
	uint32_t mtime_ns;
	uint64_t size_bytes; /* files only */
	const char *link;    /* links only */
	uint32_t device_major;
	uint32_t device_minor;
	const struct tar_record *records; /* PAX records, written as given */
	size_t record_count;
};

/* What the index keeps of an entry. */
struct tar_place {
	char *name;
	char *link; /* or NULL */
	enum tar_type type;
	unsigned mode;
	uint32_t uid;
	uint32_t gid;
	int64_t mtime_s;
	uint64_t size_bytes;
	uint64_t data_offset; /* in the file */
	uint32_t device_major;
	uint32_t device_minor;
	size_t order;
};

struct tar_writer;
struct tar_writer *tar_writer_new(const struct store *store, int fd); /* both borrowed */
void tar_writer_free(struct tar_writer *writer);
DEFINE_AUTO_PTR(tar_writer, tar_writer_free)

/* Then exactly size_bytes of data for a file, in any number of pieces. */
MUST_CHECK bool tar_writer_begin(struct tar_writer *writer, const struct tar_entry *entry,
				 struct error *err);
MUST_CHECK bool tar_writer_data(struct tar_writer *writer, const void *bytes, size_t size,
				struct error *err);
/* Both at once. */
MUST_CHECK bool tar_writer_add(struct tar_writer *writer, const struct tar_entry *entry,
			       const void *bytes, struct error *err);
/* The two zero blocks at the end. */
MUST_CHECK bool tar_writer_finish(struct tar_writer *writer, struct error *err);

/* The index sorted by name, of several entries with one name only the last; valid until freed. */
const struct tar_place *tar_writer_places(struct tar_writer *writer, size_t *ret_count);

#endif
