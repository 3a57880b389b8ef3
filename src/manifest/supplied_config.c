/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/supplied_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "base/suggest.h"
#include "manifest/config_object.h"
#include "manifest/config_reference.h"
#include "manifest/loader.h"
#include "manifest/problem.h"

/* What Kubernetes takes for all keys of one object together. */
enum { OBJECT_BYTES_MAX = 1 << 20 };

/* One option, while it is carried out. */
struct supply {
	struct loader *loader;
	struct config_map *map;
	struct source_mark mark; /* says which option it is */
	size_t bytes;
};

static const char *kind_name(bool is_secret)
{
	return is_secret ? "Secret" : "ConfigMap";
}

/* Takes bytes. */
static void put(struct supply *supply, const char *key, char *bytes, size_t size)
{
	struct config_map *map = supply->map;
	AUTO_FREE char *owned = bytes;

	if (!config_key_is_valid(key)) {
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED, &supply->mark,
				   "letters, digits, '-', '_' and '.'",
				   "'%.80s' is not a valid key", key);
		return;
	}
	if (map->entry_count >= ENTRIES_MAX) {
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED, &supply->mark, NULL,
				   "more than %d keys", ENTRIES_MAX);
		return;
	}
	supply->bytes += size;
	if (supply->bytes > OBJECT_BYTES_MAX) {
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED, &supply->mark,
				   "Kubernetes ends there, too; mount a volume instead",
				   "more than 1 MiB in one %s", kind_name(map->is_secret));
		return;
	}
	config_map_put(map, key, TAKE_PTR(owned), size);
}

static void put_file(struct supply *supply, const char *key, const char *path)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	char *bytes = NULL;
	size_t size = 0;

	if (file_read(path, OBJECT_BYTES_MAX, &bytes, &size, &err))
		put(supply, key, bytes, size);
	else
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED, &supply->mark, err.hint, "%s",
				   err.message);
}

/* Files alone, and not the "..data" by which a cluster's own mounts are changed at once. */
static void put_folder(struct supply *supply, const char *folder)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	size_t before = supply->bytes;
	size_t count = 0;

	if (!folder_list(folder, &names, &err)) {
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED, &supply->mark, err.hint, "%s",
				   err.message);
		return;
	}
	for (size_t i = 0; i < names.count && supply->bytes <= OBJECT_BYTES_MAX; i++) {
		AUTO_FREE char *path = path_join(folder, names.items[i]);
		struct stat st;
		if (strncmp(names.items[i], "..", 2) == 0 || stat(path, &st) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		put_file(supply, names.items[i], path);
		count++;
	}
	if (count == 0 && supply->bytes == before)
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED, &supply->mark,
				   "each file in it is a key", "there is no file in folder %.200s",
				   folder);
}

/* A line of an .env file; as kubectl, what stands behind the '=' is the value, quotes and all. */
static void put_line(struct supply *supply, const char *path, unsigned number, char *line)
{
	struct source_mark mark = {.file = path, .line = number, .column = 1};
	char *equals = strchr(line, '=');

	line += strspn(line, " \t");
	if (line[0] == '\0' || line[0] == '#')
		return;
	if (equals == NULL) {
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED, &mark, "KEY=VALUE",
				   "a line without '='");
		return;
	}
	*equals = '\0';
	const char *value = equals + 1;
	if (value[0] == '"' || value[0] == '\'')
		loader_warn_at(supply->loader, &mark,
			       "the quotes belong to the value of '%.80s', as for kubectl", line);
	supply->mark = mark;
	put(supply, line, xstrdup(value), strlen(value));
}

static void put_lines(struct supply *supply, const char *path)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	unsigned number = 0;

	if (!file_read(path, OBJECT_BYTES_MAX, &text, &size, &err)) {
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED, &supply->mark, err.hint, "%s",
				   err.message);
		return;
	}
	if (strlen(text) != size) {
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED,
				   &(struct source_mark){.file = path}, NULL, "a NUL byte in it");
		return;
	}
	for (char *line = text, *next = NULL; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		put_line(supply, path, ++number, line);
	}
}

static bool is_env_file(const char *path)
{
	size_t length = strlen(path);
	return length >= 4 && strcmp(path + length - 4, ".env") == 0;
}

static void put_path(struct supply *supply, const char *key, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (path[0] == '\0')
		loader_error_at_as(supply->loader, PROBLEM_SUPPLIED, &supply->mark,
				   "NAME=FILE or NAME=FOLDER", "no file is named");
	else if (stat(path, &st) < 0)
		loader_error_at_as(
			supply->loader, PROBLEM_SUPPLIED, &supply->mark,
			"it is looked for from here; NAME.KEY=VALUE gives a key its text",
			"%.300s: %s", path, strerror(errno));
	else if (key != NULL)
		put_file(supply, key, path);
	else if (S_ISDIR(st.st_mode))
		put_folder(supply, path);
	else if (is_env_file(path))
		put_lines(supply, path);
	else
		put_file(supply, slash != NULL ? slash + 1 : path, path);
}

/* All that may be supplied: what pods refer to, and what the manifests have. */
static void list_names(const struct app *app, bool is_secret, struct string_list *names)
{
	for (size_t i = 0; i < app->pod_count; i++)
		config_references(&app->pods[i], is_secret, names);
	for (size_t i = 0; i < app->config_map_count; i++) {
		if (app->config_maps[i].is_secret == is_secret &&
		    !string_list_has(names, app->config_maps[i].name))
			string_list_add(names, app->config_maps[i].name);
	}
}

/* Names and keys may both have dots: the longest name that is known. */
static size_t name_length(const char *word, size_t length, const struct string_list *known)
{
	size_t best = 0;

	for (size_t i = 0; i < known->count; i++) {
		size_t size = strlen(known->items[i]);
		bool fits = size <= length && strncmp(word, known->items[i], size) == 0 &&
			    (size == length || word[size] == '.');
		best = fits && size > best ? size : best;
	}
	return best;
}

/* The one of that name; where there is none, a new one in the namespace of who wants it. */
static struct config_map *find_map(struct loader *loader, const char *name, bool is_secret)
{
	struct app *app = loader->app;
	const char *space = loader_namespace(loader);

	for (size_t i = 0; i < app->config_map_count; i++) {
		if (app->config_maps[i].is_secret == is_secret &&
		    strcmp(app->config_maps[i].name, name) == 0)
			return &app->config_maps[i];
	}
	for (size_t i = app->pod_count; i > 0; i--) {
		AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
		config_references(&app->pods[i - 1], is_secret, &names);
		if (string_list_has(&names, name))
			space = app->pods[i - 1].namespace_name;
	}
	struct config_map *map = ARRAY_APPEND(app->config_maps, app->config_map_count);
	map->name = xstrdup(name);
	map->namespace_name = xstrdup(space);
	map->is_secret = is_secret;
	return map;
}

static void unknown_name(struct loader *loader, const struct source_mark *mark, const char *word,
			 const struct string_list *known, bool is_secret)
{
	AUTO_FREE char *name = xstrndup(word, strcspn(word, ".="));
	AUTO_FREE char *list = string_list_join(known, ", ");
	const char *nearest = suggest_nearest(name, known);
	AUTO_FREE char *hint = nearest != NULL	  ? xasprintf("did you mean '%s'?", nearest)
			       : known->count > 0 ? xasprintf("there are: %.200s", list)
						  : xstrdup("leave the option out");
	if (!loader->has_lost)
		loader_error_at_as(loader, PROBLEM_SUPPLIED, mark, hint,
				   "no pod refers to a %s '%.80s'", kind_name(is_secret), name);
}

/* word: NAME.KEY=VALUE or NAME=PATH; is_file: NAME.KEY=PATH, too. */
static void supply_one(struct loader *loader, const char *option, const char *word, bool is_secret,
		       bool is_file)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	size_t length = strcspn(word, "=");
	/* What stands behind the '=' may be the secret itself. */
	AUTO_FREE char *file = xasprintf("%s %.*s", option, (int)length, word);
	struct supply supply = {.loader = loader, .mark = {.file = file}};

	if (word[length] != '=') {
		loader_error_at_as(loader, PROBLEM_SUPPLIED, &supply.mark,
				   is_file ? "NAME=FILE, NAME=FOLDER or NAME.KEY=FILE"
					   : "NAME.KEY=VALUE, NAME=FILE or NAME=FOLDER",
				   "there is no '=' in it");
		return;
	}
	list_names(loader->app, is_secret, &known);
	size_t end = name_length(word, length, &known);
	if (end == 0) {
		unknown_name(loader, &supply.mark, word, &known, is_secret);
		return;
	}
	AUTO_FREE char *name = xstrndup(word, end);
	AUTO_FREE char *key = end < length ? xstrndup(word + end + 1, length - end - 1) : NULL;
	const char *value = word + length + 1;
	supply.map = find_map(loader, name, is_secret);
	if (key == NULL || is_file)
		put_path(&supply, key, value);
	else
		put(&supply, key, xstrdup(value), strlen(value));
}

void supplied_config_add(struct loader *loader)
{
	const struct load_options *options = loader->options;
	const struct {
		const struct string_list *words;
		const char *option;
		bool is_secret;
		bool is_file;
	} all[] = {
		{options->secret_files, "--secret-file", true, true},
		{options->secrets, "--secret", true, false},
		{options->config_map_files, "--config-map-file", false, true},
		{options->config_maps, "--config-map", false, false},
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		for (size_t k = 0; all[i].words != NULL && k < all[i].words->count; k++)
			supply_one(loader, all[i].option, all[i].words->items[k], all[i].is_secret,
				   all[i].is_file);
	}
}
