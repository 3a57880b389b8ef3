/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/prune.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "image/layer/build_record.h"
#include "image/layer/layer.h"
#include "image/oci/image_ref.h"
#include "image/oci/resolve.h"
#include "image/oci/source_walk.h"
#include "image/store/store.h"

void prune_result_clear(struct prune_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		free(result->files[i].kind);
		free(result->files[i].name);
	}
	free(result->files);
	*result = (struct prune_result){0};
}

struct prune {
	struct store *store;
	const struct prune_options *options;
	struct prune_result *result;
	struct string_list keep[STORE_BUILD + 1]; /* hex names, by kind; sorted */
};

static void prune_clear(struct prune *prune)
{
	for (size_t i = 0; i < ARRAY_SIZE(prune->keep); i++)
		string_list_clear(&prune->keep[i]);
}

static void keep(struct prune *prune, enum store_kind kind, const struct digest *digest)
{
	string_list_add(&prune->keep[kind], DIGEST_HEX(digest));
}

static int by_text(const void *key, const void *item)
{
	return strcmp(key, *(char *const *)item);
}

static bool is_kept(const struct prune *prune, enum store_kind kind, const struct digest *digest)
{
	const char *hex = DIGEST_HEX(digest);
	const struct string_list *list = &prune->keep[kind];
	return list->count > 0 &&
	       bsearch(hex, list->items, list->count, sizeof(list->items[0]), by_text) != NULL;
}

/* The manifest, the config, the layers as pulled and as converted. */
static void keep_image(struct prune *prune, const struct image_ref *ref)
{
	AUTO(oci_document_clear) struct oci_document manifest = {0};
	AUTO(oci_image_clear) struct oci_image image = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	keep(prune, STORE_BLOB, &ref->digest);
	keep(prune, STORE_BLOB, &ref->manifest);
	if (source_read_document(prune->store, &ref->manifest, NULL, &manifest, &ignored) &&
	    !manifest.is_index) {
		keep(prune, STORE_BLOB, &manifest.config.digest);
		for (size_t i = 0; i < manifest.item_count; i++)
			keep(prune, STORE_BLOB, &manifest.items[i].digest);
	}
	if (!oci_image_load(prune->store, ref->reference, &ref->manifest, &image, &ignored))
		return;
	for (size_t i = 0; i < image.layer_count; i++) {
		struct digest key = layer_store_key(&image.layers[i].diff_id);
		keep(prune, STORE_LAYER, &key);
	}
}

/* A VM that has the disk open holds QEMU's byte locks on it, whoever started it. */
static bool is_open_in_vm(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool is_used_disk(const struct prune *prune, const char *path, const char *hex)
{
	const struct string_list *used = prune->options->used;
	for (size_t i = 0; used != NULL && i < used->count; i++) {
		if (strncmp(hex, used->items[i], strlen(used->items[i])) == 0)
			return true;
	}
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && is_open_in_vm(fd);
}

typedef bool file_fn(struct prune *prune, const char *path, const char *name, struct error *err);

/* Calls fn for every regular file of a folder of the store; fn may remove it. */
static bool each_file(struct prune *prune, const char *below, file_fn *fn, struct error *err)
{
	bool is_done = true;
	AUTO_FREE char *folder = path_join(store_folder(prune->store), below);
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return error_set_errno(err, errno, "%s", folder);
	for (const struct dirent *entry; is_done && (entry = readdir(dir)) != NULL;) {
		AUTO_FREE char *path = path_join(folder, entry->d_name);
		struct stat st;
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			is_done = fn(prune, path, entry->d_name, err);
	}
	(void)closedir(dir);
	return is_done;
}

static bool remove_file(struct prune *prune, const char *path, const char *kind, const char *name,
			struct error *err)
{
	enum { STAT_BLOCK_BYTES = 512 };
	struct stat st;
	if (lstat(path, &st) < 0)
		return errno == ENOENT || error_set_errno(err, errno, "%s", path);
	if (!prune->options->is_dry_run && unlink(path) < 0 && errno != ENOENT)
		return error_set_errno(err, errno, "remove %s", path);
	struct pruned_file *file = ARRAY_APPEND(prune->result->files, prune->result->count);
	file->kind = xstrdup(kind);
	file->name = xstrdup(name);
	file->size_bytes = (uint64_t)st.st_blocks * STAT_BLOCK_BYTES;
	prune->result->freed_bytes += file->size_bytes;
	return true;
}

/* "HEX.img" → HEX; false for what the store has not put there (an atomic write's leftovers). */
static bool named_after(const char *name, struct digest *ret)
{
	AUTO_FREE char *hex = xstrndup(name, strcspn(name, "."));
	return digest_parse_hex(hex, ret);
}

static bool mark_disk(struct prune *prune, const char *path, const char *name, struct error *err)
{
	struct digest digest;
	(void)err;
	size_t length = strlen(name);
	bool is_image = length > 4 && strcmp(name + length - 4, ".img") == 0;
	if (is_image && named_after(name, &digest) && is_used_disk(prune, path, name))
		keep(prune, STORE_DISK, &digest);
	return true;
}

/* Records of kept disks keep their layers; records of layers stay while the layer does. */
static bool mark_build(struct prune *prune, const char *path, const char *name, struct error *err)
{
	AUTO(build_record_clear) struct build_record record = {0};
	struct digest key;
	(void)path;
	(void)err;
	if (!named_after(name, &key) || !build_record_read(prune->store, &key, &record))
		return true;
	if (!digest_is_set(&record.disk) || !is_kept(prune, STORE_DISK, &record.disk))
		return true;
	keep(prune, STORE_BUILD, &key);
	for (size_t i = 0; i < record.layer_count; i++)
		keep(prune, STORE_LAYER, &record.layers[i]);
	return true;
}

static bool mark_layer_record(struct prune *prune, const char *path, const char *name,
			      struct error *err)
{
	AUTO(build_record_clear) struct build_record record = {0};
	struct digest key;
	(void)path;
	(void)err;
	if (named_after(name, &key) && build_record_read(prune->store, &key, &record) &&
	    !digest_is_set(&record.disk) && record.layer_count == 1 &&
	    is_kept(prune, STORE_LAYER, &record.layers[0]))
		keep(prune, STORE_BUILD, &key);
	return true;
}

static void sort(struct prune *prune, enum store_kind kind)
{
	string_list_sort(&prune->keep[kind]);
}

static bool mark(struct prune *prune, struct error *err)
{
	AUTO(image_ref_list_clear) struct image_ref_list refs = {0};
	if (!image_ref_read_all(prune->store, &refs, err))
		return false;
	for (size_t i = 0; i < refs.count && !prune->options->remove_all; i++)
		keep_image(prune, &refs.items[i]);
	if (!each_file(prune, "disks", mark_disk, err))
		return false;
	sort(prune, STORE_DISK);
	if (!each_file(prune, "builds", mark_build, err))
		return false;
	sort(prune, STORE_LAYER);
	if (!each_file(prune, "builds", mark_layer_record, err))
		return false;
	sort(prune, STORE_BUILD);
	sort(prune, STORE_BLOB);
	return true;
}

static bool sweep_kind(struct prune *prune, enum store_kind kind, const char *label,
		       const char *path, const char *name, struct error *err)
{
	struct digest digest;
	if (!named_after(name, &digest))
		return remove_file(prune, path, "temporary", name, err);
	return is_kept(prune, kind, &digest) ||
	       remove_file(prune, path, label, DIGEST_TEXT(&digest), err);
}

static bool sweep_blob(struct prune *prune, const char *path, const char *name, struct error *err)
{
	return sweep_kind(prune, STORE_BLOB, "blob", path, name, err);
}

static bool sweep_layer(struct prune *prune, const char *path, const char *name, struct error *err)
{
	return sweep_kind(prune, STORE_LAYER, "layer", path, name, err);
}

static bool sweep_disk(struct prune *prune, const char *path, const char *name, struct error *err)
{
	return sweep_kind(prune, STORE_DISK, "disk", path, name, err);
}

static bool sweep_build(struct prune *prune, const char *path, const char *name, struct error *err)
{
	return sweep_kind(prune, STORE_BUILD, "build", path, name, err);
}

static bool sweep_partial(struct prune *prune, const char *path, const char *name,
			  struct error *err)
{
	return remove_file(prune, path, "partial", name, err);
}

/* Only leftovers: with the store held alone there is nobody who writes. */
static bool sweep_temporary(struct prune *prune, const char *path, const char *name,
			    struct error *err)
{
	return remove_file(prune, path, "temporary", name, err);
}

static bool sweep_lock(struct prune *prune, const char *path, const char *name, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	(void)name;
	(void)err;
	/* Locks are not worth a line; store_lock() notices a removed one. */
	if (!prune->options->is_dry_run && fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlink(path);
	return true;
}

static bool sweep_refs(struct prune *prune, struct error *err)
{
	AUTO(image_ref_list_clear) struct image_ref_list refs = {0};
	if (!prune->options->remove_all)
		return true;
	if (!image_ref_read_all(prune->store, &refs, err))
		return false;
	for (size_t i = 0; i < refs.count; i++) {
		struct pruned_file *file = ARRAY_APPEND(prune->result->files, prune->result->count);
		file->kind = xstrdup("ref");
		file->name = xstrdup(refs.items[i].reference);
		if (!prune->options->is_dry_run &&
		    !image_ref_remove(prune->store, refs.items[i].reference, err))
			return false;
	}
	return true;
}

/* Links to blobs, written again whenever a build wants them: not worth a line. */
static bool sweep_layouts(const struct prune *prune, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *folder = path_join(store_folder(prune->store), "layouts");
	if (prune->options->is_dry_run)
		return true;
	if (!folder_list(folder, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = path_join(folder, names.items[i]);
		if (!path_remove_tree(path, err))
			return false;
	}
	return true;
}

/* From what names to what is named, so that a kill in between leaves no name without a thing. */
static bool sweep(struct prune *prune, struct error *err)
{
	return sweep_refs(prune, err) && sweep_layouts(prune, err) &&
	       each_file(prune, "builds", sweep_build, err) &&
	       each_file(prune, "disks", sweep_disk, err) &&
	       each_file(prune, "layers", sweep_layer, err) &&
	       each_file(prune, "blobs/sha256", sweep_blob, err) &&
	       each_file(prune, "partial", sweep_partial, err) &&
	       each_file(prune, "tmp", sweep_temporary, err) &&
	       each_file(prune, "locks", sweep_lock, err);
}

bool store_prune(struct store *store, const struct prune_options *options, struct prune_result *ret,
		 struct error *err)
{
	AUTO(prune_clear) struct prune prune = {.store = store, .options = options, .result = ret};
	if (!options->is_dry_run && !store_hold_alone(store, err)) {
		error_hint(err, "wait until no i2kit build, pull or up is preparing images");
		return false;
	}
	bool is_done = mark(&prune, err) && sweep(&prune, err);
	store_share_again(store);
	return is_done;
}
