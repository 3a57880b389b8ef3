/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output_document.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "cli/json_path_write.h"
#include "cli/json_yaml.h"

/* How this run shows documents, as the log has a level: there is one standard output. */
static struct output_shape used;
static bool is_begun;

void output_shape_clear(struct output_shape *shape)
{
	json_path_free(shape->path);
	*shape = (struct output_shape){0};
}

bool output_shape_read(const char *word, const char *names, struct output_shape *ret,
		       struct error *err)
{
	static const char prefix[] = "jsonpath=";

	if (strncmp(word, prefix, strlen(prefix)) == 0) {
		ret->kind = SHAPE_PATH;
		ret->path = json_path_parse(word + strlen(prefix), err);
		return ret->path != NULL;
	}
	if (strcmp(word, "name") == 0) {
		ret->kind = SHAPE_NAME;
		if (names == NULL) {
			error_set(err, ERROR_USAGE, "-o name: there are no names in this");
			return error_hint(err, "-o json shows all there is");
		}
		ret->path = json_path_parse(names, err);
		return ret->path != NULL;
	}
	ret->kind = strcmp(word, "yaml") == 0 ? SHAPE_YAML : SHAPE_JSON;
	return true;
}

static void end_line(struct strbuf *out, size_t from)
{
	if (out->size > from && out->data[out->size - 1] != '\n')
		strbuf_append_char(out, '\n');
}

void output_shape_write(const struct output_shape *shape, const char *json, struct strbuf *out)
{
	size_t from = out->size;
	AUTO_PTR(json_document)
	struct json_document *document =
		shape->kind == SHAPE_JSON
			? NULL
			: json_document_parse(json, strlen(json), "the result", 0, NULL);

	if (document == NULL)
		strbuf_append(out, json);
	else if (shape->kind == SHAPE_YAML)
		json_yaml_write(json_document_root(document), out);
	else
		json_path_write(shape->path, json_document_root(document),
				shape->kind == SHAPE_NAME ? "\n" : " ", out);
	end_line(out, from);
}

void output_document_use(struct output_shape *shape)
{
	output_shape_clear(&used);
	used = *shape;
	*shape = (struct output_shape){0};
}

void output_document_append(const char *json, struct strbuf *out)
{
	/* Documents of a stream are told apart as YAML does. */
	if (used.kind == SHAPE_YAML && is_begun)
		strbuf_append(out, "---\n");
	is_begun = true;
	output_shape_write(&used, json, out);
}

void output_document(const char *json)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	output_document_append(json, &out);
	(void)fputs(strbuf_text(&out), stdout);
}

bool output_document_is_json(void)
{
	return used.kind == SHAPE_JSON;
}

bool output_document_is_begun(void)
{
	return is_begun;
}

/* The number between two colons from `at` on. */
static const char *read_number(const char *at, uint64_t *ret)
{
	size_t length = strspn(at, "0123456789");
	AUTO_FREE char *digits = xstrndup(at, length);

	return length > 0 && at[length] == ':' && parse_u64(digits, 1, 100000000, ret)
		       ? at + length + 1
		       : NULL;
}

/* "file:12:5: what", "file:12: what": where the file's name ends, or NULL. */
static const char *find_place(const char *message, uint64_t *ret_line, uint64_t *ret_column)
{
	for (const char *colon = strchr(message, ':'); colon != NULL;
	     colon = strchr(colon + 1, ':')) {
		const char *behind = read_number(colon + 1, ret_line);
		if (behind == NULL || colon == message)
			continue;
		const char *end = read_number(behind, ret_column);
		if (end == NULL)
			*ret_column = 0;
		if (*(end != NULL ? end : behind) == ' ')
			return colon;
	}
	return NULL;
}

static char *attached_key;
static char *attached_json;

void output_error_attach(const char *key, const char *json)
{
	free(attached_key);
	free(attached_json);
	attached_key = xstrdup(key);
	attached_json = xstrdup(json);
}

void output_error_write(const struct error *err, int code, struct strbuf *out)
{
	struct json_writer json = JSON_WRITER(out, 0);
	const char *message = err->message != NULL ? err->message : "failed";
	uint64_t line = 0;
	uint64_t column = 0;
	const char *end = find_place(message, &line, &column);
	AUTO_FREE char *file = end != NULL ? xstrndup(message, (size_t)(end - message)) : NULL;

	json_open_object(&json, NULL);
	json_open_object(&json, "error");
	json_write_text(&json, "kind", error_kind_word(err->kind));
	json_write_number(&json, "code", code);
	json_write_text(&json, "message", message);
	json_write_text(&json, "hint", err->hint);
	json_write_text(&json, "file", file);
	if (line > 0)
		json_write_unsigned(&json, "line", line);
	else
		json_write_null(&json, "line");
	if (column > 0)
		json_write_unsigned(&json, "column", column);
	else
		json_write_null(&json, "column");
	if (attached_json != NULL)
		json_write_raw(&json, attached_key, attached_json);
	json_close(&json);
	json_close(&json);
}
