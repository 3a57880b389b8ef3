/* SPDX-License-Identifier: Apache-2.0 */
/* oci:FOLDER[:TAG], https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "image/oci/oci_document.h"
#include "image/oci/source.h"
#include "image/oci/source_walk.h"

static bool bring(const struct oci_descriptor *const *blobs, size_t count, void *arg,
		  struct error *err)
{
	const struct source_request *request = arg;
	for (size_t i = 0; i < count; i++) {
		struct stat st;
		AUTO_FREE char *path = xasprintf("%s/blobs/sha256/%s", request->reference->path,
						 DIGEST_HEX(&blobs[i]->digest));
		/* O_NONBLOCK: a FIFO in there must not hang us. */
		AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0 || fstat(fd, &st) < 0)
			return error_set_errno(err, errno, "%s", path);
		if (!S_ISREG(st.st_mode))
			return error_set(err, ERROR_INVALID, "%s is not a file", path);
		if (!source_copy_blob(request, fd, path, blobs[i], err))
			return false;
	}
	return true;
}

static bool read_index(const char *folder, struct oci_document *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	AUTO_FREE char *path = path_join(folder, "index.json");
	if (!file_read(path, OCI_DOCUMENT_MAX_BYTES, &text, &size, err)) {
		if (err != NULL && err->kind == ERROR_NOT_FOUND)
			error_hint(err, "an OCI layout is a folder with index.json and blobs/");
		return false;
	}
	if (!oci_document_parse(text, size, MEDIA_OCI_INDEX, ret, err))
		return error_prefix(err, "%s", path);
	if (!ret->is_index)
		return error_set(err, ERROR_INVALID, "%s is not an index", path);
	return true;
}

static const struct oci_descriptor *find_digest(const struct oci_document *index,
						const struct digest *digest, struct error *err)
{
	for (size_t i = 0; i < index->item_count; i++) {
		if (digest_equal(&index->items[i].digest, digest))
			return &index->items[i];
	}
	error_set(err, ERROR_NOT_FOUND, "index.json does not list %s", DIGEST_TEXT(digest));
	return NULL;
}

bool source_layout_fetch(const struct source_request *request, struct image_ref *ret,
			 struct error *err)
{
	const struct reference *reference = request->reference;
	const struct digest *digest = source_wanted(request);
	AUTO(oci_document_clear) struct oci_document index = {0};
	if (!read_index(reference->path, &index, err))
		return false;
	const struct oci_descriptor *top = digest != NULL
						   ? find_digest(&index, digest, err)
						   : oci_index_choose(&index, reference->tag, err);
	if (top == NULL)
		return error_prefix(err, "%s", reference->path);
	ret->digest = top->digest;
	ret->source = xstrdup(reference->path);
	ret->time_ns = clock_wall_ns();
	/* bring() does not change the request. */
	return source_walk(request, top, bring, (void *)(uintptr_t)request, &ret->manifest, err);
}
