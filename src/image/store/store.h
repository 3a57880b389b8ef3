/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_STORE_STORE_H
#define I2KIT_IMAGE_STORE_STORE_H

/*
 * The content-addressed store under $XDG_DATA_HOME/i2kit (path_folder(PATH_DATA)):
 *
 *	blobs/sha256/HEX  manifests, configs, layers as they came from their source
 *	layers/HEX.sqfs   converted layers; HEX is of the layer's diff id and the converter's
 * version disks/HEX.img     finished disks (HEX of the raw bytes), and disks/HEX.json (i2kit.json)
 *	builds/HEX        build key → disk digest, for "nothing changed"
 *	refs/HEX          what a reference (HEX of its text) resolved to, when, from where
 *	layouts/HEX/      an image (HEX of its manifest) as an OCI layout, for builders
 *	partial/HEX       the beginning of a blob whose download was cut
 *	tmp/              unfinished files, each locked by its maker; leftovers go at open
 *	locks/            one file for each thing being made
 *
 * Every file appears by rename(2) after fsync and after its digest was checked, so any process may
 * be killed at any byte. Two processes that want the same thing: one works, the other waits for
 * the lock. An open store is held shared, so that prune (image/pod/prune.h) never takes a thing
 * away from under a build; close it as soon as the image is made.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/sha256.h"

struct store;

/* NULL on failure. folder NULL: the default place. */
MUST_CHECK struct store *store_open(const char *folder_or_null, struct error *err);
void store_close(struct store *store);
DEFINE_AUTO_PTR(store, store_close)

const char *store_folder(const struct store *store);

/* Kinds are the sub-folders above; STORE_DISK's file is disks/HEX.img. */
enum store_kind { STORE_BLOB, STORE_LAYER, STORE_DISK, STORE_BUILD };

/* The path a thing has or would have; owned. digest is "sha256:…". */
char *store_path(const struct store *store, enum store_kind kind, const struct digest *digest);
bool store_has(const struct store *store, enum store_kind kind, const struct digest *digest);

/*
 * A file being written. Open, write to .fd (or to .path by another library), then commit under a
 * digest (which the caller has checked or computed) or drop it. Commit fsyncs, makes the file
 * read-only and renames; a commit onto an existing name keeps the old file.
 */
struct store_draft {
	int fd;	    /* read and write; the caller may take it */
	char *path; /* owned */
	int lock_fd;
	bool is_partial; /* dropping keeps the bytes for the next try */
};
#define STORE_DRAFT_INIT ((struct store_draft){.fd = -1, .lock_fd = -1})
MUST_CHECK bool store_draft_open(struct store *store, struct store_draft *ret, struct error *err);
MUST_CHECK bool store_draft_commit(struct store *store, struct store_draft *draft,
				   enum store_kind kind, const struct digest *digest,
				   struct error *err);
void store_draft_drop(struct store_draft *draft); /* safe after commit */

/*
 * The draft of a blob that comes over a network: it begins with what an earlier try left, of which
 * *ret_size bytes are there. Only while store_lock(STORE_BLOB, digest) is held.
 */
MUST_CHECK bool store_partial_open(struct store *store, const struct digest *digest,
				   struct store_draft *ret, uint64_t *ret_size, struct error *err);
/* Forgets the bytes too: they were wrong. */
void store_partial_drop(struct store_draft *draft);

/* Writes, and says what to do when the disk is full. */
MUST_CHECK bool store_write(const struct store *store, int fd, const void *bytes, size_t size,
			    struct error *err);
/* Adds that hint to an error of another library's write; returns false. */
bool store_error_hint(const struct store *store, struct error *err);

/*
 * Held while a thing is made, so that a second process waits instead of working; -1 on failure.
 * Close it when the thing is there. Ask store_has() again once it is held.
 */
MUST_CHECK int store_lock(struct store *store, enum store_kind kind, const struct digest *digest,
			  struct error *err);

/* Does not wait: ERROR_BUSY. */
MUST_CHECK int store_try_lock(struct store *store, enum store_kind kind,
			      const struct digest *digest, struct error *err);

/* The size of a stored thing; false when it is absent. */
bool store_size(const struct store *store, enum store_kind kind, const struct digest *digest,
		uint64_t *ret);

/* Reads a small blob whole and checks its digest. */
MUST_CHECK bool store_read_blob(struct store *store, const struct digest *digest, size_t max_bytes,
				char **ret, size_t *ret_size, struct error *err);
/* Stores bytes as a blob; out_digest is theirs. */
MUST_CHECK bool store_write_blob(struct store *store, const void *bytes, size_t size,
				 struct digest *out_digest, struct error *err);

/*
 * Turns the shared hold on the store into an exclusive one, without waiting: ERROR_BUSY while
 * another process has it open. Given back by store_share_again().
 */
MUST_CHECK bool store_hold_alone(struct store *store, struct error *err);
void store_share_again(struct store *store);

#endif
