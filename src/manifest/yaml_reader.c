/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/yaml_reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"

static void node_free(struct yaml_node *node)
{
	if (node == NULL)
		return;
	free(node->text);
	for (size_t i = 0; i < node->pair_count; i++) {
		node_free(node->pairs[i].key);
		node_free(node->pairs[i].value);
	}
	free(node->pairs);
	for (size_t i = 0; i < node->item_count; i++)
		node_free(node->items[i]);
	free((void *)node->items);
	free(node);
}
DEFINE_AUTO_PTR(yaml_node, node_free)

void yaml_documents_clear(struct yaml_documents *documents)
{
	for (size_t i = 0; i < documents->count; i++)
		node_free(documents->roots[i]);
	free((void *)documents->roots);
	*documents = (struct yaml_documents){0};
}

struct anchor {
	char *name;
	const struct yaml_node *node; /* borrowed from the tree being built */
};

struct reader {
	yaml_parser_t parser;
	size_t nodes;
	struct anchor *anchors;
	size_t anchor_count;
	struct yaml_node **merged; /* owned: values of <<, which anchors may still point into */
	size_t merged_count;
	struct error *err;
};

static bool fail(struct reader *reader, yaml_mark_t mark, const char *message)
{
	return error_set(reader->err, ERROR_INVALID, "%zu:%zu: %s", mark.line + 1, mark.column + 1,
			 message);
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->parser, event))
		return true;
	yaml_mark_t mark = reader->parser.problem_mark;
	const char *problem = reader->parser.problem ? reader->parser.problem : "cannot be parsed";
	if (strcmp(problem, "found character that cannot start any token") == 0)
		problem =
			"a character that cannot stand here (a tab? YAML is indented with spaces)";
	return fail(reader, mark, problem);
}

static struct yaml_node *new_node(struct reader *reader, enum yaml_kind kind, yaml_mark_t mark)
{
	if (++reader->nodes > YAML_MAX_NODES) {
		fail(reader, mark, "more than 1,000,000 values, aliases expanded");
		return NULL;
	}
	struct yaml_node *node = xcalloc(1, sizeof(*node));
	node->kind = kind;
	node->line = (unsigned)mark.line + 1;
	node->column = (unsigned)mark.column + 1;
	return node;
}

static struct yaml_node *copy_node(struct reader *reader, const struct yaml_node *from,
				   yaml_mark_t mark)
{
	AUTO_PTR(yaml_node) struct yaml_node *node = new_node(reader, from->kind, mark);
	if (node == NULL)
		return NULL;
	/* A copy is where its anchor was written: that is where a mistake has to be mended. */
	node->line = from->line;
	node->column = from->column;
	node->is_quoted = from->is_quoted;
	node->size = from->size;
	node->text = from->text ? xmemdup(from->text, from->size + 1) : NULL;
	for (size_t i = 0; i < from->pair_count; i++) {
		struct yaml_pair *pair = ARRAY_APPEND(node->pairs, node->pair_count);
		pair->key = copy_node(reader, from->pairs[i].key, mark);
		pair->value = pair->key ? copy_node(reader, from->pairs[i].value, mark) : NULL;
		if (pair->value == NULL)
			return NULL;
	}
	for (size_t i = 0; i < from->item_count; i++) {
		struct yaml_node *item = copy_node(reader, from->items[i], mark);
		if (item == NULL)
			return NULL;
		*ARRAY_APPEND(node->items, node->item_count) = item;
	}
	return TAKE_PTR(node);
}

static bool check_tag(struct reader *reader, const yaml_char_t *tag, yaml_mark_t mark)
{
	static const char *const known[] = {"str",  "int", "bool", "float",
					    "null", "map", "seq",  "binary"};
	static const char prefix[] = "tag:yaml.org,2002:";
	const char *text = (const char *)tag;

	if (text == NULL || strcmp(text, "!") == 0)
		return true;
	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			if (strcmp(text + sizeof(prefix) - 1, known[i]) == 0)
				return true;
		}
	}
	AUTO_FREE char *message = xasprintf("the tag '%.60s' is not accepted", text);
	return fail(reader, mark, message);
}

static bool is_null_text(const char *text)
{
	return text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
	       strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

static struct yaml_node *read_scalar(struct reader *reader, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t size = event->data.scalar.length;

	if (!check_tag(reader, event->data.scalar.tag, event->start_mark))
		return NULL;
	if (memchr(text, '\0', size) != NULL) {
		fail(reader, event->start_mark, "a NUL byte in a value");
		return NULL;
	}
	bool is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	bool is_null = !is_quoted && is_null_text(text);
	struct yaml_node *node =
		new_node(reader, is_null ? YAML_NULL : YAML_SCALAR, event->start_mark);
	if (node == NULL)
		return NULL;
	node->is_quoted = is_quoted;
	node->text = xmemdup(text, size + 1);
	node->size = size;
	return node;
}

static struct yaml_node *read_node(struct reader *reader, const yaml_event_t *event, int depth);

static struct yaml_node *read_next(struct reader *reader, int depth, bool *ret_end,
				   yaml_event_type_t end)
{
	yaml_event_t event;
	*ret_end = false;
	if (!next_event(reader, &event))
		return NULL;
	struct yaml_node *node = NULL;
	if (event.type == end)
		*ret_end = true;
	else
		node = read_node(reader, &event, depth);
	yaml_event_delete(&event);
	return node;
}

static struct yaml_node *read_list(struct reader *reader, const yaml_event_t *start, int depth)
{
	AUTO_PTR(yaml_node) struct yaml_node *list = new_node(reader, YAML_LIST, start->start_mark);
	if (list == NULL || !check_tag(reader, start->data.sequence_start.tag, start->start_mark))
		return NULL;
	for (;;) {
		bool is_end = false;
		struct yaml_node *item =
			read_next(reader, depth + 1, &is_end, YAML_SEQUENCE_END_EVENT);
		if (is_end)
			return TAKE_PTR(list);
		if (item == NULL)
			return NULL;
		*ARRAY_APPEND(list->items, list->item_count) = item;
	}
}

static bool node_fail(struct reader *reader, const struct yaml_node *node, const char *message)
{
	return error_set(reader->err, ERROR_INVALID, "%u:%u: %s", node->line, node->column,
			 message);
}

/* Maps with thousands of keys are checked for doubles by sorting, not pair by pair. */
static int compare_keys(const void *a, const void *b)
{
	const struct yaml_node *left = *(const struct yaml_node *const *)a;
	const struct yaml_node *right = *(const struct yaml_node *const *)b;
	int order = strcmp(left->text, right->text);
	if (order != 0)
		return order;
	return left->line != right->line
		       ? (left->line < right->line ? -1 : 1)
		       : (left->column > right->column) - (left->column < right->column);
}

static bool check_duplicates(struct reader *reader, const struct yaml_node *map)
{
	if (map->pair_count < 2)
		return true;
	AUTO_FREE const struct yaml_node **keys = xcalloc(map->pair_count, sizeof(*keys));
	for (size_t i = 0; i < map->pair_count; i++)
		keys[i] = map->pairs[i].key;
	qsort((void *)keys, map->pair_count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < map->pair_count; i++) {
		if (strcmp(keys[i - 1]->text, keys[i]->text) != 0)
			continue;
		AUTO_FREE char *message =
			xasprintf("the key '%.60s' is given twice, first on line %u", keys[i]->text,
				  keys[i - 1]->line);
		return node_fail(reader, keys[i], message);
	}
	return true;
}

/* Adds what `from` has and the map does not. */
static bool merge_map(struct reader *reader, struct yaml_node *map, const struct yaml_node *from,
		      yaml_mark_t mark)
{
	if (from->kind != YAML_MAP)
		return node_fail(reader, from, "'<<' merges a map, or a list of maps");
	for (size_t i = 0; i < from->pair_count; i++) {
		if (yaml_get(map, from->pairs[i].key->text) != NULL)
			continue;
		struct yaml_node *key = copy_node(reader, from->pairs[i].key, mark);
		struct yaml_node *value =
			key ? copy_node(reader, from->pairs[i].value, mark) : NULL;
		if (value == NULL) {
			node_free(key);
			return false;
		}
		struct yaml_pair *pair = ARRAY_APPEND(map->pairs, map->pair_count);
		pair->key = key;
		pair->value = value;
	}
	return true;
}

static bool apply_merges(struct reader *reader, struct yaml_node *map, yaml_mark_t mark)
{
	for (size_t i = 0; i < map->pair_count; i++) {
		struct yaml_pair pair = map->pairs[i];
		if (pair.key->is_quoted || strcmp(pair.key->text, "<<") != 0)
			continue;
		memmove(map->pairs + i, map->pairs + i + 1,
			(map->pair_count - i - 1) * sizeof(pair));
		map->pair_count--;
		bool is_merged = true;
		if (pair.value->kind == YAML_LIST) {
			for (size_t k = 0; is_merged && k < pair.value->item_count; k++)
				is_merged = merge_map(reader, map, pair.value->items[k], mark);
		} else {
			is_merged = merge_map(reader, map, pair.value, mark);
		}
		node_free(pair.key);
		*ARRAY_APPEND(reader->merged, reader->merged_count) = pair.value;
		return is_merged;
	}
	return true;
}

static struct yaml_node *read_map(struct reader *reader, const yaml_event_t *start, int depth)
{
	AUTO_PTR(yaml_node) struct yaml_node *map = new_node(reader, YAML_MAP, start->start_mark);
	if (map == NULL || !check_tag(reader, start->data.mapping_start.tag, start->start_mark))
		return NULL;
	for (;;) {
		bool is_end = false;
		struct yaml_node *key =
			read_next(reader, depth + 1, &is_end, YAML_MAPPING_END_EVENT);
		if (is_end)
			break;
		if (key == NULL)
			return NULL;
		struct yaml_pair *pair = ARRAY_APPEND(map->pairs, map->pair_count);
		pair->key = key;
		if (key->kind == YAML_NULL && key->text != NULL && key->text[0] != '\0')
			key->kind = YAML_SCALAR;
		if (key->kind != YAML_SCALAR) {
			node_fail(reader, key, "a key must be plain text");
			return NULL;
		}
		pair->value = read_next(reader, depth + 1, &is_end, YAML_NO_EVENT);
		if (pair->value == NULL)
			return NULL;
	}
	if (!check_duplicates(reader, map) || !apply_merges(reader, map, start->start_mark))
		return NULL;
	return TAKE_PTR(map);
}

static struct yaml_node *read_alias(struct reader *reader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	for (size_t i = reader->anchor_count; i > 0; i--) {
		if (strcmp(reader->anchors[i - 1].name, name) == 0)
			return copy_node(reader, reader->anchors[i - 1].node, event->start_mark);
	}
	AUTO_FREE char *message = xasprintf("the alias '*%.60s' names no anchor before it", name);
	fail(reader, event->start_mark, message);
	return NULL;
}

static struct yaml_node *read_node(struct reader *reader, const yaml_event_t *event, int depth)
{
	const yaml_char_t *anchor = NULL;
	struct yaml_node *node = NULL;

	if (depth > YAML_MAX_DEPTH) {
		fail(reader, event->start_mark, "nested more than 64 deep");
		return NULL;
	}
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return read_alias(reader, event);
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		node = read_scalar(reader, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		node = read_list(reader, event, depth);
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		node = read_map(reader, event, depth);
		break;
	default:
		fail(reader, event->start_mark, "unexpected end");
		return NULL;
	}
	if (node != NULL && anchor != NULL) {
		struct anchor *kept = ARRAY_APPEND(reader->anchors, reader->anchor_count);
		kept->name = xstrdup((const char *)anchor);
		kept->node = node;
	}
	return node;
}

static void forget_anchors(struct reader *reader)
{
	for (size_t i = 0; i < reader->anchor_count; i++)
		free(reader->anchors[i].name);
	free(reader->anchors);
	reader->anchors = NULL;
	reader->anchor_count = 0;
	for (size_t i = 0; i < reader->merged_count; i++)
		node_free(reader->merged[i]);
	free((void *)reader->merged);
	reader->merged = NULL;
	reader->merged_count = 0;
}

static bool read_documents(struct reader *reader, struct yaml_documents *documents)
{
	for (;;) {
		yaml_event_t event;
		if (!next_event(reader, &event))
			return false;
		yaml_event_type_t type = event.type;
		struct yaml_node *root = NULL;
		bool is_node = type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
			       type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT;
		if (is_node)
			root = read_node(reader, &event, 1);
		yaml_event_delete(&event);
		if (type == YAML_DOCUMENT_END_EVENT)
			forget_anchors(reader);
		if (type == YAML_STREAM_END_EVENT)
			return true;
		if (!is_node)
			continue;
		if (root == NULL)
			return false;
		if (root->kind == YAML_NULL)
			node_free(root);
		else
			*ARRAY_APPEND(documents->roots, documents->count) = root;
	}
}

/* libyaml's own position is lost on bad bytes, so they are looked for first. */
static bool check_bytes(const char *text, size_t size, struct error *err)
{
	size_t bad = 0;
	const char *nul = memchr(text, '\0', size);
	const char *what = "a NUL byte";

	if (nul != NULL) {
		bad = (size_t)(nul - text);
	} else if (!utf8_is_valid(text, size, &bad)) {
		what = "bytes that are not UTF-8";
	} else {
		return true;
	}
	size_t line = 1;
	size_t column = 1;
	for (size_t i = 0; i < bad; i++, column++) {
		if (text[i] == '\n') {
			line++;
			column = 0;
		}
	}
	return error_set(err, ERROR_INVALID, "%zu:%zu: %s", line, column, what);
}

bool yaml_read(const char *text, size_t size, struct yaml_documents *ret, struct error *err)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	struct reader reader = {.err = err};

	if (size > YAML_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "1:1: larger than 16 MiB");
	if (!check_bytes(text, size, err))
		return false;
	if (!yaml_parser_initialize(&reader.parser))
		return error_set(err, ERROR_SYSTEM, "1:1: out of memory");
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
	bool is_read = read_documents(&reader, &documents);
	forget_anchors(&reader);
	yaml_parser_delete(&reader.parser);
	if (!is_read)
		return false;
	*ret = documents;
	documents = (struct yaml_documents){0};
	return true;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->pair_count; i++) {
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	}
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node == NULL || node->kind == YAML_NULL;
}

bool yaml_is_bool(const struct yaml_node *node, bool *ret)
{
	static const char *const yes[] = {"true", "yes", "on", "y"};
	static const char *const no[] = {"false", "no", "off", "n"};

	if (node == NULL || node->kind != YAML_SCALAR || node->is_quoted)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(node->text, yes[i]) == 0) {
			*ret = true;
			return true;
		}
		if (strcasecmp(node->text, no[i]) == 0) {
			*ret = false;
			return true;
		}
	}
	return false;
}
