/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/archive_import.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/oci/oci_document.h"

enum { ENTRIES_MAX = 20000, TEXTS_MAX_BYTES = 64 << 20, LINKS_MAX = 8, NAME_MAX_BYTES = 1024 };

struct import {
	const struct source_request *request;
	struct uncompress *uncompress;
	struct error read_error; /* of the bytes below the tar */
	uint64_t packed_bytes;	 /* of layers that are packed on their own */
	struct archive_listing *listing;
	size_t text_bytes;
	uint64_t total_bytes;
};

void archive_listing_clear(struct archive_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		free(listing->items[i].name);
		free(listing->items[i].link);
		free(listing->items[i].text);
	}
	free(listing->items);
	*listing = (struct archive_listing){0};
}

const struct archive_entry_found *archive_listing_find(const struct archive_listing *listing,
						       const char *name)
{
	for (int hop = 0; hop < LINKS_MAX; hop++) {
		const struct archive_entry_found *found = NULL;
		for (size_t i = 0; i < listing->count && found == NULL; i++) {
			if (strcmp(listing->items[i].name, name) == 0)
				found = &listing->items[i];
		}
		if (found == NULL || found->link == NULL)
			return found;
		name = found->link;
	}
	return NULL;
}

static const char *plain_name(const char *name)
{
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	return name;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t end_length = strlen(end);
	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* docker save writes ID/layer.tar → ../OTHER/layer.tar: resolved against the entry's folder. */
static char *link_target(const char *name, const char *target, bool is_hard)
{
	if (is_hard)
		return xstrdup(plain_name(target));
	AUTO_FREE char *folder = xstrdup(name);
	char *slash = strrchr(folder, '/');
	*(slash ? slash : folder) = '\0';
	while (strncmp(target, "../", 3) == 0 && folder[0] != '\0') {
		target += 3;
		slash = strrchr(folder, '/');
		*(slash ? slash : folder) = '\0';
	}
	return folder[0] ? xasprintf("%s/%s", folder, target) : xstrdup(plain_name(target));
}

static bool archive_failed(const struct import *import, struct archive *archive, struct error *err)
{
	if (import->read_error.kind != ERROR_NONE) {
		error_set(err, import->read_error.kind, "%s", import->read_error.message);
		if (import->read_error.hint != NULL)
			error_hint(err, "%s", import->read_error.hint);
		return false;
	}
	const char *text = archive_error_string(archive);
	return error_set(err, ERROR_INVALID, "not a whole tar: %s", text ? text : "it ends early");
}

/* How the bytes of an entry are treated. */
enum entry_use { ENTRY_SKIP, ENTRY_TEXT, ENTRY_BLOB };

static enum entry_use use_of(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	if (strncmp(name, "blobs/sha256/", 13) == 0)
		return strlen(name) == 13 + 64 ? ENTRY_BLOB : ENTRY_SKIP;
	if (strncmp(name, "blobs/", 6) == 0)
		return ENTRY_SKIP;
	if (ends_with(base, ".json"))
		return ENTRY_TEXT;
	if (ends_with(base, ".tar") || ends_with(base, ".tar.gz"))
		return ENTRY_BLOB;
	return ENTRY_SKIP;
}

static bool read_text(struct import *import, struct archive *archive, uint64_t size,
		      struct archive_entry_found *found, struct error *err)
{
	size_t got = 0;
	if (size > OCI_CONFIG_MAX_BYTES || import->text_bytes + size > TEXTS_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "%s is larger than a JSON file may be",
				 found->name);
	import->text_bytes += size;
	AUTO_FREE char *text = xmalloc(size + 1);
	while (got < size) {
		la_ssize_t more = archive_read_data(archive, text + got, size - got);
		if (more <= 0)
			return archive_failed(import, archive, err);
		got += (size_t)more;
	}
	text[size] = '\0';
	found->size_bytes = size;
	found->digest = sha256_digest(text, size);
	found->text = TAKE_PTR(text);
	return true;
}

/*
 * Packed twice, a layer could be as large as the product of both budgets. What is packed once does
 * not become much smaller the second time, so such layers get a budget of their own.
 */
static bool check_packed_twice(struct import *import, const void *start, size_t size,
			       const struct archive_entry_found *found, struct error *err)
{
	enum { FREE_BYTES = 4 << 20, RATIO_MAX = 16 };
	const struct uncompress *outer = import->uncompress;
	if (!uncompress_is_packed(outer) || !uncompress_looks_packed(start, size))
		return true;
	import->packed_bytes += found->size_bytes;
	return import->packed_bytes < FREE_BYTES ||
	       (import->packed_bytes - FREE_BYTES) / RATIO_MAX <= uncompress_in_bytes(outer) ||
	       error_set(err, ERROR_INVALID, "%s is packed twice, to far too little", found->name);
}

static bool copy_blob(struct import *import, struct archive *archive, int fd, const char *name,
		      struct archive_entry_found *found, struct error *err)
{
	enum { CHUNK_SIZE = 256 << 10 };
	const struct source_request *request = import->request;
	uint64_t total = found->size_bytes;
	uint64_t done = 0;

	AUTO_FREE char *chunk = xmalloc(CHUNK_SIZE);
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	for (;;) {
		la_ssize_t got = archive_read_data(archive, chunk, CHUNK_SIZE);
		if (got < 0)
			return archive_failed(import, archive, err);
		if (got == 0)
			break;
		if (done == 0 && !check_packed_twice(import, chunk, (size_t)got, found, err))
			return false;
		sha256_update(hash, chunk, (size_t)got);
		if (!store_write(request->store, fd, chunk, (size_t)got, err))
			return false;
		done += (uint64_t)got;
		progress_update(request->progress, "pull", name, PROGRESS_BYTES, done, total);
		if (progress_is_cancelled(request->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
	}
	if (done != total)
		return error_set(err, ERROR_INVALID, "%s is cut", name);
	found->digest = sha256_finish_digest(hash);
	return true;
}

/* An entry called blobs/sha256/HEX must hold what it says; what is stored is not read again. */
static bool read_blob(struct import *import, struct archive *archive,
		      struct archive_entry_found *found, struct error *err)
{
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	const struct source_request *request = import->request;
	struct digest claimed = {0};
	uint64_t stored = 0;
	bool has_claim = strncmp(found->name, "blobs/sha256/", 13) == 0;
	if (has_claim && !digest_parse_hex(found->name + 13, &claimed))
		return error_set(err, ERROR_INVALID, "%s is not named after a digest", found->name);
	if (has_claim && store_size(request->store, STORE_BLOB, &claimed, &stored) &&
	    stored == found->size_bytes) {
		found->digest = claimed;
		return true;
	}
	const char *name = has_claim ? DIGEST_TEXT(&claimed) : found->name;
	if (!store_draft_open(request->store, &draft, err))
		return false;
	progress_start(request->progress, "pull", name, PROGRESS_BYTES, found->size_bytes);
	bool is_copied = copy_blob(import, archive, draft.fd, name, found, err);
	if (is_copied && has_claim && !digest_equal(&claimed, &found->digest))
		is_copied =
			error_set(err, ERROR_CORRUPT, "%s holds other bytes: their digest is %s",
				  found->name, DIGEST_TEXT(&found->digest));
	if (!is_copied ||
	    !store_draft_commit(request->store, &draft, STORE_BLOB, &found->digest, err)) {
		progress_failed(request->progress, "pull", name, NULL);
		return false;
	}
	progress_done(request->progress, "pull", name, NULL);
	return true;
}

static bool import_file(struct import *import, struct archive *archive, const char *name,
			int64_t size, struct error *err)
{
	enum entry_use use = use_of(name);
	if (use == ENTRY_SKIP)
		return true;
	if (size < 0 || (uint64_t)size > OCI_BLOB_MAX_BYTES - import->total_bytes)
		return error_set(err, ERROR_INVALID, "%s: the archive is larger than 64 GiB", name);
	import->total_bytes += (uint64_t)size;
	struct archive_entry_found *found =
		ARRAY_APPEND(import->listing->items, import->listing->count);
	found->name = xstrdup(name);
	found->size_bytes = (uint64_t)size;
	return use == ENTRY_TEXT ? read_text(import, archive, (uint64_t)size, found, err)
				 : read_blob(import, archive, found, err);
}

static bool import_entry(struct import *import, struct archive *archive,
			 struct archive_entry *entry, struct error *err)
{
	const char *path = archive_entry_pathname(entry);
	if (path == NULL || strlen(path) > NAME_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "an entry has no proper name");
	const char *name = plain_name(path);
	const char *hard = archive_entry_hardlink(entry);
	const char *soft = archive_entry_symlink(entry);
	if (hard != NULL || soft != NULL) {
		struct archive_entry_found *found =
			ARRAY_APPEND(import->listing->items, import->listing->count);
		found->name = xstrdup(name);
		found->link = link_target(name, hard ? hard : soft, hard != NULL);
		return true;
	}
	if (archive_entry_filetype(entry) != AE_IFREG)
		return true;
	return import_file(import, archive, name, archive_entry_size(entry), err);
}

static la_ssize_t on_read(struct archive *archive, void *arg, const void **ret_bytes)
{
	struct import *import = arg;
	ssize_t got = uncompress_next(import->uncompress, ret_bytes, &import->read_error);
	if (got < 0)
		archive_set_error(archive, -1, "%s", import->read_error.message);
	return got;
}

static void free_archive(struct archive **archive)
{
	(void)archive_read_free(*archive);
}

static bool import_all(struct import *import, struct error *err)
{
	struct archive_entry *entry = NULL;
	AUTO(free_archive) struct archive *archive = archive_read_new();
	if (archive == NULL)
		return error_set(err, ERROR_SYSTEM, "no memory for libarchive");
	/* A saved image is a tar, at most packed as a whole. */
	if (archive_read_support_format_tar(archive) != ARCHIVE_OK ||
	    archive_read_open(archive, import, NULL, on_read, NULL) != ARCHIVE_OK)
		return archive_failed(import, archive, err);
	for (size_t count = 0;; count++) {
		int got = archive_read_next_header(archive, &entry);
		if (got == ARCHIVE_EOF)
			break;
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return archive_failed(import, archive, err);
		if (count >= ENTRIES_MAX)
			return error_set(err, ERROR_INVALID, "more than %d entries", ENTRIES_MAX);
		if (!import_entry(import, archive, entry, err))
			return false;
	}
	return import->listing->count > 0 ||
	       error_set(err, ERROR_INVALID, "there is no image in it");
}

bool archive_import(const struct source_request *request, gunzip_read_fn *read_more, void *arg,
		    struct archive_listing *ret, struct error *err)
{
	AUTO_PTR(uncompress) struct uncompress *uncompress = uncompress_new(read_more, arg);
	AUTO(archive_listing_clear) struct archive_listing listing = {0};
	struct import import = {.request = request, .uncompress = uncompress, .listing = &listing};
	bool is_done = import_all(&import, err);
	error_clear(&import.read_error);
	if (!is_done)
		return false;
	*ret = listing;
	listing = (struct archive_listing){0};
	return true;
}
