/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/yaml_reader.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/problem.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_pairs.h"
#include "manifest/yaml_scalar.h"
#include "manifest/yaml_syntax.h"
#include "manifest/yaml_text.h"

enum { ANCHORS_MAX = 10000 };

struct anchor {
	char *name;		/* owned */
	struct yaml_node *node; /* NULL while it is still being read */
};

/* One run of libyaml, from `line_base` lines into the file to its end or first fatal error. */
struct reader {
	yaml_parser_t parser;
	const char *file;
	const char *text; /* what the parser reads, from line_base on */
	unsigned line_base;
	struct arena *arena;
	size_t node_count;
	struct anchor *anchors; /* of this document */
	size_t anchor_count;
	struct problem_list *problems;
	bool knows_merging;   /* !reset and !override */
	unsigned failed_line; /* in this run, from 0 */
};

static void anchors_clear(struct reader *reader)
{
	for (size_t i = 0; i < reader->anchor_count; i++)
		free(reader->anchors[i].name);
	free(reader->anchors);
	reader->anchors = NULL;
	reader->anchor_count = 0;
}

static void reader_clear(struct reader *reader)
{
	anchors_clear(reader);
	yaml_parser_delete(&reader->parser);
}

static void event_clear(yaml_event_t *event)
{
	yaml_event_delete(event);
}

static struct source_mark mark_of(const struct reader *reader, yaml_mark_t mark)
{
	return (struct source_mark){.file = reader->file,
				    .line = reader->line_base + (unsigned)mark.line + 1,
				    .column = (unsigned)mark.column + 1};
}

/* Reports what makes going on in this document impossible; the problem is the caller's to hint. */
static struct problem *fatal(struct reader *reader, yaml_mark_t mark, const char *message)
{
	reader->failed_line = (unsigned)mark.line;
	return problem_error(reader->problems, mark_of(reader, mark), "%s", message);
}

static void syntax_error(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	AUTO(yaml_diagnosis_clear) struct yaml_diagnosis diagnosis = {0};
	struct yaml_failure failure = {.text = reader->text,
				       .what = parser->problem != NULL ? parser->problem
								       : "cannot be read",
				       .context = parser->context,
				       .line = parser->problem_mark.line,
				       .column = parser->problem_mark.column,
				       .context_line = parser->context_mark.line,
				       .context_column = parser->context_mark.column};

	if (parser->error == YAML_READER_ERROR)
		yaml_text_place(reader->text, parser->problem_offset, &failure.line,
				&failure.column);
	if (parser->error == YAML_MEMORY_ERROR)
		failure.what = "too much memory wanted";
	yaml_syntax_diagnose(&failure, &diagnosis);
	yaml_mark_t mark = {.line = diagnosis.line, .column = diagnosis.column};
	struct problem *problem = fatal(reader, mark, diagnosis.message);
	if (diagnosis.hint != NULL)
		problem_hint(problem, "%s", diagnosis.hint);
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->parser, event) != 0)
		return true;
	syntax_error(reader);
	return false;
}

static struct yaml_node *node_new(struct reader *reader, enum yaml_kind kind, yaml_mark_t mark)
{
	if (++reader->node_count > YAML_MAX_NODES) {
		fatal(reader, mark, "more than 1000000 values in one file");
		return NULL;
	}
	struct yaml_node *node = arena_alloc(reader->arena, sizeof(*node));
	node->kind = kind;
	node->height = 1;
	node->weight = 1;
	node->line = reader->line_base + (unsigned)mark.line + 1;
	node->column = (unsigned)mark.column + 1;
	return node;
}

static char *arena_text(struct arena *arena, const char *text, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);
	memcpy(copy, text, size);
	return copy;
}

static enum yaml_tag tag_of(const struct reader *reader, const yaml_char_t *tag)
{
	const char *name = (const char *)tag;
	if (name == NULL || !reader->knows_merging)
		return YAML_TAG_NONE;
	if (strcmp(name, "!reset") == 0)
		return YAML_TAG_RESET;
	return strcmp(name, "!override") == 0 ? YAML_TAG_OVERRIDE : YAML_TAG_NONE;
}

/* Only the tags that say what is so anyway. */
static bool check_tag(struct reader *reader, const yaml_char_t *tag, yaml_mark_t mark)
{
	const char *name = (const char *)tag;
	if (tag_of(reader, tag) != YAML_TAG_NONE)
		return true;
	if (name == NULL || strcmp(name, "!") == 0 || strcmp(name, YAML_STR_TAG) == 0 ||
	    strcmp(name, YAML_SEQ_TAG) == 0 || strcmp(name, YAML_MAP_TAG) == 0)
		return true;
	static const char prefix[] = "tag:yaml.org,2002:";
	bool is_short = strncmp(name, prefix, sizeof(prefix) - 1) == 0;
	AUTO_FREE char *message =
		xasprintf("the tag %s%.80s; i2kit reads plain values only", is_short ? "!!" : "",
			  is_short ? name + sizeof(prefix) - 1 : name);
	problem_hint(fatal(reader, mark, message), "remove the tag");
	return false;
}

static struct yaml_node *read_scalar(struct reader *reader, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;

	if (!check_tag(reader, event->data.scalar.tag, event->start_mark))
		return NULL;
	if (memchr(text, '\0', length) != NULL) {
		problem_hint(fatal(reader, event->start_mark, "a NUL character inside text"),
			     "binary content goes into binaryData, in base64");
		return NULL;
	}
	struct yaml_node *node = node_new(reader, YAML_SCALAR, event->start_mark);
	if (node == NULL)
		return NULL;
	node->text = arena_text(reader->arena, text, length);
	node->size = length;
	node->tag = tag_of(reader, event->data.scalar.tag);
	node->is_quoted = event->data.scalar.plain_implicit == 0;
	node->is_block = event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
			 event->data.scalar.style == YAML_FOLDED_SCALAR_STYLE;
	bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (event->data.scalar.plain_implicit != 0 || (node->tag != YAML_TAG_NONE && is_plain))
		yaml_scalar_resolve(node);
	return node;
}

static struct yaml_node *read_alias(struct reader *reader, const yaml_event_t *event,
				    unsigned depth)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct yaml_node *node = NULL;
	bool is_open = false;

	for (size_t i = reader->anchor_count; i > 0 && node == NULL && !is_open; i--) {
		if (strcmp(reader->anchors[i - 1].name, name) != 0)
			continue;
		node = reader->anchors[i - 1].node;
		is_open = node == NULL;
	}
	if (node == NULL) {
		AUTO_FREE char *message =
			xasprintf(is_open ? "*%s stands inside of what it names"
					  : "*%s names nothing: there is no &%s before it",
				  name, name);
		fatal(reader, event->start_mark, message);
		return NULL;
	}
	reader->node_count += node->weight;
	if (reader->node_count > YAML_MAX_NODES) {
		fatal(reader, event->start_mark, "aliases that unfold to more than 1000000 values");
		return NULL;
	}
	if (depth + node->height > YAML_MAX_DEPTH) {
		fatal(reader, event->start_mark, "nested deeper than 64 levels");
		return NULL;
	}
	return node;
}

static struct yaml_node *read_node(struct reader *reader, const yaml_event_t *event,
				   unsigned depth);

static bool read_child(struct reader *reader, const yaml_event_t *event, unsigned depth,
		       struct yaml_node *parent, struct yaml_node **ret)
{
	struct yaml_node *child = read_node(reader, event, depth + 1);
	if (child == NULL)
		return false;
	parent->weight += child->weight;
	if (child->height + 1 > parent->height)
		parent->height = child->height + 1;
	*ret = child;
	return true;
}

static bool read_list(struct reader *reader, struct yaml_node *list, unsigned depth)
{
	AUTO_FREE struct yaml_node **items = NULL;
	for (;;) {
		AUTO(event_clear) yaml_event_t event = {0};
		if (!next_event(reader, &event))
			return false;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			break;
		struct yaml_node *child = NULL;
		if (!read_child(reader, &event, depth, list, &child))
			return false;
		items = array_grow((void *)items, list->item_count, sizeof(*items));
		items[list->item_count++] = child;
	}
	list->items = arena_alloc(reader->arena, list->item_count * sizeof(*items));
	if (items != NULL)
		memcpy((void *)list->items, (const void *)items, list->item_count * sizeof(*items));
	return true;
}

/* {{ … }} is a map in a map's key for YAML. */
static bool line_has_template(const struct reader *reader, size_t line)
{
	const char *at = reader->text;
	for (; at != NULL && line > 0; line--) {
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
	}
	const char *braces = at != NULL ? strstr(at, "{{") : NULL;
	return braces != NULL && memchr(at, '\n', (size_t)(braces - at)) == NULL;
}

static bool read_key(struct reader *reader, const yaml_event_t *event, struct yaml_pair *ret,
		     bool *ret_merge)
{
	if (event->type != YAML_SCALAR_EVENT) {
		bool is_template = line_has_template(reader, event->start_mark.line);
		struct problem *problem =
			fatal(reader, event->start_mark,
			      is_template ? "a template, not YAML yet" : "a key must be text");
		if (is_template)
			problem_hint(problem, "templates ({{ … }}) must be rendered first: helm "
					      "template, envsubst");
		else
			problem_hint(problem, "quote it: \"…\": VALUE");
		return false;
	}
	ret->key = read_scalar(reader, event);
	if (ret->key == NULL)
		return false;
	ret->key->kind = YAML_SCALAR;
	*ret_merge = event->data.scalar.plain_implicit != 0 && strcmp(ret->key->text, "<<") == 0;
	return true;
}

/* One pair; *ret_end at the end of the map. */
static bool read_pair(struct reader *reader, struct yaml_node *map, unsigned depth,
		      struct yaml_pair *ret, bool *ret_merge, bool *ret_end)
{
	AUTO(event_clear) yaml_event_t key_event = {0};
	AUTO(event_clear) yaml_event_t event = {0};
	*ret_end = false;
	if (!next_event(reader, &key_event))
		return false;
	if (key_event.type == YAML_MAPPING_END_EVENT) {
		*ret_end = true;
		return true;
	}
	return read_key(reader, &key_event, ret, ret_merge) && next_event(reader, &event) &&
	       read_child(reader, &event, depth, map, &ret->value);
}

static bool read_map(struct reader *reader, struct yaml_node *map, unsigned depth)
{
	AUTO(yaml_pairs_clear) struct yaml_pairs pairs = {0};
	struct yaml_pair merge = {0};
	for (;;) {
		struct yaml_pair pair = {0};
		bool is_merge = false;
		bool is_end = false;
		if (!read_pair(reader, map, depth, &pair, &is_merge, &is_end))
			return false;
		if (is_end)
			break;
		if (is_merge)
			merge = pair;
		else
			*ARRAY_APPEND(pairs.items, pairs.count) = pair;
	}
	yaml_pairs_drop_doubles(&pairs, reader->file, reader->problems);
	if (merge.value != NULL &&
	    !yaml_pairs_merge(&pairs, &merge, reader->file, reader->problems))
		return false;
	map->pair_count = pairs.count;
	map->pairs = arena_alloc(reader->arena, pairs.count * sizeof(*pairs.items));
	if (pairs.count > 0)
		memcpy(map->pairs, pairs.items, pairs.count * sizeof(*pairs.items));
	return true;
}

/* Remembers a name before its node is read, so that a node inside itself is seen. */
static bool open_anchor(struct reader *reader, const yaml_char_t *name, yaml_mark_t mark)
{
	if (name == NULL)
		return true;
	if (reader->anchor_count >= ANCHORS_MAX) {
		fatal(reader, mark, "more than 10000 anchors");
		return false;
	}
	ARRAY_APPEND(reader->anchors, reader->anchor_count)->name = xstrdup((const char *)name);
	return true;
}

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		return event->data.scalar.anchor;
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return event->data.sequence_start.anchor;
	return event->type == YAML_MAPPING_START_EVENT ? event->data.mapping_start.anchor : NULL;
}

static struct yaml_node *read_collection(struct reader *reader, const yaml_event_t *event,
					 unsigned depth)
{
	bool is_list = event->type == YAML_SEQUENCE_START_EVENT;
	const yaml_char_t *tag =
		is_list ? event->data.sequence_start.tag : event->data.mapping_start.tag;
	if (!check_tag(reader, tag, event->start_mark))
		return NULL;
	struct yaml_node *node =
		node_new(reader, is_list ? YAML_LIST : YAML_MAP, event->start_mark);
	if (node == NULL)
		return NULL;
	node->tag = tag_of(reader, tag);
	bool is_read = is_list ? read_list(reader, node, depth) : read_map(reader, node, depth);
	return is_read ? node : NULL;
}

static struct yaml_node *read_node(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
	if (depth > YAML_MAX_DEPTH) {
		fatal(reader, event->start_mark, "nested deeper than 64 levels");
		return NULL;
	}
	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(reader, event, depth);
	const yaml_char_t *name = anchor_of(event);
	size_t anchor = reader->anchor_count;
	if (!open_anchor(reader, name, event->start_mark))
		return NULL;
	struct yaml_node *node = event->type == YAML_SCALAR_EVENT
					 ? read_scalar(reader, event)
					 : read_collection(reader, event, depth);
	if (name != NULL && node != NULL)
		reader->anchors[anchor].node = node;
	return node;
}

/* False at the end of the stream or after a fatal error; *ret_failed tells which. */
static bool read_document(struct reader *reader, struct yaml_documents *documents, bool *ret_failed)
{
	AUTO(event_clear) yaml_event_t event = {0};
	*ret_failed = true;
	if (!next_event(reader, &event))
		return false;
	if (event.type == YAML_STREAM_END_EVENT) {
		*ret_failed = false;
		return false;
	}
	if (event.type != YAML_DOCUMENT_START_EVENT)
		return true;
	AUTO(event_clear) yaml_event_t root = {0};
	if (!next_event(reader, &root))
		return false;
	struct yaml_node *node = read_node(reader, &root, 1);
	if (node == NULL)
		return false;
	if (node->kind != YAML_NULL) {
		documents->roots = array_grow((void *)documents->roots, documents->count,
					      sizeof(*documents->roots));
		documents->roots[documents->count++] = node;
	}
	anchors_clear(reader);
	AUTO(event_clear) yaml_event_t end = {0};
	*ret_failed = !next_event(reader, &end);
	return !*ret_failed;
}

/* One run; true when a document failed, with its line (from 0, in this run) in *ret_line. */
static bool read_run(struct reader *reader, size_t size, struct yaml_documents *documents,
		     unsigned *ret_line)
{
	AUTO(event_clear) yaml_event_t start = {0};
	bool is_failed = false;

	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->text, size);
	if (!next_event(reader, &start))
		is_failed = true;
	while (!is_failed && read_document(reader, documents, &is_failed))
		;
	*ret_line = reader->failed_line;
	return is_failed;
}

static bool looks_like_json(const char *text)
{
	const char *start = text + strspn(text, " \t\r\n");
	return *start == '{' || *start == '[';
}

void yaml_documents_clear(struct yaml_documents *documents)
{
	arena_clear(&documents->arena);
	free((void *)documents->roots);
	*documents = (struct yaml_documents){0};
}

static void read_all(const char *file, const char *text, size_t size, bool knows_merging,
		     struct yaml_documents *ret, struct problem_list *problems)
{
	unsigned line = 0;
	size_t node_count = 0;

	static const char mark[] = "\xef\xbb\xbf"; /* Windows' editors put it first */
	if (size >= 3 && memcmp(text, mark, 3) == 0) {
		text += 3;
		size -= 3;
	}
	if (!yaml_text_check(file, text, size, problems))
		return;
	AUTO_FREE char *copy = xstrndup(text, size);
	if (looks_like_json(copy))
		yaml_text_join_surrogates(copy);
	for (const char *at = copy; at != NULL;) {
		AUTO(reader_clear)
		struct reader reader = {.file = file,
					.text = at,
					.line_base = line,
					.arena = &ret->arena,
					.node_count = node_count,
					.problems = problems,
					.knows_merging = knows_merging};
		unsigned failed = 0;
		unsigned next = 0;
		if (yaml_parser_initialize(&reader.parser) == 0)
			return;
		/* Past a bound nothing more is read of this file. */
		if (!read_run(&reader, strlen(at), ret, &failed) ||
		    reader.node_count > YAML_MAX_NODES || problems->count >= PROBLEM_MAX)
			return;
		node_count = reader.node_count;
		at = yaml_text_next_document(at, failed, &next);
		line += next;
	}
}

void yaml_read_all(const char *file, const char *text, size_t size, struct yaml_documents *ret,
		   struct problem_list *problems)
{
	read_all(file, text, size, false, ret, problems);
}

void yaml_read_merging(const char *file, const char *text, size_t size, struct yaml_documents *ret,
		       struct problem_list *problems)
{
	read_all(file, text, size, true, ret, problems);
}

bool yaml_read(const char *text, size_t size, struct yaml_documents *ret, struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};

	yaml_read_all("", text, size, &documents, &problems);
	if (problems.error_count > 0) {
		const struct problem *first = &problems.items[0];
		error_set(err, ERROR_INVALID, "%u:%u: %s", first->line, first->column,
			  first->message);
		return first->hint ? error_hint(err, "%s", first->hint) : false;
	}
	*ret = documents;
	documents = (struct yaml_documents){0};
	return true;
}
