/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/find_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "manifest/compose/files.h"
#include "manifest/kustomize/build.h"
#include "manifest/yaml_reader.h"

void found_files_clear(struct found_files *found)
{
	string_list_clear(&found->files);
	string_list_clear(&found->compose);
	free(found->stdin_text);
	*found = (struct found_files){0};
}

static bool is_manifest_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	static const char *const ends[] = {".yml", ".yaml", ".json"};
	size_t length = strlen(name);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t end = strlen(ends[i]);
		if (name[0] != '.' && length > end && strcmp(name + length - end, ends[i]) == 0)
			return strncmp(name, "environment.", strlen("environment.")) != 0;
	}
	return false;
}

enum { FOLDERS_DEEP_MAX = 32 };

static bool is_folder(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* -R: what lies in folders below, too; links to folders are not followed. */
static bool add_tree(const char *folder, unsigned depth, struct string_list *files,
		     struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	if (depth > FOLDERS_DEEP_MAX)
		return error_set(err, ERROR_INVALID, "%s: folders more than 32 deep", folder);
	if (!folder_list(folder, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = path_join(folder, names.items[i]);
		if (names.items[i][0] == '.')
			continue;
		if (is_folder(path) && !add_tree(path, depth + 1, files, err))
			return false;
		if (!is_folder(path) && is_manifest_name(path) && !kustomization_is_named(path))
			string_list_take(files, TAKE_PTR(path));
	}
	return true;
}

static bool add_flat(const char *folder, struct string_list *files, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *kustomization = kustomization_find(folder);

	if (kustomization != NULL) {
		/* It says itself what belongs to it. */
		string_list_take(files, TAKE_PTR(kustomization));
		return true;
	}
	if (!folder_list(folder, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (is_manifest_name(names.items[i]))
			string_list_take(files, path_join(folder, names.items[i]));
	}
	return true;
}

static bool add_folder(const struct load_options *options, const char *folder,
		       struct string_list *files, struct error *err)
{
	size_t before = files->count;
	bool is_good = options->is_recursive ? add_tree(folder, 0, files, err)
					     : add_flat(folder, files, err);
	if (is_good && files->count == before) {
		error_set(err, ERROR_NOT_FOUND, "%s: no .yml, .yaml or .json file in this folder",
			  folder);
		return error_hint(err, options->is_recursive
					       ? "i2kit init writes a first manifest"
					       : "-R reads the folders in it; i2kit init writes a "
						 "first manifest");
	}
	return is_good;
}

static bool add_path(const struct load_options *options, const char *path,
		     struct string_list *files, struct error *err)
{
	struct stat st;
	if (strcmp(path, "-") == 0) {
		string_list_add(files, path);
		return true;
	}
	/* One that is not there is a problem like others, told with all of them. */
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_folder(options, path, files, err);
	string_list_add(files, path);
	return true;
}

/* Whether a file's keys are those of a Compose file. One that cannot be read is none. */
static bool is_compose_file(const char *path)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	struct stat st;
	if (compose_is_named(path))
		return true;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       file_read(path, YAML_MAX_BYTES, &text, &size, NULL) && compose_is_text(text);
}

/* Objects and pods, beside which a Compose file is what somebody else starts. */
static bool is_manifest_file(const char *path)
{
	static const char *const keys[] = {"apiVersion:", "containers:"};
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (compose_is_named(path) || !file_read(path, YAML_MAX_BYTES, &text, &size, NULL))
		return false;
	for (const char *line = text; line != NULL;) {
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			if (strncmp(line, keys[i], strlen(keys[i])) == 0)
				return true;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return false;
}

/* Of a folder that has nothing but a Compose project, that. */
static void choose_compose(const char *folder, struct string_list *files, size_t before,
			   struct string_list *compose)
{
	AUTO(string_list_clear) struct string_list own = STRING_LIST_INIT;
	if (!compose_find_files(folder, &own))
		return;
	for (size_t i = before; i < files->count; i++) {
		if (kustomization_is_named(files->items[i]) || is_manifest_file(files->items[i]))
			return;
	}
	while (files->count > before)
		free(files->items[--files->count]);
	if (files->items != NULL)
		files->items[before] = NULL;
	string_list_copy(files, &own);
	string_list_copy(compose, &own);
}

static bool add_named(const struct load_options *options, const char *path, struct found_files *ret,
		      struct error *err)
{
	size_t before = ret->files.count;
	struct stat st;

	if (!add_path(options, path, &ret->files, err))
		return false;
	if (strcmp(path, "-") == 0) {
		if (ret->stdin_text == NULL &&
		    file_read("/dev/stdin", YAML_MAX_BYTES, &ret->stdin_text, &ret->stdin_size,
			      NULL) &&
		    compose_is_text(ret->stdin_text))
			string_list_add(&ret->compose, path);
	} else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (!options->is_recursive)
			choose_compose(path, &ret->files, before, &ret->compose);
	} else if (is_compose_file(path)) {
		string_list_add(&ret->compose, path);
	}
	return true;
}

static const char *const defaults[] = {"i2kit.yml", "i2kit.yaml", "k8s", "kustomization.yaml"};

bool find_files_are_in(const char *folder)
{
	AUTO(string_list_clear) struct string_list compose = STRING_LIST_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		AUTO_FREE char *path = path_join(folder, defaults[i]);
		if (path_exists(path))
			return true;
	}
	return compose_find_files(folder, &compose);
}

static bool find_all(const struct load_options *options, struct found_files *ret, struct error *err)
{
	for (size_t i = 0; i < options->paths.count; i++) {
		if (!add_named(options, options->paths.items[i], ret, err))
			return false;
	}
	for (size_t i = 0; ret->files.count == 0 && i < ARRAY_SIZE(defaults); i++) {
		AUTO_FREE char *path = options->folder ? path_join(options->folder, defaults[i])
						       : xstrdup(defaults[i]);
		if (path_exists(path) && !add_path(options, path, &ret->files, err))
			return false;
	}
	if (ret->files.count == 0 &&
	    compose_find_default_files(options->folder, options->environment, &ret->files))
		string_list_copy(&ret->compose, &ret->files);
	if (ret->files.count == 0) {
		error_set(err, ERROR_NOT_FOUND,
			  "no manifest: neither i2kit.yml, k8s/ nor compose.yaml is here");
		return error_hint(err, "i2kit init writes one; -f FILE names another");
	}
	return true;
}

/* A file named twice, by itself and by its folder, is read once. */
static void drop_doubles(struct string_list *files)
{
	AUTO(string_list_clear) struct string_list once = STRING_LIST_INIT;
	for (size_t i = 0; i < files->count; i++) {
		if (!string_list_has(&once, files->items[i]))
			string_list_add(&once, files->items[i]);
	}
	struct string_list all = *files;
	*files = once;
	once = all;
}

bool find_files(const struct load_options *options, struct found_files *ret, struct error *err)
{
	if (!find_all(options, ret, err))
		return false;
	drop_doubles(&ret->files);
	drop_doubles(&ret->compose);
	return true;
}
