/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/loader.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/compose_words.h"
#include "manifest/field_path.h"
#include "manifest/problem.h"
#include "manifest/read_value.h"
#include "manifest/schema.h"
#include "manifest/short_form.h"
#include "manifest/yaml_node.h"

struct source_mark loader_mark(const struct loader *loader, const struct yaml_node *node)
{
	return (struct source_mark){.file = node != NULL && node->file != NULL ? node->file
									       : loader->file,
				    .line = node ? node->line : 0,
				    .column = node ? node->column : 0};
}

struct source_mark loader_mark_of(const struct loader *loader, const struct yaml_node *map,
				  const char *key)
{
	const struct yaml_node *value = yaml_get(map, key);
	return loader_mark(loader, value != NULL ? value : map);
}

static struct problem *PRINTF_LIKE(5, 0)
	add_problem(struct loader *loader, enum problem_severity severity, struct source_mark mark,
		    const char *hint, const char *fmt, va_list args)
{
	AUTO_FREE char *message = xvasprintf(fmt, args);
	if (mark.file == NULL)
		mark.file = loader->file;
	struct problem *problem = problem_add(loader->problems, severity, mark, "%s", message);
	if (hint != NULL)
		problem_hint(problem, "%s", hint);
	return problem;
}

/* Of a node of the document that is being read. */
static struct problem *PRINTF_LIKE(5, 0)
	add_problem_of(struct loader *loader, enum problem_severity severity,
		       const struct yaml_node *node, const char *hint, const char *fmt,
		       va_list args)
{
	struct problem *problem =
		add_problem(loader, severity, loader_mark(loader, node), hint, fmt, args);
	if (problem != NULL && loader->root != NULL && node != NULL && loader->options->wants_paths)
		problem->path = field_path_of(loader->root, node);
	return problem;
}

void loader_error_as(struct loader *loader, enum problem_code code, const struct yaml_node *node,
		     const char *hint, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	problem_set_code(add_problem_of(loader, PROBLEM_ERROR, node, hint, fmt, args), code);
	va_end(args);
}

void loader_error_at_as(struct loader *loader, enum problem_code code,
			const struct source_mark *mark, const char *hint, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	problem_set_code(add_problem(loader, PROBLEM_ERROR, *mark, hint, fmt, args), code);
	va_end(args);
}

void loader_note_as(struct loader *loader, enum problem_code code, const struct yaml_node *node,
		    const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	problem_set_code(add_problem_of(loader, PROBLEM_NOTE, node, NULL, fmt, args), code);
	va_end(args);
}

void loader_error(struct loader *loader, const struct yaml_node *node, const char *hint,
		  const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)add_problem_of(loader, PROBLEM_ERROR, node, hint, fmt, args);
	va_end(args);
}

void loader_error_at(struct loader *loader, const struct source_mark *mark, const char *hint,
		     const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)add_problem(loader, PROBLEM_ERROR, *mark, hint, fmt, args);
	va_end(args);
}

void loader_warn_at(struct loader *loader, const struct source_mark *mark, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)add_problem(loader, PROBLEM_WARNING, *mark, NULL, fmt, args);
	va_end(args);
}

void loader_note(struct loader *loader, const struct yaml_node *node, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)add_problem_of(loader, PROBLEM_NOTE, node, NULL, fmt, args);
	va_end(args);
}

void loader_warn(struct loader *loader, const struct yaml_node *node, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)add_problem_of(loader, PROBLEM_WARNING, node, NULL, fmt, args);
	va_end(args);
}

static const struct field *loader_find_own(const struct field_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->fields[i].name, name) == 0)
			return &set->fields[i];
	}
	return NULL;
}

const struct field *loader_find_field(const struct field_set *set, const char *name)
{
	for (; set != NULL; set = set->base) {
		const struct field *own = loader_find_own(set, name);
		if (own != NULL)
			return own;
	}
	return NULL;
}

const char *loader_nearest(const char *name, const struct field_set *set)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	for (const struct field_set *part = set; part != NULL; part = part->base) {
		for (size_t i = 0; i < part->count; i++)
			string_list_add(&known, part->fields[i].name);
	}
	const char *nearest = suggest_nearest(name, &known);
	return nearest ? loader_find_field(set, nearest)->name : NULL;
}

bool loader_counts_too_many(struct loader *loader, const struct yaml_node *root)
{
	if (++loader->object_count == OBJECTS_MAX + 1)
		loader_error_as(loader, PROBLEM_LIMIT, root, "split them into several projects",
				"more than %d objects", OBJECTS_MAX);
	return loader->object_count > OBJECTS_MAX;
}

void loader_missing(struct loader *loader, const struct yaml_node *map, const char *name,
		    const char *hint)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	if (!yaml_is_null(yaml_get(map, name)))
		return; /* there, and wrong: reported where it was read */
	string_list_add(&known, name);
	for (size_t i = 0; map->kind == YAML_MAP && i < map->pair_count; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		if (strcmp(key->text, name) == 0) {
			loader_error_as(loader, PROBLEM_MISSING, key, hint, "'%s' has no value",
					name);
			return;
		}
		if (suggest_nearest(key->text, &known) != NULL)
			return;
	}
	loader_error_as(loader, PROBLEM_MISSING, map, hint, "'%s' is missing", name);
}

bool loader_wants_text(struct loader *loader, const struct yaml_node *map, const char *name,
		       const char *hint)
{
	const struct yaml_node *value = yaml_get(map, name);
	bool is_empty = value != NULL && value->kind == YAML_SCALAR && value->text[0] == '\0';
	if (is_empty)
		loader_error_as(loader, PROBLEM_MISSING, value, hint, "'%s' is empty", name);
	else if (value == NULL || yaml_is_null(value))
		loader_missing(loader, map, name, hint);
	return !is_empty && value != NULL && value->kind == YAML_SCALAR;
}

static bool is_word_of(const char *word, const char *words)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	string_list_split(&list, words, '|');
	return string_list_has(&list, word);
}

static bool is_known_here(const struct loader *loader, const struct field *field)
{
	return field->only == NULL || loader->kind == NULL || is_word_of(loader->kind, field->only);
}

/* The path to a field of that name so many levels below, or NULL. */
static char *find_below(const struct field_set *set, const char *name, unsigned levels)
{
	for (; set != NULL; set = set->base) {
		for (size_t i = 0; i < set->count; i++) {
			const struct field *field = &set->fields[i];
			if (field->inner == NULL || field->verdict != FIELD_USED)
				continue;
			if (levels == 1 && loader_find_field(field->inner, name) != NULL)
				return xasprintf("%s.%s", field->name, name);
			AUTO_FREE char *below =
				levels > 1 ? find_below(field->inner, name, levels - 1) : NULL;
			if (below != NULL)
				return xasprintf("%s.%s", field->name, below);
		}
	}
	return NULL;
}

/* A field that is known, but not here, is mostly one that is indented wrongly. */
static char *where_it_belongs(const struct loader *loader, const char *name,
			      const struct field_set *set)
{
	enum { LEVELS = 4 };
	for (unsigned levels = 1; levels <= LEVELS; levels++) {
		AUTO_FREE char *below = find_below(set, name, levels);
		if (below != NULL)
			return xasprintf("it stands further in: %s", below);
	}
	for (size_t i = loader->outer_count; i > 0; i--) {
		const struct field_set *outer = loader->outer[i - 1];
		if (outer != set && loader_find_field(outer, name) != NULL)
			return xasprintf("it stands further out, in %s: check the indentation",
					 outer->name);
	}
	for (unsigned levels = 1; levels <= LEVELS && loader->outer_count > 0; levels++) {
		AUTO_FREE char *path = find_below(loader->outer[0], name, levels);
		if (path != NULL)
			return xasprintf("it stands elsewhere: %s", path);
	}
	return NULL;
}

static char *unknown_hint(const struct loader *loader, const char *name,
			  const struct field_set *set)
{
	if (loader->problems->count >= PROBLEM_MAX)
		return NULL; /* it will not be kept, and looking for it takes a while */
	if (strstr(name, "\xc2\xa0") != NULL)
		return xstrdup("it has a no-break space, which came along with copied text");
	/* Fingers that know Compose write the short form. */
	const char *compose = loader->kind == NULL ? compose_word_hint(name) : NULL;
	if (compose != NULL)
		return xstrdup(compose);
	char *place = where_it_belongs(loader, name, set);
	if (place != NULL)
		return place;
	const char *nearest = loader_nearest(name, set);
	if (nearest != NULL)
		return xasprintf("did you mean '%s'?", nearest);
	if (strcmp(set->name, "selector") == 0)
		return xasprintf("matchLabels: {%.60s: …}", name);
	const char *outer = loader->kind ? loader->kind : "i2kit";
	return xasprintf("i2kit explain %s lists what is known",
			 loader->current ? loader->current->name : outer);
}

static void unknown_field(struct loader *loader, const struct yaml_node *key,
			  const struct field_set *set)
{
	if (set->qualified != NULL && strchr(key->text, '/') != NULL) {
		loader_error_as(loader, PROBLEM_UNSUPPORTED, key, set->qualified,
				"'%.80s' is not supported", key->text);
		return;
	}
	/* One table serves all workloads; people know theirs as a Deployment. */
	bool is_workload = loader->kind != NULL && strncmp(set->name, "workload", 8) == 0;
	AUTO_FREE char *name =
		is_workload ? xasprintf("%s%s", loader->kind, set->name + 8) : xstrdup(set->name);
	AUTO_FREE char *hint = unknown_hint(loader, key->text, set);
	loader_error_as(loader, PROBLEM_UNKNOWN_FIELD, key, hint, "unknown field '%.80s' in %s",
			key->text, name);
}

static void note_once(struct loader *loader, const struct yaml_node *key, const struct field *field,
		      const struct field_set *set)
{
	AUTO_FREE char *path = xasprintf("%s.%s", set->name, field->name);
	if (string_list_has(&loader->noted, path))
		return;
	string_list_add(&loader->noted, path);
	loader_note_as(loader, PROBLEM_NO_EFFECT, key, "'%s' has no effect here%s%s", field->name,
		       field->help ? ": " : "", field->help ? field->help : "");
}

/* What says no: writing it out asks for nothing. */
static bool is_harmless(const struct yaml_node *node)
{
	bool is_set = true;
	if (node->kind == YAML_SCALAR && node->type == YAML_INTEGER)
		return node->integer == 0;
	if (node->kind == YAML_SCALAR)
		return node->text[0] == '\0' || (yaml_is_bool(node, &is_set) && !is_set);
	return node->kind == YAML_NULL || node->pair_count + node->item_count == 0;
}

/* Nothing reads it, so nothing else would find a mistake in it. */
static void check_without_effect(struct loader *loader, const struct yaml_node *value,
				 const struct field *field, const struct field_set *set)
{
	if (field->choices != NULL) {
		const struct field *outer = loader->current;
		unsigned choice = 0;
		loader->current = field;
		read_choice(loader, value, &choice);
		loader->current = outer;
		return;
	}
	for (; set != NULL && loader_find_own(set, field->name) == NULL; set = set->base)
		;
	if (set == NULL || set->type == NULL)
		return;
	bool is_of_kind = strcmp(set->type, "Spec") == 0;
	AUTO_FREE char *type = is_of_kind && loader->kind != NULL
				       ? xasprintf("%sSpec", loader->kind)
				       : xstrdup(set->type);
	const char *code = schema_field(type, field->name);
	if (code != NULL)
		schema_check(loader, value, code, field->name);
}

static void read_field(struct loader *loader, const struct yaml_pair *pair,
		       const struct field *field, const struct field_set *set, void *target)
{
	const struct yaml_node *value = pair->value;

	if (yaml_is_null(value) || field->read == read_ignored)
		return;
	if (field->verdict == FIELD_REFUSED) {
		if (!is_harmless(value))
			loader_error_as(loader, PROBLEM_UNSUPPORTED, pair->key, field->help,
					"'%s' is not supported", field->name);
		return;
	}
	if (field->verdict == FIELD_NO_EFFECT) {
		check_without_effect(loader, value, field, set);
		note_once(loader, pair->key, field, set);
		if (field->read == NULL || field->choices != NULL)
			return; /* the others are kept, for convert */
	}
	if (field->read == NULL)
		return;
	if (field->is_list && value->kind != YAML_LIST) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, value, "begin each item with '- '",
				"%s: a list is wanted here, not %s", field->name,
				yaml_describe(value));
		return;
	}
	if (field->is_list && value->item_count > LIST_MAX) {
		loader_error_as(loader, PROBLEM_LIMIT, value, NULL, "%s: more than %d items",
				field->name, LIST_MAX);
		return;
	}
	const struct field *outer = loader->current;
	loader->current = field;
	field->read(loader, value, (char *)target + field->offset);
	loader->current = outer;
}

void loader_read_map(struct loader *loader, const struct yaml_node *node,
		     const struct field_set *set, void *target)
{
	if (node->kind == YAML_NULL)
		return;
	if (node->kind != YAML_MAP) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, "KEY: VALUE lines",
				"%s: a map is wanted here, not %s", set->name, yaml_describe(node));
		return;
	}
	size_t outer_count = loader->outer_count;
	if (outer_count < OUTER_MAX)
		loader->outer[loader->outer_count++] = set;
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct field *field = loader_find_field(set, key->text);
		/* A place for anchors. */
		if (field == NULL && set->is_open && strncmp(key->text, "x-", 2) == 0)
			continue;
		if (field == NULL)
			unknown_field(loader, key, set);
		else if (!is_known_here(loader, field))
			loader_error(loader, key, NULL, "'%s' is a field of %s, not of %s",
				     field->name, field->only, loader->kind);
		else
			read_field(loader, &node->pairs[i], field, set, target);
	}
	loader->outer_count = outer_count;
}

bool loader_is_found_in_folder(const struct loader *loader)
{
	const char *slash = strrchr(loader->file, '/');
	const char *name = slash != NULL ? slash + 1 : loader->file;
	return loader->is_searching && strcmp(name, "-") != 0 && strncmp(name, "i2kit.", 6) != 0 &&
	       !string_list_has(&loader->options->paths, loader->file);
}

const char *loader_namespace(const struct loader *loader)
{
	const char *chosen = loader->options->namespace_name;
	return chosen != NULL ? chosen : "default";
}

bool loader_leaves_out(struct loader *loader, const struct yaml_node *namespace_node)
{
	const char *chosen = loader->options->namespace_name;
	if (chosen == NULL || namespace_node == NULL || namespace_node->kind != YAML_SCALAR ||
	    strcmp(namespace_node->text, chosen) == 0)
		return false;
	loader->app->has_other_namespaces = true;
	AUTO_FREE char *what = xasprintf("namespace %.63s", namespace_node->text);
	if (!string_list_has(&loader->noted, what)) {
		string_list_add(&loader->noted, what);
		loader_note_as(loader, PROBLEM_LEFT_OUT, namespace_node, "%s is left out: -n %s",
			       what, chosen);
	}
	return true;
}
