/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/json_view.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"

#define MAX_PROBLEM 200

struct json_document {
	json_t *root;
	char *what;    /* owned; what the document is, for messages */
	char *problem; /* owned; the first one, or NULL */
};

struct json_document *json_document_parse(const void *bytes, size_t size, const char *what,
					  struct error *err)
{
	json_error_t problem;
	json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &problem);
	if (root == NULL) {
		(void)error_set(err, ERROR_INVALID, "%s:%d:%d: %s", what, problem.line,
				problem.column, problem.text);
		return NULL;
	}
	if (!json_is_object(root)) {
		json_decref(root);
		(void)error_set(err, ERROR_INVALID, "%s: not a JSON object", what);
		return NULL;
	}
	struct json_document *document = xcalloc(1, sizeof(*document));
	document->root = root;
	document->what = xstrdup(what);
	return document;
}

void json_document_free(struct json_document *document)
{
	if (document == NULL)
		return;
	json_decref(document->root);
	free(document->what);
	free(document->problem);
	free(document);
}

struct json_view json_document_root(struct json_document *document)
{
	return (struct json_view){document->root, "document", document};
}

bool json_document_check(const struct json_document *document, struct error *err)
{
	if (document->problem == NULL)
		return true;
	return error_set(err, ERROR_INVALID, "%s: %s", document->what, document->problem);
}

void json_document_complain(struct json_document *document, const char *name, const char *problem)
{
	if (document->problem == NULL)
		document->problem = xasprintf("'%.*s' %s", MAX_PROBLEM, name, problem);
}

static const json_t *value_of(struct json_view view)
{
	return view.value;
}

static bool complain(struct json_view view, const char *problem)
{
	json_document_complain(view.document, view.name, problem);
	return false;
}

bool json_view_exists(struct json_view view)
{
	return view.value != NULL;
}

static struct json_view view_of(struct json_document *document, const char *name,
				const json_t *value)
{
	return (struct json_view){json_is_null(value) ? NULL : value, name, document};
}

struct json_view json_view_get(struct json_view object, const char *key)
{
	if (object.value == NULL)
		return (struct json_view){NULL, key, object.document};
	if (!json_is_object(value_of(object))) {
		(void)complain(object, "is not an object");
		return (struct json_view){NULL, key, object.document};
	}
	return view_of(object.document, key, json_object_get(value_of(object), key));
}

size_t json_view_count(struct json_view list, size_t max)
{
	if (list.value == NULL)
		return 0;
	if (!json_is_array(value_of(list)))
		return complain(list, "is not a list");
	size_t count = json_array_size(value_of(list));
	if (count > max)
		return complain(list, "has too many elements");
	return count;
}

struct json_view json_view_at(struct json_view list, size_t index)
{
	return view_of(list.document, list.name, json_array_get(value_of(list), index));
}

size_t json_view_members(struct json_view object, size_t max)
{
	if (object.value == NULL)
		return 0;
	if (!json_is_object(value_of(object)))
		return complain(object, "is not an object");
	size_t count = json_object_size(value_of(object));
	if (count > max)
		return complain(object, "has too many members");
	return count;
}

/* jansson wants a non-const object to iterate, and changes nothing in it. */
static json_t *unconst(const json_t *value)
{
	union {
		const json_t *from;
		json_t *to;
	} both = {.from = value};
	return both.to;
}

struct json_view json_view_member(struct json_view object, size_t index, const char **ret_key)
{
	json_t *json = unconst(value_of(object));
	void *at = json_object_iter(json);
	for (; index > 0 && at != NULL; index--)
		at = json_object_iter_next(json, at);
	*ret_key = at != NULL ? json_object_iter_key(at) : "";
	return view_of(object.document, *ret_key, at != NULL ? json_object_iter_value(at) : NULL);
}

const char *json_view_peek(struct json_view view)
{
	if (view.value == NULL)
		return NULL;
	if (!json_is_string(value_of(view))) {
		(void)complain(view, "is not a text");
		return NULL;
	}
	const char *text = json_string_value(value_of(view));
	if (strlen(text) != json_string_length(value_of(view))) {
		(void)complain(view, "has a NUL inside");
		return NULL;
	}
	return text;
}

char *json_view_text(struct json_view view)
{
	return xstrdup_or_null(json_view_peek(view));
}

bool json_view_bool(struct json_view view, bool absent)
{
	if (view.value == NULL)
		return absent;
	if (!json_is_boolean(value_of(view)))
		(void)complain(view, "is neither true nor false");
	return json_is_true(value_of(view));
}

int64_t json_view_number(struct json_view view, int64_t min, int64_t max, int64_t absent)
{
	if (view.value == NULL)
		return absent;
	int64_t number = json_is_integer(value_of(view)) ? json_integer_value(value_of(view)) : 0;
	if (json_is_integer(value_of(view)) && number >= min && number <= max)
		return number;
	AUTO_FREE char *problem =
		xasprintf("is not a whole number from %" PRId64 " to %" PRId64, min, max);
	(void)complain(view, problem);
	return absent;
}

void json_view_texts(struct json_view list, size_t max, struct string_list *ret)
{
	size_t count = json_view_count(list, max);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_view_peek(json_view_at(list, i));
		if (text != NULL)
			string_list_add(ret, text);
		else
			(void)complain(list, "is not a list of texts");
	}
}
