/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/parent_folders.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "image/layer/squashfs_reader.h"
#include "image/linuxkit/tar_writer.h"
#include "image/oci/oci_document.h"

enum { DEFAULT_MODE = 0755 };

/* One of the image's layers. */
struct level {
	const struct layer_file *file;
	struct squashfs_reader *reader; /* owned; opened when it is first asked */
	struct string_list implied;	/* owned; sorted */
};

struct stack {
	struct level *levels; /* owned; bottom first */
	size_t count;
	struct string_list paths; /* owned; implied in any but the lowest layer */
	struct string_list *hidden;
};

static void stack_clear(struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		squashfs_reader_free(stack->levels[i].reader);
		string_list_clear(&stack->levels[i].implied);
	}
	free(stack->levels);
	string_list_clear(&stack->paths);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_implied(const struct level *level, const char *path)
{
	return level->implied.count > 0 &&
	       bsearch(&path, level->implied.items, level->implied.count, sizeof(path),
		       compare_texts) != NULL;
}

static void remove_doubles(struct string_list *list)
{
	size_t count = 0;
	string_list_sort(list);
	for (size_t i = 0; i < list->count; i++) {
		if (count > 0 && strcmp(list->items[count - 1], list->items[i]) == 0)
			free(list->items[i]);
		else
			list->items[count++] = list->items[i];
	}
	list->count = count;
}

static void stack_fill(struct stack *stack, const struct layer_file *const *files, size_t count)
{
	stack->levels = xcalloc(count + 1, sizeof(*stack->levels));
	stack->count = count;
	for (size_t i = 0; i < count; i++) {
		struct level *level = &stack->levels[i];
		level->file = files[i];
		string_list_copy(&level->implied, &files[i]->implied);
		string_list_sort(&level->implied);
		if (i > 0)
			string_list_copy(&stack->paths, &files[i]->implied);
	}
	remove_doubles(&stack->paths);
}

static bool look_up(struct level *level, const char *path, bool *ret_is_there,
		    struct squashfs_stat *ret, struct error *err)
{
	if (level->reader == NULL)
		level->reader = squashfs_reader_new(level->file->path, err);
	return level->reader != NULL &&
	       squashfs_reader_find(level->reader, path, ret_is_there, ret, err);
}

/* What a layer says of a path. */
enum verdict {
	VERDICT_NOTHING, /* it has no such thing: ask the one below */
	VERDICT_IMPLIED, /* a folder without an entry of its own: ask the one below */
	VERDICT_FOLDER,	 /* *ret is what it is like */
	VERDICT_HIDDEN,	 /* something else, or no more: those below do not count */
	VERDICT_LINK,	 /* the same, and it is a link */
	VERDICT_ERROR,
};

/* Each part on the way may hide what is below, so each is looked at; "" is the root. */
static enum verdict ask(struct level *level, const char *path, struct squashfs_stat *ret,
			struct error *err)
{
	AUTO_FREE char *part = xstrdup(path);
	bool is_opaque = false;
	for (size_t size = 0;; size += (size > 0) + strcspn(path + size + (size > 0), "/")) {
		AUTO(squashfs_stat_clear) struct squashfs_stat stat = {0};
		bool is_there, is_last = path[size] == '\0';
		memcpy(part, path, size);
		part[size] = '\0';
		if (!look_up(level, part, &is_there, &stat, err))
			return VERDICT_ERROR;
		if (!is_there)
			return is_opaque ? VERDICT_HIDDEN : VERDICT_NOTHING;
		if (!S_ISDIR(stat.mode))
			return is_last && S_ISLNK(stat.mode) ? VERDICT_LINK : VERDICT_HIDDEN;
		if (is_last && !is_implied(level, path)) {
			*ret = stat;
			stat = (struct squashfs_stat){0};
			return VERDICT_FOLDER;
		}
		/* An opaque folder hides what is in those below, and is itself the same folder. */
		if (is_last)
			return is_opaque ? VERDICT_HIDDEN : VERDICT_IMPLIED;
		is_opaque = is_opaque || squashfs_stat_xattr(&stat, "trusted.overlay.opaque");
	}
}

struct answer {
	bool is_shown_wrong; /* a layer above the one that knows has the folder, too */
	bool is_known;
	bool is_link_hidden;
	struct squashfs_stat stat;
};

static void answer_clear(struct answer *answer)
{
	squashfs_stat_clear(&answer->stat);
}

static bool find_attributes(struct stack *stack, const char *path, struct answer *ret,
			    struct error *err)
{
	for (size_t i = stack->count; i-- > 0;) {
		switch (ask(&stack->levels[i], path, &ret->stat, err)) {
		case VERDICT_NOTHING:
			break;
		case VERDICT_IMPLIED:
			ret->is_shown_wrong = true;
			break;
		case VERDICT_FOLDER:
			ret->is_known = true;
			return true;
		case VERDICT_LINK:
			ret->is_link_hidden = ret->is_shown_wrong;
			return true;
		case VERDICT_HIDDEN:
			return true;
		case VERDICT_ERROR:
			return false;
		}
	}
	return true;
}

/* What the converter gives a folder that has no entry. */
static bool is_default(const struct squashfs_stat *stat)
{
	for (size_t i = 0; i < stat->xattr_count; i++) {
		if (strncmp(stat->xattrs[i].name, "trusted.overlay.", 16) != 0)
			return false;
	}
	return (stat->mode & 07777) == DEFAULT_MODE && stat->uid == 0 && stat->gid == 0;
}

/* The folders to mend, and those on the way to them, which would be implied again. */
static bool list_wrong(struct stack *stack, struct string_list *ret, struct error *err)
{
	for (size_t i = 0; i < stack->paths.count; i++) {
		const char *path = stack->paths.items[i];
		AUTO(answer_clear) struct answer answer = {0};
		if (!find_attributes(stack, path, &answer, err))
			return false;
		if (answer.is_link_hidden)
			string_list_add(stack->hidden, path);
		if (!answer.is_known || !answer.is_shown_wrong || is_default(&answer.stat))
			continue;
		string_list_add(ret, path);
		for (const char *slash = strchr(path, '/'); slash != NULL;
		     slash = strchr(slash + 1, '/'))
			string_list_take(ret, xstrndup(path, (size_t)(slash - path)));
		string_list_add(ret, "");
	}
	remove_doubles(ret);
	return true;
}

static bool add_folder(struct stack *stack, struct tar_writer *writer, const char *path,
		       struct error *err)
{
	AUTO(answer_clear) struct answer answer = {0};
	AUTO(string_list_clear) struct string_list keys = STRING_LIST_INIT;
	if (!find_attributes(stack, path, &answer, err))
		return false;
	const struct squashfs_stat *stat = &answer.stat;
	if (!answer.is_known)
		return true; /* nobody knows better: it stays implied */
	AUTO_FREE struct tar_record *records = xcalloc(stat->xattr_count + 1, sizeof(*records));
	struct tar_entry entry = {.name = path[0] != '\0' ? path : ".",
				  .type = TAR_FOLDER,
				  .mode = stat->mode & 07777,
				  .uid = stat->uid,
				  .gid = stat->gid,
				  .mtime_s = stat->mtime,
				  .records = records};
	for (size_t i = 0; i < stat->xattr_count; i++) {
		const struct squashfs_xattr *xattr = &stat->xattrs[i];
		if (strncmp(xattr->name, "trusted.overlay.", 16) == 0)
			continue;
		string_list_addf(&keys, "SCHILY.xattr.%s", xattr->name);
		records[entry.record_count].value = xattr->value;
		records[entry.record_count++].size = xattr->size;
	}
	for (size_t i = 0; i < entry.record_count; i++)
		records[i].key = keys.items[i];
	return tar_writer_add(writer, &entry, NULL, err);
}

static bool write_tar(struct stack *stack, const struct store *store,
		      const struct string_list *paths, int fd, struct error *err)
{
	AUTO_PTR(tar_writer) struct tar_writer *writer = tar_writer_new(store, fd);
	for (size_t i = 0; i < paths->count; i++) {
		if (!add_folder(stack, writer, paths->items[i], err))
			return false;
	}
	return tar_writer_finish(writer, err);
}

static bool store_layer(struct store *store, int fd, struct image_layer *ret, struct error *err)
{
	struct image_layer layer = {0};
	struct stat st;
	if (fstat(fd, &st) < 0 || !sha256_fd(fd, layer.diff_id, err))
		return error_set(err, ERROR_SYSTEM, "the layer of folders was not written");
	layer.size_bytes = (uint64_t)st.st_size;
	memcpy(layer.digest, layer.diff_id, DIGEST_SIZE);
	if (!layer_is_converted(store, layer.diff_id)) {
		AUTO_FREE char *bytes = xmalloc(layer.size_bytes);
		if (pread(fd, bytes, layer.size_bytes, 0) != (ssize_t)layer.size_bytes)
			return error_set(err, ERROR_SYSTEM, "the layer of folders is cut");
		if (!store_write_blob(store, bytes, layer.size_bytes, layer.digest, err))
			return false;
	}
	layer.media_type = xstrdup(MEDIA_OCI_LAYER);
	*ret = layer;
	return true;
}

bool parent_folders_make(struct store *store, const struct layer_file *const *files, size_t count,
			 struct image_layer *ret, struct string_list *ret_hidden, struct error *err)
{
	AUTO(string_list_clear) struct string_list wrong = STRING_LIST_INIT;
	AUTO(stack_clear) struct stack stack = {.hidden = ret_hidden};
	*ret = (struct image_layer){0};
	stack_fill(&stack, files, count);
	if (!list_wrong(&stack, &wrong, err))
		return false;
	if (wrong.count == 0)
		return true;
	AUTO_CLOSE int fd = memfd_create("i2kit-folders", MFD_CLOEXEC);
	if (fd < 0)
		return error_set(err, ERROR_SYSTEM, "no memory for a layer of folders");
	return write_tar(&stack, store, &wrong, fd, err) && store_layer(store, fd, ret, err);
}
