/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/loader.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"

enum { MAX_PROBLEMS = 200 };

void problem_list_clear(struct problem_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].file);
		free(list->items[i].message);
		free(list->items[i].hint);
	}
	free(list->items);
	*list = (struct problem_list){0};
}

static void add_problem(struct loader *loader, enum problem_severity severity,
			const struct source_mark *mark, const char *hint, const char *fmt,
			va_list args)
{
	struct problem_list *list = loader->problems;

	if (severity == PROBLEM_ERROR)
		list->error_count++;
	if (list->count >= MAX_PROBLEMS)
		return;
	struct problem *problem = ARRAY_APPEND(list->items, list->count);
	problem->severity = severity;
	problem->file = xstrdup(mark->file ? mark->file : loader->file ? loader->file : "-");
	problem->line = mark->line;
	problem->column = mark->column;
	problem->message = xvasprintf(fmt, args);
	problem->hint = xstrdup_or_null(hint);
}

struct source_mark loader_mark(const struct loader *loader, const struct yaml_node *node)
{
	return (struct source_mark){.file = loader->file,
				    .line = node ? node->line : 0,
				    .column = node ? node->column : 0};
}

void loader_error(struct loader *loader, const struct yaml_node *node, const char *hint,
		  const char *fmt, ...)
{
	struct source_mark mark = loader_mark(loader, node);
	va_list args;
	va_start(args, fmt);
	add_problem(loader, PROBLEM_ERROR, &mark, hint, fmt, args);
	va_end(args);
}

void loader_error_at(struct loader *loader, const struct source_mark *mark, const char *hint,
		     const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add_problem(loader, PROBLEM_ERROR, mark, hint, fmt, args);
	va_end(args);
}

void loader_note(struct loader *loader, const struct yaml_node *node, const char *fmt, ...)
{
	struct source_mark mark = loader_mark(loader, node);
	va_list args;
	va_start(args, fmt);
	add_problem(loader, PROBLEM_NOTE, &mark, NULL, fmt, args);
	va_end(args);
}

void loader_warn(struct loader *loader, const struct yaml_node *node, const char *fmt, ...)
{
	struct source_mark mark = loader_mark(loader, node);
	va_list args;
	va_start(args, fmt);
	add_problem(loader, PROBLEM_WARNING, &mark, NULL, fmt, args);
	va_end(args);
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

/* Levenshtein's distance, upper and lower case alike. */
static size_t distance(const char *a, const char *b)
{
	enum { LONGEST = 40 };
	size_t row[LONGEST + 1];
	size_t a_size = strlen(a);
	size_t b_size = strlen(b);

	if (a_size > LONGEST || b_size > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= b_size; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t above = row[j];
			bool is_same = tolower((unsigned char)a[i - 1]) ==
				       tolower((unsigned char)b[j - 1]);
			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (is_same ? 0 : 1));
			diagonal = above;
		}
	}
	return row[b_size];
}

const char *loader_nearest(const char *name, const struct field_set *set)
{
	const char *nearest = NULL;
	size_t least = strlen(name) / 3 + 1;

	for (size_t i = 0; i < set->count; i++) {
		size_t far = distance(name, set->fields[i].name);
		if (far <= least) {
			least = far ? far - 1 : 0;
			nearest = set->fields[i].name;
		}
	}
	return nearest;
}

static void unknown_field(struct loader *loader, const struct yaml_node *key,
			  const struct field_set *set)
{
	const char *nearest = loader_nearest(key->text, set);
	AUTO_FREE char *hint =
		nearest ? xasprintf("did you mean '%s'?", nearest)
			: xasprintf("i2kit explain %s lists what is known", set->name);
	loader_error(loader, key, hint, "unknown field '%.80s' in a %s", key->text, set->name);
}

static void note_once(struct loader *loader, const struct yaml_node *key, const struct field *field,
		      const struct field_set *set)
{
	AUTO_FREE char *path = xasprintf("%s.%s", set->name, field->name);
	if (string_list_has(&loader->noted, path))
		return;
	string_list_add(&loader->noted, path);
	loader_note(loader, key, "'%s' has no effect here%s%s", field->name,
		    field->help ? ": " : "", field->help ? field->help : "");
}

void loader_read_map(struct loader *loader, const struct yaml_node *node,
		     const struct field_set *set, void *target)
{
	if (node->kind == YAML_NULL)
		return;
	if (node->kind != YAML_MAP) {
		loader_error(loader, node, NULL, "a %s must be a map of fields", set->name);
		return;
	}
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct field *field = NULL;
		for (size_t k = 0; k < set->count && field == NULL; k++) {
			if (strcmp(set->fields[k].name, key->text) == 0)
				field = &set->fields[k];
		}
		if (field == NULL)
			unknown_field(loader, key, set);
		else if (field->verdict == FIELD_REFUSED)
			loader_error(loader, key, field->help, "'%s' is not supported",
				     field->name);
		else if (field->verdict == FIELD_NO_EFFECT)
			note_once(loader, key, field, set);
		else if (field->read != NULL && !yaml_is_null(node->pairs[i].value))
			field->read(loader, node->pairs[i].value, (char *)target + field->offset);
	}
}

void read_ignored(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)loader;
	(void)node;
	(void)target;
}

static bool want_scalar(struct loader *loader, const struct yaml_node *node, const char *what)
{
	if (node->kind == YAML_SCALAR)
		return true;
	loader_error(loader, node, NULL, "%s is wanted here", what);
	return false;
}

void read_text(struct loader *loader, const struct yaml_node *node, void *target)
{
	char **text = target;
	if (!want_scalar(loader, node, "text"))
		return;
	free(*text);
	*text = xstrdup(node->text);
}

bool name_is_valid(const char *name)
{
	size_t length = strlen(name);
	if (length == 0 || length > 63)
		return false;
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
		return false;
	return name[0] != '-' && name[length - 1] != '-';
}

void read_name(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, target);
	if (node->kind == YAML_SCALAR && !name_is_valid(node->text))
		loader_error(loader, node,
			     "lower-case letters, digits and '-', at most 63 (RFC 1123)",
			     "'%.80s' is no valid name", node->text);
}

void read_bool(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (!yaml_is_bool(node, target))
		loader_error(loader, node, NULL, "true or false is wanted here");
}

void read_tristate(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool value = false;
	if (yaml_is_bool(node, &value))
		*(enum tristate *)target = value ? TRI_TRUE : TRI_FALSE;
	else
		loader_error(loader, node, NULL, "true or false is wanted here");
}

void read_u64(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_SCALAR || !parse_u64(node->text, 0, INT64_MAX, target))
		loader_error(loader, node, NULL, "a whole number is wanted here, 0 or more");
}

void read_u32(struct loader *loader, const struct yaml_node *node, void *target)
{
	uint64_t value = 0;
	if (node->kind != YAML_SCALAR || !parse_u64(node->text, 0, INT32_MAX, &value))
		loader_error(loader, node, NULL, "a whole number is wanted here, 0 to 2147483647");
	else
		*(uint32_t *)target = (uint32_t)value;
}

void read_port_number(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_SCALAR || !parse_port(node->text, target))
		loader_error(loader, node, NULL, "a port is wanted here, 1 to 65535");
}

static bool suffix_factor(const char *suffix, double *ret_factor)
{
	static const struct {
		const char *suffix;
		double factor;
	} factors[] = {{"", 1.0},
		       {"n", 1e-9},
		       {"u", 1e-6},
		       {"m", 1e-3},
		       {"k", 1e3},
		       {"M", 1e6},
		       {"G", 1e9},
		       {"T", 1e12},
		       {"P", 1e15},
		       {"E", 1e18},
		       {"Ki", 1024.0},
		       {"Mi", 1048576.0},
		       {"Gi", 1073741824.0},
		       {"Ti", 1099511627776.0},
		       {"Pi", 1125899906842624.0},
		       {"Ei", 1152921504606846976.0}};
	for (size_t i = 0; i < ARRAY_SIZE(factors); i++) {
		if (strcmp(factors[i].suffix, suffix) == 0) {
			*ret_factor = factors[i].factor;
			return true;
		}
	}
	return false;
}

bool quantity_parse_millis(const char *text, uint64_t *ret)
{
	char number[40];
	double value = 0;
	double factor = 1;
	size_t digits = strspn(text, "0123456789.+-");

	/* 1e3 is a number, 1E is exa. */
	if ((text[digits] == 'e' || text[digits] == 'E') && text[digits + 1] != '\0')
		digits = strlen(text);
	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (!parse_double(number, &value) || !suffix_factor(text + digits, &factor) || value < 0)
		return false;
	value = value * factor * 1000.0;
	if (value > 9e18)
		return false;
	*ret = (uint64_t)(value + 0.999999);
	return true;
}

void read_millis(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_SCALAR || !quantity_parse_millis(node->text, target))
		loader_error(loader, node, "as in 500m, 0.5, 2", "'%.40s' is no quantity",
			     node->text ? node->text : "");
}

void read_bytes(struct loader *loader, const struct yaml_node *node, void *target)
{
	uint64_t millis = 0;
	if (node->kind != YAML_SCALAR || !quantity_parse_millis(node->text, &millis))
		loader_error(loader, node, "as in 64Mi, 1Gi, 128974848", "'%.40s' is no quantity",
			     node->text ? node->text : "");
	else
		*(uint64_t *)target = millis / 1000;
}

void read_mode(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned mode = 0;
	uint64_t decimal = 0;
	/* YAML 1.1: a leading 0 means octal; Kubernetes' JSON writes decimals. */
	if (node->kind == YAML_SCALAR && node->text[0] == '0' &&
	    parse_octal(node->text, 0777, &mode))
		*(uint16_t *)target = (uint16_t)mode;
	else if (node->kind == YAML_SCALAR && parse_u64(node->text, 0, 0777, &decimal))
		*(uint16_t *)target = (uint16_t)decimal;
	else
		loader_error(loader, node, "as in 0644", "file permissions are wanted here");
}

void read_text_list(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_LIST) {
		loader_error(loader, node, NULL, "a list of texts is wanted here");
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		if (want_scalar(loader, node->items[i], "text"))
			string_list_add(target, node->items[i]->text);
	}
}

void read_key_values(struct loader *loader, const struct yaml_node *node, struct key_value **array,
		     size_t *count)
{
	if (node->kind != YAML_MAP) {
		loader_error(loader, node, NULL, "a map of texts is wanted here");
		return;
	}
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		if (value->kind != YAML_NULL && !want_scalar(loader, value, "text"))
			continue;
		struct key_value *pair = ARRAY_APPEND(*array, *count);
		pair->key = xstrdup(node->pairs[i].key->text);
		pair->value = xstrdup(value->text ? value->text : "");
	}
}
