/* SPDX-License-Identifier: Apache-2.0 */
#include "image/policy/lookaside.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/yaml_reader.h"

enum { FILES_MAX = 1000, SECTIONS_MAX = 10000 };

void lookaside_clear(struct lookaside *lookaside)
{
	for (size_t i = 0; i < lookaside->count; i++) {
		free(lookaside->sections[i].scope);
		free(lookaside->sections[i].file);
		free(lookaside->sections[i].url);
	}
	free(lookaside->sections);
	*lookaside = (struct lookaside){0};
}

static bool is_same_scope(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const struct lookaside_section *find(const struct lookaside *lookaside, const char *scope)
{
	for (size_t i = 0; i < lookaside->count; i++) {
		if (is_same_scope(lookaside->sections[i].scope, scope))
			return &lookaside->sections[i];
	}
	return NULL;
}

/* The older word for it is read, too. */
static const struct yaml_node *find_url(const struct yaml_node *from)
{
	const struct yaml_node *url = yaml_get(from, "lookaside");
	return url != NULL ? url : yaml_get(from, "sigstore");
}

static bool add_section(struct lookaside *lookaside, const struct yaml_node *from,
			const char *scope, const char *file, struct error *err)
{
	const char *name = scope != NULL ? scope : "default-docker";
	const struct lookaside_section *other = find(lookaside, scope);
	bool has_attachments = false;
	if (other != NULL)
		return error_set(err, ERROR_INVALID, "%s: %s is set in %s already", file, name,
				 other->file);
	if (lookaside->count >= SECTIONS_MAX)
		return error_set(err, ERROR_INVALID, "%s: more than %d sections", file,
				 SECTIONS_MAX);
	if (from->kind != YAML_MAP && !yaml_is_null(from))
		return error_set(err, ERROR_INVALID, "%s:%u: %s is %s, not a map", file, from->line,
				 name, yaml_describe(from));
	const struct yaml_node *url = find_url(from);
	const struct yaml_node *use = yaml_get(from, "use-sigstore-attachments");
	if (url != NULL && url->kind != YAML_SCALAR)
		return error_set(err, ERROR_INVALID, "%s:%u: lookaside is no text", file,
				 url->line);
	if (use != NULL && !yaml_is_bool(use, &has_attachments))
		return error_set(err, ERROR_INVALID,
				 "%s:%u: use-sigstore-attachments is true or false", file,
				 use->line);
	struct lookaside_section *section = ARRAY_APPEND(lookaside->sections, lookaside->count);
	section->scope = xstrdup_or_null(scope);
	section->file = xstrdup(file);
	section->url = url != NULL && url->text[0] != '\0' ? xstrdup(url->text) : NULL;
	section->attachments = use != NULL ? (int)has_attachments : -1;
	return true;
}

bool lookaside_add(struct lookaside *lookaside, const char *text, size_t size, const char *file,
		   struct error *err)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	if (!yaml_read(text, size, &documents, err))
		return error_prefix(err, "%s", file);
	const struct yaml_node *root = documents.count > 0 ? documents.roots[0] : NULL;
	if (root == NULL)
		return true;
	if (root->kind != YAML_MAP)
		return error_set(err, ERROR_INVALID, "%s: it is %s, not a map", file,
				 yaml_describe(root));
	const struct yaml_node *all = yaml_get(root, "default-docker");
	const struct yaml_node *some = yaml_get(root, "docker");
	if (all != NULL && !add_section(lookaside, all, NULL, file, err))
		return false;
	if (some != NULL && some->kind != YAML_MAP && !yaml_is_null(some))
		return error_set(err, ERROR_INVALID, "%s:%u: docker is %s, not a map", file,
				 some->line, yaml_describe(some));
	for (size_t i = 0; some != NULL && some->kind == YAML_MAP && i < some->pair_count; i++) {
		if (!add_section(lookaside, some->pairs[i].value, some->pairs[i].key->text, file,
				 err))
			return false;
	}
	return true;
}

static void close_folder(DIR **folder)
{
	if (*folder != NULL)
		(void)closedir(*folder);
}

bool lookaside_read(struct lookaside *lookaside, const char *folder, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	__attribute__((cleanup(close_folder))) DIR *dir = opendir(folder);
	if (dir == NULL)
		return errno == ENOENT || error_set_errno(err, errno, "%s", folder);
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		size_t size = strlen(entry->d_name);
		if (size > 5 && strcmp(entry->d_name + size - 5, ".yaml") == 0)
			string_list_add(&names, entry->d_name);
		if (names.count > FILES_MAX)
			return error_set(err, ERROR_INVALID, "%s: more than %d files", folder,
					 FILES_MAX);
	}
	string_list_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = path_join(folder, names.items[i]);
		AUTO_FREE char *text = NULL;
		size_t size = 0;
		if (!file_read(path, LOOKASIDE_MAX_BYTES, &text, &size, err) ||
		    !lookaside_add(lookaside, text, size, path, err))
			return false;
	}
	return true;
}

const char *lookaside_url(const struct lookaside *lookaside, const struct string_list *scopes)
{
	const struct lookaside_section *all = find(lookaside, NULL);
	for (size_t i = 0; i < scopes->count; i++) {
		const struct lookaside_section *one = find(lookaside, scopes->items[i]);
		if (one != NULL && one->url != NULL)
			return one->url;
	}
	return all != NULL ? all->url : NULL;
}

bool lookaside_has_attachments(const struct lookaside *lookaside, const struct string_list *scopes)
{
	const struct lookaside_section *all = find(lookaside, NULL);
	for (size_t i = 0; i < scopes->count; i++) {
		const struct lookaside_section *one = find(lookaside, scopes->items[i]);
		if (one != NULL && one->attachments >= 0)
			return one->attachments > 0;
	}
	return all != NULL && all->attachments > 0;
}
