/* SPDX-License-Identifier: Apache-2.0 */
#include "base/xml.h"

#include <expat.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

#define MAX_BYTES    ((size_t)16 * 1024 * 1024)
#define MAX_DEPTH    64
#define MAX_ELEMENTS 500000

struct xml_reader {
	XML_Parser parser;
	struct xml *root; /* owned */
	struct xml *open[MAX_DEPTH];
	struct strbuf text[MAX_DEPTH];
	size_t depth;
	size_t elements;
	const char *refusal; /* why it was stopped, or NULL */
};

static void reader_clear(struct xml_reader *reader)
{
	for (size_t i = 0; i < MAX_DEPTH; i++)
		strbuf_clear(&reader->text[i]);
	xml_free(reader->root);
	if (reader->parser != NULL)
		XML_ParserFree(reader->parser);
}

void xml_free(struct xml *root)
{
	/* The depth is bounded by the reader, the breadth is not: siblings in a loop. */
	while (root != NULL) {
		struct xml *next = root->next;
		xml_free(root->first);
		free(root->name);
		free(root->text);
		free(root);
		root = next;
	}
}

static void refuse(struct xml_reader *reader, const char *why)
{
	reader->refusal = why;
	(void)XML_StopParser(reader->parser, XML_FALSE);
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	(void)attributes;
	struct xml_reader *reader = arg;
	if (reader->depth == MAX_DEPTH || reader->elements == MAX_ELEMENTS) {
		refuse(reader, "nested too deep or too long");
		return;
	}
	reader->elements++;
	const char *colon = strrchr(name, ':');
	struct xml *node = xcalloc(1, sizeof(*node));
	node->name = xstrdup(colon != NULL ? colon + 1 : name);
	if (reader->depth == 0) {
		reader->root = node;
	} else {
		struct xml *parent = reader->open[reader->depth - 1];
		if (parent->last != NULL)
			parent->last->next = node;
		else
			parent->first = node;
		parent->last = node;
	}
	strbuf_reset(&reader->text[reader->depth]);
	reader->open[reader->depth++] = node;
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	(void)name;
	struct xml_reader *reader = arg;
	reader->depth--;
	const char *text = strbuf_text(&reader->text[reader->depth]);
	text += strspn(text, " \t\r\n");
	size_t size = strlen(text);
	while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
		size--;
	reader->open[reader->depth]->text = xstrndup(text, size);
}

static void XMLCALL on_text(void *arg, const XML_Char *bytes, int size)
{
	struct xml_reader *reader = arg;
	if (reader->depth > 0)
		strbuf_append_bytes(&reader->text[reader->depth - 1], bytes, (size_t)size);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id,
			       const XML_Char *public_id, int has_internal_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_internal_subset;
	refuse(arg, "a document type is not accepted");
}

/* An element cut short by a refusal has no text yet. */
struct xml *xml_parse(const char *bytes, size_t size, struct error *err)
{
	if (size > MAX_BYTES) {
		error_set(err, ERROR_INVALID, "the XML answer is larger than 16 MiB");
		return NULL;
	}
	AUTO(reader_clear) struct xml_reader reader = {.parser = XML_ParserCreate("UTF-8")};
	if (reader.parser == NULL) {
		error_set(err, ERROR_SYSTEM, "no XML parser");
		return NULL;
	}
	XML_SetUserData(reader.parser, &reader);
	XML_SetElementHandler(reader.parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader.parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
	if (XML_Parse(reader.parser, bytes, (int)size, XML_TRUE) == XML_STATUS_OK)
		return TAKE_PTR(reader.root);
	error_set(err, ERROR_INVALID, "the answer is not XML: %s",
		  reader.refusal != NULL ? reader.refusal
					 : XML_ErrorString(XML_GetErrorCode(reader.parser)));
	return NULL;
}

const struct xml *xml_find(const struct xml *node, const char *path)
{
	while (node != NULL && *path != '\0') {
		size_t size = strcspn(path, "/");
		const struct xml *child = node->first;
		while (child != NULL &&
		       (strncmp(child->name, path, size) != 0 || child->name[size] != '\0'))
			child = child->next;
		node = child;
		path += size + (path[size] == '/');
	}
	return node;
}

const char *xml_text(const struct xml *node, const char *path)
{
	const struct xml *found = xml_find(node, path);
	return found != NULL ? found->text : NULL;
}
