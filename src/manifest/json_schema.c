/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/json_schema.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/string_list.h"
#include "manifest/compose/reader.h"
#include "manifest/environment.h"
#include "manifest/loader.h"
#include "manifest/read_value.h"
#include "manifest/short_form.h"

enum { SETS_MAX = 192 };

/* The maps that are written as definitions, in the order they are met. */
struct schema_writer {
	struct json_writer json;
	const struct field_set *sets[SETS_MAX];
	size_t set_count;
};

static size_t index_of(struct schema_writer *writer, const struct field_set *set)
{
	for (size_t i = 0; i < writer->set_count; i++) {
		if (writer->sets[i] == set)
			return i;
	}
	if (writer->set_count < SETS_MAX)
		writer->sets[writer->set_count++] = set;
	return writer->set_count - 1;
}

static void write_reference(struct schema_writer *writer, const char *key,
			    const struct field_set *set)
{
	AUTO_FREE char *path = xasprintf("#/definitions/%zu", index_of(writer, set));
	json_open_object(&writer->json, key);
	json_write_text(&writer->json, "$ref", path);
	json_close(&writer->json);
}

/* {"type": WORD} as an item, or with what each item is. */
static void write_type(struct schema_writer *writer, const char *word, const char *item)
{
	json_open_object(&writer->json, NULL);
	json_write_text(&writer->json, "type", word);
	if (item != NULL) {
		bool is_map = strcmp(word, "object") == 0;
		json_open_object(&writer->json, is_map ? "additionalProperties" : "items");
		json_open_list(&writer->json, "type");
		json_write_text(&writer->json, NULL, "string");
		json_write_text(&writer->json, NULL, "number");
		json_write_text(&writer->json, NULL, "boolean");
		json_write_text(&writer->json, NULL, "null");
		json_close(&writer->json);
		json_close(&writer->json);
	}
	json_close(&writer->json);
}

/* Alternatives for a value; "" ends them. */
struct shape {
	field_fn *read;	   /* or NULL */
	const char *takes; /* or NULL */
	const char *types[4];
};

static const struct shape shapes[] = {
	{read_text, NULL, {"string"}},
	{read_name, NULL, {"string"}},
	{read_scalar, NULL, {"string", "number", "boolean"}},
	{read_bool, NULL, {"boolean"}},
	{read_tristate, NULL, {"boolean"}},
	{read_u32, NULL, {"integer"}},
	{read_u64, NULL, {"integer"}},
	{read_port_number, NULL, {"integer"}},
	{read_bytes, NULL, {"string", "number"}},
	{read_millis, NULL, {"string", "number"}},
	{read_mode, NULL, {"integer", "string"}},
	{NULL, "text", {"string"}},
	{NULL, "name", {"string"}},
	{NULL, "number", {"integer"}},
	{NULL, "true or false", {"boolean"}},
};

static const struct shape *find_shape(const struct field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		/* What is said of it tells more than who reads it. */
		bool is_read = field->takes == NULL && shapes[i].read != NULL &&
			       shapes[i].read == field->read;
		bool is_taken = shapes[i].takes != NULL && field->takes != NULL &&
				strcmp(shapes[i].takes, field->takes) == 0;
		if (is_read || is_taken)
			return &shapes[i];
	}
	return NULL;
}

static bool takes(const struct field *field, const char *words)
{
	return field->takes != NULL && strcmp(field->takes, words) == 0;
}

static const char one_or_many[] = "text, map, or a list of them";

static void write_list_of(struct schema_writer *writer, const struct field *field)
{
	json_open_object(&writer->json, NULL);
	json_write_text(&writer->json, "type", "array");
	json_open_object(&writer->json, "items");
	json_open_list(&writer->json, "anyOf");
	write_reference(writer, NULL, field->inner);
	if (field->is_named || takes(field, one_or_many)) {
		write_type(writer, "string", NULL);
		write_type(writer, "number", NULL);
	}
	json_close(&writer->json);
	json_close(&writer->json);
	json_close(&writer->json);
}

static void write_names_of(struct schema_writer *writer, const struct field *field)
{
	json_open_object(&writer->json, NULL);
	json_write_text(&writer->json, "type", "object");
	json_open_object(&writer->json, "additionalProperties");
	json_open_list(&writer->json, "anyOf");
	write_reference(writer, NULL, field->inner);
	write_type(writer, "string", NULL);
	write_type(writer, "number", NULL);
	write_type(writer, "boolean", NULL);
	write_type(writer, "null", NULL);
	json_close(&writer->json);
	json_close(&writer->json);
	json_close(&writer->json);
}

/* A map, or several in a list or by their names. */
static void write_map_shapes(struct schema_writer *writer, const struct field *field)
{
	if (!field->is_list && !field->is_named)
		write_reference(writer, NULL, field->inner);
	if (field->is_list || field->is_named || takes(field, one_or_many))
		write_list_of(writer, field);
	if (field->is_named)
		write_names_of(writer, field);
}

static void write_shapes(struct schema_writer *writer, const struct field *field,
			 const struct shape *shape)
{
	json_open_list(&writer->json, "anyOf");
	for (size_t i = 0; shape != NULL && shape->types[i] != NULL; i++)
		write_type(writer, shape->types[i], NULL);
	if (field->inner != NULL)
		write_map_shapes(writer, field);
	if (field->read == read_text_list || field->read == read_number_list ||
	    takes(field, "list of texts, or text"))
		write_type(writer, "array", "scalar");
	if (takes(field, "list of texts, or text") || takes(field, one_or_many) ||
	    takes(field, "map, or text"))
		write_type(writer, "string", NULL);
	if (takes(field, "map of texts"))
		write_type(writer, "object", "scalar");
	write_type(writer, "null", NULL);
	json_close(&writer->json);
}

static void write_choices(struct schema_writer *writer, const char *choices)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	string_list_split(&words, choices, '|');
	json_write_texts(&writer->json, "enum", &words);
}

static char *description(const struct field *field)
{
	const char *help = field->help != NULL ? field->help : "";
	if (field->verdict == FIELD_REFUSED)
		return xasprintf("refused; instead: %s", help);
	if (field->verdict == FIELD_NO_EFFECT)
		return xasprintf("no effect here: %s", help);
	return field->cloud != NULL ? xasprintf("%s%sin the cloud: %s", help,
						help[0] != '\0' ? "; " : "", field->cloud)
				    : xstrdup(help);
}

static void write_field(struct schema_writer *writer, const struct field *field)
{
	const struct shape *shape = find_shape(field);
	bool is_known = shape != NULL || field->inner != NULL || field->read == read_text_list ||
			field->read == read_number_list || takes(field, "map of texts") ||
			takes(field, "list of texts, or text");
	AUTO_FREE char *text = description(field);

	json_open_object(&writer->json, field->name);
	if (text[0] != '\0')
		json_write_text(&writer->json, "description", text);
	if (field->verdict == FIELD_REFUSED) {
		json_open_object(&writer->json, "not");
		json_close(&writer->json);
	} else if (field->verdict == FIELD_USED && field->choices != NULL) {
		write_choices(writer, field->choices);
	} else if (field->verdict == FIELD_USED && is_known) {
		write_shapes(writer, field, shape);
	}
	json_close(&writer->json);
}

static void write_properties(struct schema_writer *writer, const struct field_set *set)
{
	json_open_object(&writer->json, "properties");
	for (const struct field_set *part = set; part != NULL; part = part->base) {
		for (size_t i = 0; i < part->count; i++) {
			/* What the outer set spells differently is its own. */
			if (loader_find_field(set, part->fields[i].name) == &part->fields[i])
				write_field(writer, &part->fields[i]);
		}
	}
	json_close(&writer->json);
}

static void write_set(struct schema_writer *writer, const struct field_set *set)
{
	json_write_text(&writer->json, "title", set->name);
	json_write_text(&writer->json, "type", "object");
	write_properties(writer, set);
	json_open_object(&writer->json, "patternProperties");
	json_open_object(&writer->json, "^x-");
	json_close(&writer->json);
	json_close(&writer->json);
	json_write_bool(&writer->json, "additionalProperties", false);
}

/* New ones are met while they are written. */
static void write_definitions(struct schema_writer *writer)
{
	json_open_object(&writer->json, "definitions");
	for (size_t i = 0; i < writer->set_count; i++) {
		AUTO_FREE char *name = xasprintf("%zu", i);
		json_open_object(&writer->json, name);
		write_set(writer, writer->sets[i]);
		json_close(&writer->json);
	}
	json_close(&writer->json);
}

static void write_required(struct schema_writer *writer, const char *first, const char *second)
{
	json_open_list(&writer->json, "required");
	json_write_text(&writer->json, NULL, first);
	if (second != NULL)
		json_write_text(&writer->json, NULL, second);
	json_close(&writer->json);
}

/* Kubernetes' own objects have schemas of their own in editors. */
static void write_manifest(struct schema_writer *writer)
{
	json_open_object(&writer->json, "if");
	write_required(writer, "apiVersion", NULL);
	json_close(&writer->json);
	json_open_object(&writer->json, "then");
	write_required(writer, "kind", NULL);
	json_close(&writer->json);
	write_reference(writer, "else", &short_fields);
}

static const struct {
	const char *name;
	const char *title;
	const struct field_set *set; /* NULL: manifests, which may be Kubernetes' */
} schemas[] = {
	{"manifest", "i2kit.yml", NULL},
	{"environment", "environment.yml of i2kit promote", &environment_fields},
	{"compose", "a Compose file, by what i2kit does with it", &compose_fields},
};

bool json_schema_write(const char *name, struct strbuf *ret, struct error *err)
{
	struct schema_writer writer = {.json = JSON_WRITER(ret, JSON_PRETTY)};
	size_t which = 0;

	while (which < ARRAY_SIZE(schemas) && strcmp(schemas[which].name, name) != 0)
		which++;
	if (which == ARRAY_SIZE(schemas)) {
		error_set(err, ERROR_USAGE, "there is no schema '%.40s'", name);
		return error_hint(err, "manifest, environment or compose");
	}
	json_open_object(&writer.json, NULL);
	json_write_text(&writer.json, "$schema", "http://json-schema.org/draft-07/schema#");
	json_write_text(&writer.json, "title", schemas[which].title);
	if (schemas[which].set == NULL) {
		write_manifest(&writer);
	} else {
		json_open_list(&writer.json, "allOf");
		write_reference(&writer, NULL, schemas[which].set);
		json_close(&writer.json);
	}
	write_definitions(&writer);
	json_close(&writer.json);
	strbuf_append_char(ret, '\n');
	return true;
}
