/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/context.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "manifest/compose/dotenv.h"
#include "manifest/yaml_reader.h"

#define BYTES_MAX ((size_t)64 << 20)

void compose_context_clear(struct compose_context *context)
{
	arena_clear(&context->store.arena);
	for (size_t i = 0; i < context->document_count; i++) {
		yaml_documents_clear(context->documents[i]);
		free(context->documents[i]);
	}
	free((void *)context->documents);
	string_list_clear(&context->unset);
	*context = (struct compose_context){0};
}

static struct source_mark mark_of(const struct compose_context *context,
				  const struct yaml_node *node)
{
	const char *first = context->files->count > 0 ? context->files->items[0] : "";
	if (node == NULL)
		return (struct source_mark){.file = first};
	return (struct source_mark){.file = node->file != NULL ? node->file : first,
				    .line = node->line,
				    .column = node->column};
}

void compose_error(struct compose_context *context, const struct yaml_node *node, const char *hint,
		   const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *message = xvasprintf(fmt, args);
	va_end(args);
	struct problem *problem =
		problem_error(context->problems, mark_of(context, node), "%s", message);
	if (hint != NULL)
		problem_hint(problem, "%s", hint);
}

void compose_warn(struct compose_context *context, const struct yaml_node *node, const char *fmt,
		  ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *message = xvasprintf(fmt, args);
	va_end(args);
	(void)problem_add(context->problems, PROBLEM_WARNING, mark_of(context, node), "%s",
			  message);
}

bool compose_count_bytes(struct compose_context *context, const struct yaml_node *node,
			 size_t bytes)
{
	bool was_good = context->byte_count <= BYTES_MAX;
	context->byte_count += bytes;
	if (context->byte_count <= BYTES_MAX)
		return true;
	if (was_good)
		compose_error(context, node, NULL, "more than 64 MiB in a project");
	return false;
}

char *compose_clean_path(const char *path)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;
	bool is_absolute = path[0] == '/';

	string_list_split(&parts, path, '/');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];
		bool is_up = strcmp(part, "..") == 0;
		bool has_one = kept.count > 0 && strcmp(kept.items[kept.count - 1], "..") != 0;
		if (part[0] == '\0' || strcmp(part, ".") == 0)
			continue;
		if (is_up && has_one)
			free(kept.items[--kept.count]);
		else if (!is_up || !is_absolute)
			string_list_add(&kept, part);
	}
	AUTO_FREE char *joined = string_list_join(&kept, "/");
	if (kept.count == 0)
		return xstrdup(is_absolute ? "/" : ".");
	return xasprintf("%s%s", is_absolute ? "/" : "", joined);
}

char *compose_path(const char *folder, const char *path, const struct compose_variables *variables)
{
	const char *home = compose_variables_get(variables, "HOME");
	if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home != NULL) {
		AUTO_FREE char *whole = path_join(home, path + 1 + (path[1] == '/' ? 1 : 0));
		return compose_clean_path(whole);
	}
	if (path[0] == '/')
		return xstrdup(path);
	AUTO_FREE char *whole = path_join(folder, path);
	return compose_clean_path(whole);
}

char *compose_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* A pipe would be waited for, and a device has no end. */
static bool is_regular(struct compose_context *context, const char *path,
		       const struct yaml_node *named_by)
{
	struct stat st;
	struct yaml_node here = {.file = path};
	const struct yaml_node *place = named_by != NULL ? named_by : &here;

	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/null") == 0)
		return true;
	if (stat(path, &st) != 0) {
		here.file = compose_keep_name(context, path);
		compose_error(context, place, "paths start at the folder of the Compose file",
			      "there is no file %.300s", path);
		return false;
	}
	if (S_ISREG(st.st_mode))
		return true;
	compose_error(context, named_by, NULL, "%.300s is %s", path,
		      S_ISDIR(st.st_mode) ? "a folder, not a file" : "no regular file");
	return false;
}

bool compose_read_text(struct compose_context *context, const char *path,
		       const struct yaml_node *named_by, char **ret, size_t *ret_size)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const char *real = strcmp(path, "-") == 0 ? "/dev/stdin" : path;

	if (!is_regular(context, path, named_by))
		return false;
	if (!file_read(real, YAML_MAX_BYTES, ret, ret_size, &err)) {
		compose_error(context, named_by, err.hint, "%s", err.message);
		return false;
	}
	if (strlen(*ret) == *ret_size && compose_count_bytes(context, named_by, *ret_size))
		return true;
	if (strlen(*ret) != *ret_size)
		compose_error(context, named_by, NULL, "%.300s has a NUL character inside", path);
	free(*ret);
	*ret = NULL;
	return false;
}

const char *compose_keep_name(struct compose_context *context, const char *path)
{
	for (size_t i = 0; i < context->files->count; i++) {
		if (strcmp(context->files->items[i], path) == 0)
			return context->files->items[i];
	}
	string_list_add(context->files, path);
	return context->files->items[context->files->count - 1];
}

/* As the specification's own loader writes it where a text is wanted: 1.10 is 1.1, 0x10 is 16. */
static const char *number_text(struct tree_store *store, const struct yaml_node *node)
{
	double value = 0;
	if (node->type == YAML_INTEGER) {
		AUTO_FREE char *text = xasprintf("%lld", (long long)node->integer);
		return tree_string(store, text);
	}
	if (strspn(node->text, "0123456789") == node->size || !parse_double(node->text, &value))
		return node->text;
	for (int digits = 1; digits <= 17; digits++) {
		double back = 0;
		AUTO_FREE char *text = xasprintf("%.*g", digits, value);
		if (!parse_double(text, &back) || back < value || back > value)
			continue;
		bool is_plain = (value < 1e21 && value > -1e21) && strstr(text, "e-") == NULL;
		AUTO_FREE char *whole =
			is_plain && strchr(text, 'e') != NULL ? xasprintf("%.0f", value) : NULL;
		return tree_string(store, whole != NULL ? whole : text);
	}
	return node->text;
}

static bool is_word(const char *text, const char *lower)
{
	for (; *text != '\0' && *lower != '\0'; text++, lower++) {
		if ((*text | 0x20) != *lower)
			return false;
	}
	return *text == *lower;
}

/* Compose reads YAML 1.2: yes, no, on and off are words. */
static void settle_scalar(struct tree_store *store, struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR || node->type == YAML_TEXT)
		return;
	if (node->type != YAML_BOOL)
		node->text = number_text(store, node);
	else if (is_word(node->text, "true") || is_word(node->text, "false"))
		node->text = node->integer != 0 ? "true" : "false";
	else
		node->type = YAML_TEXT;
	node->size = strlen(node->text);
}

static bool check_key(struct compose_context *context, struct yaml_node *key)
{
	bool is_bool = key->type == YAML_BOOL && !key->is_quoted &&
		       (is_word(key->text, "true") || is_word(key->text, "false"));
	bool is_number = key->type == YAML_INTEGER || key->type == YAML_FLOAT;
	if (!is_bool && !is_number)
		return true;
	AUTO_FREE char *hint = xasprintf("quote it: \"%.60s\"", key->text);
	compose_error(context, key, hint, "the key %.60s is %s for YAML, and keys are texts",
		      key->text, is_bool ? "a boolean" : "a number");
	return false;
}

/* Where it stands, for what is merged with other files; and each scalar in Compose's words. */
static bool settle(struct compose_context *context, struct yaml_node *node, const char *file)
{
	bool is_good = node->pair_count + node->item_count <= COMPOSE_ENTRIES_MAX;
	node->file = file;
	if (!is_good) {
		compose_error(context, node, NULL, "more than %d entries in one %s",
			      COMPOSE_ENTRIES_MAX, node->kind == YAML_MAP ? "map" : "list");
		return false;
	}
	settle_scalar(&context->store, node);
	for (size_t i = 0; i < node->pair_count; i++) {
		node->pairs[i].key->file = file;
		is_good = check_key(context, node->pairs[i].key) && is_good;
		is_good = settle(context, node->pairs[i].value, file) && is_good;
	}
	for (size_t i = 0; i < node->item_count; i++)
		is_good = settle(context, node->items[i], file) && is_good;
	return is_good;
}

bool compose_parse_trees(struct compose_context *context, const char *path, const char *text,
			 size_t size, struct yaml_node ***ret, size_t *ret_count)
{
	const char *file = compose_keep_name(context, path);
	struct yaml_documents *documents = xcalloc(1, sizeof(*documents));
	size_t before = context->problems->error_count;

	*(struct yaml_documents **)ARRAY_APPEND(context->documents, context->document_count) =
		documents;
	yaml_read_merging(file, text, size, documents, context->problems);
	*ret = xcalloc(documents->count + 1, sizeof(struct yaml_node *));
	*ret_count = documents->count;
	for (size_t i = 0; i < documents->count; i++) {
		(*ret)[i] = tree_copy(&context->store, documents->roots[i]);
		if (context->store.is_full) {
			compose_error(context, documents->roots[i], NULL,
				      "more than %d values in a project", TREE_NODES_MAX);
			return false;
		}
		(void)settle(context, (*ret)[i], file);
	}
	return context->problems->error_count == before;
}

bool compose_read_trees(struct compose_context *context, const char *path,
			const struct yaml_node *named_by, struct yaml_node ***ret,
			size_t *ret_count)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	return compose_read_text(context, path, named_by, &text, &size) &&
	       compose_parse_trees(context, path, text, size, ret, ret_count);
}

struct yaml_node *compose_bool(struct compose_context *context, bool value,
			       const struct yaml_node *like)
{
	struct yaml_node *node = tree_text(&context->store, value ? "true" : "false", like);
	node->type = YAML_BOOL;
	node->is_quoted = false;
	node->integer = value ? 1 : 0;
	return node;
}

struct yaml_node *compose_integer(struct compose_context *context, int64_t value,
				  const struct yaml_node *like)
{
	AUTO_FREE char *text = xasprintf("%lld", (long long)value);
	struct yaml_node *node = tree_text(&context->store, text, like);
	node->type = YAML_INTEGER;
	node->is_quoted = false;
	node->integer = value;
	return node;
}

static bool matches(const struct compose_place *place, const char *pattern, size_t size)
{
	if (place == NULL)
		return size == 0;
	if (size == 0)
		return false;
	size_t start = size;
	while (start > 0 && pattern[start - 1] != '.')
		start--;
	size_t length = size - start;
	bool is_any = length == 1 && pattern[start] == '*';
	if (!is_any &&
	    (strncmp(place->name, pattern + start, length) != 0 || place->name[length] != '\0'))
		return false;
	return matches(place->outer, pattern, start > 0 ? start - 1 : 0);
}

bool compose_place_matches(const struct compose_place *place, const char *pattern)
{
	return matches(place, pattern, strlen(pattern));
}

bool compose_read_env_file(struct compose_context *context, const char *path,
			   const struct yaml_node *named_by,
			   const struct compose_variables *outside, bool is_raw,
			   struct compose_variables *ret)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (!compose_read_text(context, path, named_by, &text, &size))
		return false;
	const char *file = compose_keep_name(context, path);
	const struct dotenv_options options = {.file = file, .outside = outside, .is_raw = is_raw};
	if (dotenv_parse(&options, text, ret, &err))
		return true;
	/* "LINE: message" */
	uint64_t line = 0;
	char *colon = strchr(err.message, ':');
	if (colon != NULL)
		*colon = '\0';
	if (!parse_u64(err.message, 1, UINT32_MAX, &line))
		line = 1;
	const struct yaml_node place = {.file = file, .line = (unsigned)line, .column = 1};
	compose_error(context, &place, err.hint, "%s", colon != NULL ? colon + 2 : "");
	return false;
}
