/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/volume_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"

struct one_file {
	char *path;
	char *bytes;
	size_t size;
	unsigned mode;
};

struct file_set {
	struct one_file *files;
	size_t count;
};

static void clear_set(struct file_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->files[i].path);
		free(set->files[i].bytes);
	}
	free(set->files);
}

static void add_file(struct file_set *set, const char *path, const char *bytes, size_t size,
		     unsigned mode)
{
	struct one_file *file = ARRAY_APPEND(set->files, set->count);
	file->path = xstrdup(path);
	file->bytes = xmemdup(bytes, size);
	file->size = size;
	file->mode = mode;
}

static unsigned mode_of(const struct projected_file *item, unsigned standard)
{
	return item->mode >= 0 ? (unsigned)item->mode : standard;
}

static bool collect_map(const struct release *release, const struct volume_rule *volume,
			unsigned mode, struct file_set *set, struct error *err)
{
	bool is_secret = volume->kind == VOLUME_SECRET;
	const struct release_map *map =
		volume->ref != NULL ? release_map(release, volume->ref, is_secret) : NULL;
	if (map == NULL)
		return volume->is_optional || error_set(err, ERROR_NOT_FOUND, "there is no %s '%s'",
							is_secret ? "secret" : "config map",
							volume->ref != NULL ? volume->ref : "");
	for (size_t i = 0; volume->item_count == 0 && i < map->entry_count; i++) {
		const struct map_entry *entry = &map->entries[i];
		if (entry->bytes != NULL)
			add_file(set, entry->key, entry->bytes, entry->size, mode);
	}
	for (size_t i = 0; i < volume->item_count; i++) {
		const struct projected_file *item = &volume->items[i];
		const struct map_entry *entry =
			item->key != NULL ? config_map_entry(map, item->key) : NULL;
		if (entry != NULL && entry->bytes != NULL)
			add_file(set, item->path, entry->bytes, entry->size, mode_of(item, mode));
		else if (!volume->is_optional)
			return error_set(err, ERROR_NOT_FOUND, "'%s' has no key '%s'", volume->ref,
					 item->key != NULL ? item->key : "");
	}
	return true;
}

static bool collect_downward(const struct volume_place *plan, const struct volume_rule *volume,
			     unsigned mode, struct file_set *set, struct error *err)
{
	for (size_t i = 0; i < volume->item_count; i++) {
		const struct projected_file *item = &volume->items[i];
		AUTO_FREE char *value = NULL;
		if (item->field != NULL) {
			value = field_value(plan->pod, plan->release, plan->facts, item->field);
			if (value == NULL)
				return error_set(err, ERROR_UNSUPPORTED, "field '%s' is not known",
						 item->field);
		} else {
			const struct container_image *container =
				item->container != NULL ? pod_container(plan->pod, item->container)
							: NULL;
			if (container == NULL || item->resource == NULL)
				return error_set(err, ERROR_INVALID,
						 "a resource needs a container of the pod");
			value = resource_value(container, plan->facts, item->resource,
					       item->divisor, err);
			if (value == NULL)
				return false;
		}
		add_file(set, item->path, value, strlen(value), mode_of(item, mode));
	}
	return true;
}

static bool collect(const struct volume_place *plan, const struct volume_rule *volume,
		    unsigned mode, struct file_set *set, struct error *err)
{
	if (volume->kind == VOLUME_DOWNWARD)
		return collect_downward(plan, volume, mode, set, err);
	if (volume->kind != VOLUME_PROJECTED)
		return collect_map(plan->release, volume, mode, set, err);
	for (size_t i = 0; i < volume->source_count; i++) {
		if (!collect(plan, &volume->sources[i], mode, set, err))
			return false;
	}
	return true;
}

/* What stands under FOLDER/..data is already these files. */
static bool is_unchanged(const struct file_set *set, const char *folder)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct one_file *file = &set->files[i];
		AUTO_FREE char *path = xasprintf("%s/..data/%s", folder, file->path);
		AUTO_FREE char *bytes = NULL;
		size_t size = 0;
		struct stat status;
		if (stat(path, &status) < 0 || (status.st_mode & 07777) != file->mode ||
		    !file_read(path, file->size + 1, &bytes, &size, NULL) || size != file->size ||
		    memcmp(bytes, file->bytes, size) != 0)
			return false;
	}
	AUTO_FREE char *data = path_join(folder, "..data");
	return path_exists(data);
}

static bool write_file(const struct one_file *file, const char *folder, int64_t group,
		       struct error *err)
{
	AUTO_FREE char *path = path_join(folder, file->path);
	AUTO_FREE char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	if (!path_make_folders(parent, 0755, err))
		return false;
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(err, errno, "%s", file->path);
	/* With fsGroup the group may read what the owner may, as Kubernetes does. */
	unsigned mode = file->mode;
	if (group >= 0 && fchown(fd, (uid_t)-1, (gid_t)group) == 0)
		mode |= (mode & 0400) >> 3;
	if (!fd_write_all(fd, file->bytes, file->size, err))
		return false;
	return fchmod(fd, mode) == 0 || error_set_errno(err, errno, "%s", file->path);
}

/* The link FOLDER/NAME for the first part of a path; a link that is there stays. */
static bool link_top(const char *folder, const char *path, struct error *err)
{
	AUTO_FREE char *top = xstrndup(path, strcspn(path, "/"));
	AUTO_FREE char *link = path_join(folder, top);
	AUTO_FREE char *target = path_join("..data", top);
	if (symlink(target, link) < 0 && errno != EEXIST)
		return error_set_errno(err, errno, "%s", top);
	return true;
}

static bool is_wanted_top(const struct file_set *set, const char *name)
{
	size_t size = strlen(name);
	for (size_t i = 0; i < set->count; i++) {
		const char *path = set->files[i].path;
		if (strncmp(path, name, size) == 0 && (path[size] == '/' || path[size] == '\0'))
			return true;
	}
	return false;
}

/* Older versions and links to what is gone. */
static void sweep(const struct file_set *set, const char *folder, const char *version)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	if (!folder_list(folder, &names, NULL))
		return;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		if (strcmp(name, "..data") == 0 || strcmp(name, version) == 0 ||
		    is_wanted_top(set, name))
			continue;
		AUTO_FREE char *path = path_join(folder, name);
		(void)!path_remove_tree(path, NULL);
	}
}

static bool write_version(const struct file_set *set, const char *folder, int64_t group,
			  struct error *err)
{
	static unsigned number; /* of versions written in this boot: names need only differ */
	AUTO_FREE char *version = xasprintf("..%u", ++number);
	AUTO_FREE char *fresh = path_join(folder, version);
	AUTO_FREE char *data = path_join(folder, "..data");
	AUTO_FREE char *swap = path_join(folder, "..data_tmp");
	if (!path_make_folders(fresh, 0755, err))
		return false;
	for (size_t i = 0; i < set->count; i++) {
		if (!write_file(&set->files[i], fresh, group, err))
			return false;
	}
	(void)unlink(swap);
	if (symlink(version, swap) < 0 || rename(swap, data) < 0)
		return error_set_errno(err, errno, "%s", data);
	for (size_t i = 0; i < set->count; i++) {
		if (!link_top(folder, set->files[i].path, err))
			return false;
	}
	sweep(set, folder, version);
	return true;
}

bool volume_files_write(const struct volume_place *plan, const struct volume_rule *volume,
			const char *folder, struct error *err)
{
	AUTO(clear_set) struct file_set set = {0};
	if (!collect(plan, volume, volume->default_mode, &set, err))
		return false;
	if (is_unchanged(&set, folder))
		return true;
	return write_version(&set, folder, plan->pod->fs_group, err);
}
