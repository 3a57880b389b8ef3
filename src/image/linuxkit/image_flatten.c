/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/image_flatten.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <string.h>

#include "base/alloc.h"
#include "base/string_list.h"
#include "image/layer/layer_stream.h"

enum { NAMES_MAX = 2000000, NAME_MAX_BYTES = 4096 };

/* A name that lower layers may no longer give, with what is below it where that is hidden. */
struct seen {
	char *name;
	bool hides_below; /* not a folder, or removed */
};

struct flatten {
	struct store *store;
	const struct progress *progress;
	void *seen; /* tsearch() tree of struct seen */
	size_t seen_count;
	struct string_list opaque; /* folders whose lower content is hidden, of this layer */
	image_entry_fn *fn;
	void *arg;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->name, ((const struct seen *)b)->name);
}

static void free_seen(void *item)
{
	struct seen *seen = item;
	free(seen->name);
	free(seen);
}

static void flatten_clear(struct flatten *flatten)
{
	tdestroy(flatten->seen, free_seen);
	string_list_clear(&flatten->opaque);
}

static const struct seen *find_seen(const struct flatten *flatten, const char *name)
{
	struct seen key = {.name = (char *)(uintptr_t)name};
	void *const *node = tfind(&key, &flatten->seen, by_name);
	return node ? *node : NULL;
}

static bool add_seen(struct flatten *flatten, const char *name, bool hides_below, struct error *err)
{
	if (++flatten->seen_count > NAMES_MAX)
		return error_set(err, ERROR_INVALID, "more than %d files", NAMES_MAX);
	struct seen *seen = xcalloc(1, sizeof(*seen));
	seen->name = xstrdup(name);
	seen->hides_below = hides_below;
	struct seen **node = tsearch(seen, &flatten->seen, by_name);
	if (node == NULL)
		abort();
	if (*node != seen) {
		(*node)->hides_below = (*node)->hides_below || hides_below;
		free_seen(seen);
	}
	return true;
}

char *image_clean_name(const char *name)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;
	if (strlen(name) > NAME_MAX_BYTES)
		return NULL;
	string_list_split(&parts, name, '/');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];
		if (strcmp(part, "..") == 0)
			return NULL;
		if (part[0] != '\0' && strcmp(part, ".") != 0)
			string_list_add(&kept, part);
	}
	return kept.count > 0 ? string_list_join(&kept, "/") : xstrdup(".");
}

/* Whether a higher layer has something else, or nothing, at a folder that the name lies in. */
static bool is_hidden(const struct flatten *flatten, const char *name)
{
	AUTO_FREE char *folder = xstrdup(name);
	if (find_seen(flatten, name) != NULL)
		return true;
	for (char *slash; (slash = strrchr(folder, '/')) != NULL;) {
		*slash = '\0';
		const struct seen *seen = find_seen(flatten, folder);
		if (seen != NULL && seen->hides_below)
			return true;
	}
	return false;
}

/* ".wh.NAME" removes NAME, ".wh..wh..opq" what lower layers have in the folder. */
static bool take_whiteout(struct flatten *flatten, const char *name, bool *ret_is_whiteout,
			  struct error *err)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	*ret_is_whiteout = strncmp(base, ".wh.", 4) == 0;
	if (!*ret_is_whiteout)
		return true;
	if (strcmp(base, ".wh..wh..opq") == 0) {
		AUTO_FREE char *folder =
			slash ? xstrndup(name, (size_t)(slash - name)) : xstrdup(".");
		string_list_add(&flatten->opaque, folder);
		return true;
	}
	/* aufs' own bookkeeping */
	if (strncmp(base, ".wh..wh.", 8) == 0)
		return true;
	AUTO_FREE char *target = xasprintf("%.*s%s", (int)(base - name), name, base + 4);
	return is_hidden(flatten, target) || add_seen(flatten, target, true, err);
}

static bool take_entry(struct flatten *flatten, struct archive *archive,
		       struct archive_entry *entry, struct error *err)
{
	bool is_whiteout = false;
	const char *path = archive_entry_pathname(entry);
	AUTO_FREE char *name = path ? image_clean_name(path) : NULL;
	if (name == NULL)
		return error_set(err, ERROR_INVALID, "a file has the name '%.200s'",
				 path ? path : "");
	if (!take_whiteout(flatten, name, &is_whiteout, err))
		return false;
	if (is_whiteout || is_hidden(flatten, name))
		return true;
	bool is_folder =
		archive_entry_hardlink(entry) == NULL && archive_entry_filetype(entry) == AE_IFDIR;
	return add_seen(flatten, name, !is_folder, err) &&
	       flatten->fn(name, entry, archive, flatten->arg, err);
}

/* An opaque folder itself is there; only what lies lower in it is not. */
static bool hide_opaque(struct flatten *flatten, struct error *err)
{
	for (size_t i = 0; i < flatten->opaque.count; i++) {
		if (!add_seen(flatten, flatten->opaque.items[i], true, err))
			return false;
	}
	string_list_clear(&flatten->opaque);
	return true;
}

static bool take_layer(struct flatten *flatten, const struct oci_descriptor *layer,
		       struct error *err)
{
	struct digest digest;
	struct archive_entry *entry = NULL;
	AUTO_FREE char *path = store_path(flatten->store, STORE_BLOB, &layer->digest);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, errno, "%s", path);
	AUTO_PTR(layer_stream) struct layer_stream *stream = layer_stream_new(fd, err);
	if (stream == NULL)
		return false;
	struct archive *archive = layer_stream_tar(stream);
	for (;;) {
		int got = archive_read_next_header(archive, &entry);
		if (got == ARCHIVE_EOF)
			break;
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return layer_stream_error(stream, err);
		if (progress_is_cancelled(flatten->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
		if (!take_entry(flatten, archive, entry, err))
			return false;
	}
	if (!layer_stream_finish(stream, &digest, err))
		return false;
	if (!digest_equal(&digest, &layer->diff_id))
		return error_set(err, ERROR_CORRUPT, "unpacks to %s, not %s", DIGEST_TEXT(&digest),
				 DIGEST_TEXT(&layer->diff_id));
	return hide_opaque(flatten, err);
}

bool image_flatten(struct store *store, const struct oci_image *image, image_entry_fn *fn,
		   void *arg, const struct progress *progress, struct error *err)
{
	AUTO(flatten_clear)
	struct flatten flatten = {.store = store, .progress = progress, .fn = fn, .arg = arg};
	for (size_t i = image->layer_count; i-- > 0;) {
		if (!take_layer(&flatten, &image->layers[i], err))
			return error_prefix(err, "image %s: layer %.19s", image->reference,
					    DIGEST_TEXT(&image->layers[i].digest));
	}
	return true;
}
