/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_mounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

void linuxkit_mount_clear(struct linuxkit_mount *mount)
{
	free(mount->destination);
	free(mount->type);
	free(mount->source);
	string_list_clear(&mount->options);
	*mount = (struct linuxkit_mount){0};
}

void linuxkit_mounts_clear(struct linuxkit_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		linuxkit_mount_clear(&mounts->items[i]);
	free(mounts->items);
	*mounts = (struct linuxkit_mounts){0};
}

/* The mount at that destination, emptied, or a new one. */
static struct linuxkit_mount *set(struct linuxkit_mounts *mounts, const char *destination,
				  const char *type, const char *source)
{
	struct linuxkit_mount *mount = NULL;
	for (size_t i = 0; i < mounts->count && mount == NULL; i++) {
		if (strcmp(mounts->items[i].destination, destination) == 0)
			mount = &mounts->items[i];
	}
	if (mount == NULL)
		mount = ARRAY_APPEND(mounts->items, mounts->count);
	char *kept = xstrdup(destination);
	linuxkit_mount_clear(mount);
	mount->destination = kept;
	mount->type = xstrdup(type);
	mount->source = xstrdup(source);
	return mount;
}

void linuxkit_mounts_add_defaults(struct linuxkit_mounts *mounts, bool is_read_only)
{
	static const struct {
		const char *destination;
		const char *type;
		const char *options;
		bool follows_root; /* read-only where the root is */
	} defaults[] = {
		{"/proc", "proc", "nosuid,nodev,noexec,relatime", false},
		{"/dev", "tmpfs", "nosuid,strictatime,mode=755,size=65536k", true},
		{"/dev/pts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620", false},
		{"/sys", "sysfs", "nosuid,noexec,nodev", true},
		{"/sys/fs/cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro", false},
	};
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		struct linuxkit_mount *mount =
			set(mounts, defaults[i].destination, defaults[i].type, defaults[i].type);
		string_list_split(&mount->options, defaults[i].options, ',');
		if (defaults[i].follows_root && is_read_only)
			string_list_add(&mount->options, "ro");
	}
}

bool linuxkit_mounts_add_tmpfs(struct linuxkit_mounts *mounts, const char *text, struct error *err)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	string_list_split(&parts, text, ':');
	if (parts.count > 2)
		return error_set(err, ERROR_INVALID, "tmpfs '%s' is not DESTINATION[:OPTIONS]",
				 text);
	struct linuxkit_mount *mount = set(mounts, parts.items[0], "tmpfs", "tmpfs");
	if (parts.count == 2)
		string_list_split(&mount->options, parts.items[1], ',');
	return true;
}

/* A path, or the merged folder of the volume of that name; owned. NULL with *err. */
static char *resolve_source(const char *source, bool is_read_only,
			    const struct linuxkit_document *document, struct error *err)
{
	if (document == NULL || source[0] == '/')
		return xstrdup(source);
	const struct linuxkit_volume *volume = linuxkit_document_find_volume(document, source);
	if (volume == NULL) {
		error_set(err, ERROR_INVALID, "there is no volume '%s'", source);
		return NULL;
	}
	if (volume->is_read_only && !is_read_only) {
		error_set(err, ERROR_INVALID, "volume '%s' is read-only: bind it with :ro", source);
		return NULL;
	}
	return xasprintf("/containers/volumes/%s/merged", source);
}

bool linuxkit_mounts_add_bind(struct linuxkit_mounts *mounts, const char *text,
			      const struct linuxkit_document *document_or_null, struct error *err)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	string_list_split(&parts, text, ':');
	if (parts.count < 2 || parts.count > 3)
		return error_set(err, ERROR_INVALID,
				 "bind '%s' is not SOURCE:DESTINATION[:OPTIONS]", text);
	bool is_read_only = parts.count == 3 && strcmp(parts.items[2], "ro") == 0;
	AUTO_FREE char *source =
		resolve_source(parts.items[0], is_read_only, document_or_null, err);
	if (source == NULL)
		return error_prefix(err, "bind '%s'", text);
	struct linuxkit_mount *mount = set(mounts, parts.items[1], "bind", source);
	string_list_split(&mount->options, parts.count == 3 ? parts.items[2] : "rw", ',');
	string_list_add(&mount->options, "rbind");
	if (parts.count == 2)
		string_list_add(&mount->options, "rshared");
	return true;
}

static char *take(struct json_view object, const char *key)
{
	const char *text = json_view_peek(json_view_get(object, key));
	return xstrdup(text ? text : "");
}

bool linuxkit_mount_parse(struct json_view object, struct linuxkit_mount *ret, struct error *err)
{
	if (!json_view_is_object(object))
		return error_set(err, ERROR_INVALID, "a mount is not an object");
	ret->destination = take(object, "destination");
	ret->type = take(object, "type");
	ret->source = take(object, "source");
	json_view_texts(json_view_get(object, "options"), SIZE_MAX, &ret->options);
	return true;
}

/* What is left out follows from the rest: {type: proc} and {source: proc} are whole. */
static bool complete(struct linuxkit_mount *mount, struct error *err)
{
	static const char *const known[][2] = {{"mqueue", "/dev/mqueue"},
					       {"devpts", "/dev/pts"},
					       {"proc", "/proc"},
					       {"sysfs", "/sys"},
					       {"cgroup", "/sys/fs/cgroup"}};
	for (size_t i = 0; i < ARRAY_SIZE(known) && mount->type[0] == '\0'; i++) {
		if (strcmp(mount->source, known[i][0]) != 0)
			continue;
		free(mount->type);
		mount->type = xstrdup(known[i][0]);
	}
	if (mount->type[0] == '\0' && strcmp(mount->destination, "/dev") == 0) {
		free(mount->type);
		mount->type = xstrdup("tmpfs");
	}
	if (mount->type[0] == '\0')
		return error_set(err, ERROR_INVALID, "the mount at '%s' has no type",
				 mount->destination);
	if (mount->source[0] == '\0') {
		free(mount->source);
		mount->source = xstrdup(mount->type);
	}
	for (size_t i = 0; i < ARRAY_SIZE(known) && mount->destination[0] == '\0'; i++) {
		if (strcmp(mount->type, known[i][0]) != 0)
			continue;
		free(mount->destination);
		mount->destination = xstrdup(known[i][1]);
	}
	return mount->destination[0] != '\0' ||
	       error_set(err, ERROR_INVALID, "the mount of type '%s' has no destination",
			 mount->type);
}

bool linuxkit_mounts_add_object(struct linuxkit_mounts *mounts, struct json_view object,
				const struct linuxkit_document *document, struct error *err)
{
	AUTO(linuxkit_mount_clear) struct linuxkit_mount mount = {0};
	if (!linuxkit_mount_parse(object, &mount, err))
		return false;
	/* It never is; clang's analyser does not see it. */
	if (mount.type == NULL || mount.source == NULL || mount.destination == NULL)
		return error_set(err, ERROR_INVALID, "a mount was not read");
	if (!complete(&mount, err))
		return false;
	bool is_bind = strcmp(mount.type, "bind") == 0;
	AUTO_FREE char *source = resolve_source(mount.source, string_list_has(&mount.options, "ro"),
						is_bind ? document : NULL, err);
	if (source == NULL)
		return false;
	struct linuxkit_mount *kept = set(mounts, mount.destination, mount.type, source);
	string_list_copy(&kept->options, &mount.options);
	return true;
}

static int by_destination(const void *a, const void *b)
{
	return strcmp(((const struct linuxkit_mount *)a)->destination,
		      ((const struct linuxkit_mount *)b)->destination);
}

void linuxkit_mounts_sort(struct linuxkit_mounts *mounts)
{
	if (mounts->count > 1)
		qsort(mounts->items, mounts->count, sizeof(mounts->items[0]), by_destination);
}

void linuxkit_mount_write(const struct linuxkit_mount *mount, struct go_json *out)
{
	go_json_begin(out, NULL, '{');
	go_json_text(out, "destination", mount->destination);
	go_json_text_if(out, "type", mount->type);
	go_json_text_if(out, "source", mount->source);
	if (mount->options.count > 0) {
		go_json_begin(out, "options", '[');
		for (size_t i = 0; i < mount->options.count; i++)
			go_json_text(out, NULL, mount->options.items[i]);
		go_json_end(out, ']');
	}
	go_json_end(out, '}');
}
