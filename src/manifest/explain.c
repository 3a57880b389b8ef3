/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/explain.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"
#include "base/suggest.h"
#include "manifest/compose/reader.h"
#include "manifest/environment.h"
#include "manifest/kind_names.h"
#include "manifest/kubernetes.h"
#include "manifest/loader.h"
#include "manifest/read_value.h"
#include "manifest/short_form.h"
#include "manifest/workload.h"

enum { PATH_PARTS_MAX = 32, MATCHES_MAX = 12 };

/* Where a path may begin. The kinds come before. */
static const struct {
	const char *name;
	const struct field_set *set;
	const char *help;
} roots[] = {
	{"i2kit", &short_fields, "the short form: one document, one pod"},
	{"environment", &environment_fields, "environment.yml: the target of promote"},
	{"compose", &compose_fields, "a Compose file: each service is a pod"},
};

static const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {[FIELD_USED] = "used",
					    [FIELD_NO_EFFECT] = "no effect",
					    [FIELD_REFUSED] = "refused"};
	return names[verdict];
}

/* What the reader of the field takes. */
static const char *type_name(const struct field *field)
{
	static const struct {
		field_fn *read;
		const char *name;
	} types[] = {
		{read_text, "text"},
		{read_scalar, "text"},
		{read_name, "name"},
		{read_bool, "true or false"},
		{read_tristate, "true or false"},
		{read_u32, "number"},
		{read_u64, "number"},
		{read_port_number, "port"},
		{read_bytes, "quantity"},
		{read_millis, "quantity"},
		{read_text_list, "list of texts"},
		{read_number_list, "list of numbers"},
		{read_mode, "mode"},
	};
	if (field->takes != NULL)
		return field->takes;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (field->read == types[i].read)
			return types[i].name;
	}
	if (field->is_list)
		return field->inner ? "list of maps" : "list";
	return field->inner ? "map" : "";
}

/* The choices, or the type; "" where neither is known. */
static char *describe_type(const struct field *field)
{
	if (field->verdict != FIELD_USED)
		return xstrdup("");
	if (field->choices == NULL)
		return xstrdup(type_name(field));
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	string_list_split(&words, field->choices, '|');
	return string_list_join(&words, ", ");
}

static void append_fields(struct strbuf *text, const struct field_set *set)
{
	for (const struct field_set *part = set; part != NULL; part = part->base) {
		for (size_t i = 0; i < part->count; i++) {
			const struct field *field = &part->fields[i];
			if (part != set && loader_find_field(set, field->name) != field)
				continue; /* spelled differently by the outer set */
			AUTO_FREE char *type = describe_type(field);
			const char *help = field->help ? field->help : "";
			strbuf_appendf(text, "  %-30s ", field->name);
			if (field->verdict != FIELD_USED)
				strbuf_appendf(text, "%s%s%s", verdict_name(field->verdict),
					       help[0] ? ": " : "", help);
			else
				strbuf_appendf(text, "%s%s%s", type, type[0] && help[0] ? "; " : "",
					       help);
			strbuf_append_char(text, '\n');
		}
	}
}

static void append_field(struct strbuf *text, const char *path, const struct field *field)
{
	AUTO_FREE char *type = describe_type(field);
	const char *help = field->help ? field->help : "as in Kubernetes";

	strbuf_appendf(text, "%s\n", path);
	strbuf_appendf(text, "  verdict: %s\n", verdict_name(field->verdict));
	if (type[0] != '\0')
		strbuf_appendf(text, "  takes:   %s\n", type);
	if (field->only != NULL) {
		AUTO(string_list_clear) struct string_list kinds_of = STRING_LIST_INIT;
		string_list_split(&kinds_of, field->only, '|');
		AUTO_FREE char *list = string_list_join(&kinds_of, ", ");
		strbuf_appendf(text, "  only in: %s\n", list);
	}
	if (field->verdict == FIELD_REFUSED) {
		strbuf_appendf(text, "  instead: %s\n", help);
	} else {
		strbuf_appendf(text, "  here:    %s\n", help);
		if (field->verdict == FIELD_USED)
			strbuf_appendf(text, "  cloud:   %s\n",
				       field->cloud ? field->cloud : "the same");
	}
	if (field->inner != NULL) {
		strbuf_append(text, "\nfields:\n");
		append_fields(text, field->inner);
	}
}

/* A start: a kind as kubectl knows it, or a root. NULL when part is neither. */
static const struct field_set *find_root(const char *part, const char **ret_help)
{
	for (size_t i = 0; i < kind_count; i++) {
		if (!kind_is_called(kinds[i].name, part) || kinds[i].fields == NULL)
			continue;
		*ret_help = kinds[i].help;
		return kinds[i].fields;
	}
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		if (strcmp(roots[i].name, part) != 0)
			continue;
		*ret_help = roots[i].help;
		return roots[i].set;
	}
	return NULL;
}

/* Follows parts from set; the last field, or NULL with the index of the unknown part. */
static const struct field *follow(const struct field_set *set, const struct string_list *parts,
				  size_t from, size_t *ret_failed,
				  const struct field_set **ret_failed_set)
{
	const struct field *field = NULL;
	for (size_t i = from; i < parts->count; i++) {
		*ret_failed = i;
		*ret_failed_set = set;
		field = set ? loader_find_field(set, parts->items[i]) : NULL;
		if (field == NULL)
			return NULL;
		set = field->inner;
	}
	return field;
}

struct search {
	const char *name;
	struct string_list paths; /* of the fields found */
	const struct field *first;
	struct string_list known; /* all names, for suggestions */
	const struct field_set *seen[256];
	size_t seen_count;
};

static void search_set(struct search *search, const struct field_set *set, const char *path)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < search->seen_count; i++) {
		if (search->seen[i] == set)
			return;
	}
	if (set == NULL || search->seen_count == ARRAY_SIZE(search->seen))
		return;
	search->seen[search->seen_count++] = set;
	for (size_t i = 0; i < set->count; i++) {
		const struct field *field = &set->fields[i];
		AUTO_FREE char *below = xasprintf("%s.%s", path, field->name);
		string_list_add(&search->known, field->name);
		if (strcmp(field->name, search->name) == 0) {
			string_list_add(&search->paths, below);
			search->first = search->first ? search->first : field;
		}
		if (field->inner != NULL)
			search_set(search, field->inner, below);
	}
	if (set->base != NULL)
		search_set(search, set->base, path);
}

static void search_all(struct search *search)
{
	for (size_t i = 0; i < kind_count; i++) {
		if (kinds[i].fields != NULL)
			search_set(search, kinds[i].fields, kinds[i].name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		search_set(search, roots[i].set, roots[i].name);
}

static void search_clear(struct search *search)
{
	string_list_clear(&search->paths);
	string_list_clear(&search->known);
}

static bool explain_lone(const char *name, struct strbuf *ret, struct error *err)
{
	AUTO(search_clear) struct search search = {.name = name};
	search_all(&search);
	if (search.paths.count == 0) {
		const char *nearest = suggest_nearest(name, &search.known);
		error_set(err, ERROR_NOT_FOUND, "no field or kind is called '%s'", name);
		return nearest ? error_hint(err, "i2kit explain %s", nearest)
			       : error_hint(err, "i2kit explain lists the kinds");
	}
	append_field(ret, search.paths.items[0], search.first);
	if (search.paths.count == 1)
		return true;
	strbuf_append(ret, "\nalso:\n");
	for (size_t i = 1; i < search.paths.count && i < MATCHES_MAX; i++)
		strbuf_appendf(ret, "  %s\n", search.paths.items[i]);
	return true;
}

static const struct kind *find_other_kind(const char *name)
{
	for (size_t i = 0; i < kind_count; i++) {
		if (kind_is_called(kinds[i].name, name) && kinds[i].fields == NULL)
			return &kinds[i];
	}
	return NULL;
}

static void explain_start(struct strbuf *ret)
{
	strbuf_append(ret, "kinds:\n");
	for (size_t i = 0; i < kind_count; i++) {
		if (kinds[i].verdict == FIELD_REFUSED)
			continue;
		strbuf_appendf(ret, "  %-24s %s%s\n", kinds[i].name,
			       kinds[i].verdict == FIELD_NO_EFFECT ? "no effect: " : "",
			       kinds[i].help);
	}
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		strbuf_appendf(ret, "  %-24s %s\n", roots[i].name, roots[i].help);
	strbuf_append(ret, "\nrefused, with what to do instead (i2kit explain KIND):\n ");
	for (size_t i = 0; i < kind_count; i++) {
		if (kinds[i].verdict == FIELD_REFUSED)
			strbuf_appendf(ret, " %s", kinds[i].name);
	}
	strbuf_append_char(ret, '\n');
}

static bool unknown_part(const struct string_list *parts, size_t failed,
			 const struct field_set *set, struct error *err)
{
	const char *part = parts->items[failed];
	if (set == NULL)
		return error_set(err, ERROR_NOT_FOUND, "nothing stands below '%s'",
				 parts->items[failed - 1]);
	const char *nearest = loader_nearest(part, set);
	error_set(err, ERROR_NOT_FOUND, "%s has no field '%s'", set->name, part);
	return nearest ? error_hint(err, "did you mean %s?", nearest) : false;
}

static void append_root(struct strbuf *ret, const char *name, const char *help,
			const struct field_set *set)
{
	strbuf_appendf(ret, "%s\n  here:    %s\n\nfields:\n", name, help);
	append_fields(ret, set);
}

bool explain_path(const char *path, struct strbuf *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	const char *help = NULL;
	size_t failed = 0;
	const struct field_set *failed_set = NULL;

	if (path[0] == '\0') {
		explain_start(ret);
		return true;
	}
	string_list_split(&parts, path, '.');
	if (parts.count > PATH_PARTS_MAX)
		return error_set(err, ERROR_USAGE, "a path of more than %d parts", PATH_PARTS_MAX);
	/* containers[] and containers[0] are ways to write a list. */
	for (size_t i = 0; i < parts.count; i++)
		parts.items[i][strcspn(parts.items[i], "[")] = '\0';
	const struct kind *other = find_other_kind(parts.items[0]);
	const struct field_set *root = find_root(parts.items[0], &help);
	if (other != NULL) {
		strbuf_appendf(
			ret, "%s\n  verdict: %s\n  %s %s\n", other->name,
			verdict_name(other->verdict),
			other->verdict == FIELD_REFUSED ? "instead:" : "here:   ", other->help);
		return true;
	}
	if (root != NULL && parts.count == 1) {
		append_root(ret, path, help, root);
		return true;
	}
	const struct field *field = NULL;
	if (root != NULL) {
		field = follow(root, &parts, 1, &failed, &failed_set);
	} else {
		if (parts.count == 1)
			return explain_lone(parts.items[0], ret, err);
		/* As kubectl users write it below a pod, or below the short form. */
		field = follow(&short_fields, &parts, 0, &failed, &failed_set);
		if (field == NULL && failed == 0)
			field = follow(&pod_object_fields, &parts, 0, &failed, &failed_set);
	}
	if (field == NULL)
		return unknown_part(&parts, failed, failed_set, err);
	append_field(ret, path, field);
	return true;
}

/* A cell of a Markdown table. */
static void append_cell(struct strbuf *text, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '|')
			strbuf_append_char(text, '\\');
		strbuf_append_char(text, *value);
	}
}

static void table_row(struct strbuf *text, const struct field *field)
{
	AUTO_FREE char *type = describe_type(field);
	strbuf_appendf(text, "| `%s` | %s | ", field->name, verdict_name(field->verdict));
	append_cell(text, type);
	strbuf_append(text, " | ");
	if (field->verdict == FIELD_REFUSED)
		strbuf_append(text, "instead: ");
	append_cell(text, field->help ? field->help : "");
	if (field->only != NULL) {
		AUTO(string_list_clear) struct string_list kinds_of = STRING_LIST_INIT;
		string_list_split(&kinds_of, field->only, '|');
		AUTO_FREE char *list = string_list_join(&kinds_of, ", ");
		strbuf_appendf(text, " (%s only)", list);
	}
	strbuf_append(text, " | ");
	append_cell(text, field->cloud ? field->cloud : "");
	strbuf_append(text, " |\n");
}

static void table_set(struct search *search, struct strbuf *text, const struct field_set *set,
		      const char *path)
{
	for (size_t i = 0; i < search->seen_count; i++) {
		if (search->seen[i] == set)
			return;
	}
	if (set->count == 0 || search->seen_count == ARRAY_SIZE(search->seen))
		return;
	search->seen[search->seen_count++] = set;
	strbuf_appendf(text, "\n### %s\n\n`%s`\n\n", set->name, path);
	/* Sets of one name are one map whose fields stand in several files. */
	const struct field_set *other = set->base;
	while (other != NULL && strcmp(other->name, set->name) == 0)
		other = other->base;
	if (other != NULL)
		strbuf_appendf(text, "And all fields of %s.\n\n", other->name);
	strbuf_append(text, "| field | verdict | takes | here | in the cloud, where it differs |\n"
			    "|---|---|---|---|---|\n");
	for (const struct field_set *part = set; part != other; part = part->base)
		for (size_t i = 0; i < part->count; i++)
			table_row(text, &part->fields[i]);
	for (size_t i = 0; i < set->count; i++) {
		const struct field *field = &set->fields[i];
		AUTO_FREE char *below =
			xasprintf("%s.%s%s", path, field->name, field->is_list ? "[]" : "");
		if (field->inner != NULL)
			table_set(search, text, field->inner, below);
	}
}

void explain_table(struct strbuf *ret)
{
	AUTO(search_clear) struct search search = {0};

	strbuf_append(ret, "# Fields\n\n"
			   "What i2kit does with every field of a manifest. Made by `i2kit explain "
			   "--table` from the tables that manifests are read by; do not edit.\n\n"
			   "- **used**: it does what the column says, or what Kubernetes says.\n"
			   "- **no effect**: understood; `validate` and `up` note it once.\n"
			   "- **refused**: an error that says what to do instead.\n\n"
			   "Everything else is an error that names the nearest known field.\n\n"
			   "## Kinds\n\n| kind | verdict | here |\n|---|---|---|\n");
	for (size_t i = 0; i < kind_count; i++) {
		strbuf_appendf(ret, "| %s | %s | %s", kinds[i].name, verdict_name(kinds[i].verdict),
			       kinds[i].verdict == FIELD_REFUSED ? "instead: " : "");
		append_cell(ret, kinds[i].help);
		strbuf_append(ret, " |\n");
	}
	strbuf_append(ret, "\n## The short form, environment.yml and Compose files\n");
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		table_set(&search, ret, roots[i].set, roots[i].name);
	strbuf_append(ret, "\n## Kubernetes objects\n");
	for (size_t i = 0; i < kind_count; i++) {
		if (kinds[i].fields != NULL)
			table_set(&search, ret, kinds[i].fields, kinds[i].name);
	}
}
