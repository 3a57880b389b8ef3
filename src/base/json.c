/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

#define MAX_PATH_BYTES 200 /* of a path in a message: keys come from outside */

struct json_document {
	json_t *root;
	char *what;    /* owned; what the document is, for messages */
	char *problem; /* owned; the first one, or NULL */
};

/* --- the document --------------------------------------------------------------------------- */

/* jansson's own limit, 2048, is more than a recursive reader with small stacks should be given. */
static bool is_too_deep(const char *bytes, size_t size)
{
	size_t depth = 0;
	bool is_text = false;
	for (size_t i = 0; i < size; i++) {
		char c = bytes[i];
		if (is_text && c == '\\')
			i++;
		else if (c == '"')
			is_text = !is_text;
		else if (!is_text && (c == '{' || c == '['))
			depth++;
		else if (!is_text && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > JSON_MAX_DEPTH)
			return true;
	}
	return false;
}

struct json_document *json_document_parse(const void *bytes, size_t size, const char *what,
					  unsigned flags, struct error *err)
{
	if (is_too_deep(bytes, size)) {
		(void)error_set(err, ERROR_INVALID, "%s: nested deeper than %d levels", what,
				JSON_MAX_DEPTH);
		return NULL;
	}
	size_t how = ((flags & JSON_LAST_KEY_WINS) != 0 ? 0 : JSON_REJECT_DUPLICATES) |
		     ((flags & JSON_PREFIX) != 0 ? JSON_DISABLE_EOF_CHECK : 0);
	json_error_t problem;
	json_t *root = json_loadb(bytes, size, how, &problem);
	if (root == NULL) {
		(void)error_set(err, ERROR_INVALID, "%s:%d:%d: %s", what, problem.line,
				problem.column, problem.text);
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
	return (struct json_view){.value = document->root, .document = document};
}

bool json_document_check(const struct json_document *document, struct error *err)
{
	if (document->problem == NULL)
		return true;
	return error_set(err, ERROR_INVALID, "%s: %s", document->what, document->problem);
}

const char *json_document_problem(const struct json_document *document)
{
	return document->problem;
}

/* --- complaints ----------------------------------------------------------------------------- */

static void append_step(struct strbuf *path, const json_t *parent, const char *key, size_t index)
{
	if (json_is_array(parent))
		strbuf_appendf(path, "[%zu]", index);
	else
		strbuf_appendf(path, "%s%s", path->size > 0 ? "." : "", key);
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

/*
 * A view does not know how it was reached; only a complaint needs that, so it is looked for then.
 * An object or list has one place in a document (true, false and null are shared by all of them).
 */
static bool find_path(const json_t *at, const json_t *wanted, struct strbuf *path)
{
	size_t before = path->size;
	if (at == wanted)
		return true;
	for (size_t i = 0; i < json_array_size(at); i++) {
		append_step(path, at, "", i);
		if (find_path(json_array_get(at, i), wanted, path))
			return true;
		path->size = before;
	}
	json_t *object = unconst(at);
	for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
		append_step(path, at, json_object_iter_key(i), 0);
		if (find_path(json_object_iter_value(i), wanted, path))
			return true;
		path->size = before;
	}
	return false;
}

void json_view_complain(struct json_view view, const char *problem)
{
	struct json_document *document = view.document;
	if (document->problem != NULL)
		return;
	AUTO(strbuf_clear) struct strbuf path = STRBUF_MAX(MAX_PATH_BYTES);
	if (view.parent != NULL && find_path(document->root, view.parent, &path))
		append_step(&path, view.parent, view.key, view.index);
	else if (view.key != NULL) /* a member of something absent */
		strbuf_append(&path, view.key);
	document->problem = path.size > 0 ? xasprintf("'%s' %s", strbuf_text(&path), problem)
					  : xstrdup(problem);
}

static size_t complain(struct json_view view, const char *problem)
{
	json_view_complain(view, problem);
	return 0;
}

/* --- what a view is of ---------------------------------------------------------------------- */

bool json_view_exists(struct json_view view)
{
	return view.value != NULL;
}

bool json_view_is_object(struct json_view view)
{
	return json_is_object(view.value);
}

bool json_view_is_list(struct json_view view)
{
	return json_is_array(view.value);
}

bool json_view_is_text(struct json_view view)
{
	return json_is_string(view.value);
}

bool json_view_is_number(struct json_view view)
{
	return json_is_integer(view.value);
}

bool json_view_is_bool(struct json_view view)
{
	return json_is_boolean(view.value);
}

bool json_view_equals(struct json_view a, struct json_view b)
{
	return (a.value == NULL && b.value == NULL) || json_equal(a.value, b.value) == 1;
}

/* --- members and elements ------------------------------------------------------------------- */

static const json_t *null_is_absent(const json_t *value)
{
	return json_is_null(value) ? NULL : value;
}

struct json_view json_view_get(struct json_view object, const char *key)
{
	if (object.value != NULL && !json_is_object(object.value))
		(void)complain(object, "is not an object");
	return (struct json_view){.value = null_is_absent(json_object_get(object.value, key)),
				  .parent = object.value,
				  .key = key,
				  .document = object.document};
}

struct json_view json_view_require(struct json_view object, const char *key)
{
	struct json_view view = json_view_get(object, key);
	if (view.value == NULL && object.value != NULL)
		(void)complain(view, "is missing");
	return view;
}

void json_view_refuse_unknown(struct json_view object, const char *const *keys)
{
	for (struct json_view member = json_view_first(object, SIZE_MAX); member.value != NULL;
	     member = json_view_next(member)) {
		size_t i = 0;
		while (keys[i] != NULL && strcmp(keys[i], member.key) != 0)
			i++;
		if (keys[i] == NULL)
			(void)complain(member, "is not known");
	}
}

size_t json_view_count(struct json_view list, size_t max)
{
	if (list.value == NULL)
		return 0;
	if (!json_is_array(list.value))
		return complain(list, "is not a list");
	size_t count = json_array_size(list.value);
	return count <= max ? count : complain(list, "has too many elements");
}

struct json_view json_view_at(struct json_view list, size_t index)
{
	const json_t *value = json_array_get(list.value, index);
	struct json_view view = {.value = null_is_absent(value),
				 .parent = list.value,
				 .index = index,
				 .document = list.document};
	if (json_is_null(value))
		(void)complain(view, "is null");
	return view;
}

size_t json_view_members(struct json_view object, size_t max)
{
	if (object.value == NULL)
		return 0;
	if (!json_is_object(object.value))
		return complain(object, "is not an object");
	size_t count = json_object_size(object.value);
	return count <= max ? count : complain(object, "has too many members");
}

/* The first member at or after `at` that is not null. */
static struct json_view member_at(const json_t *object, void *at, struct json_document *document)
{
	while (at != NULL && json_is_null(json_object_iter_value(at)))
		at = json_object_iter_next(unconst(object), at);
	return (struct json_view){.value = at != NULL ? json_object_iter_value(at) : NULL,
				  .parent = object,
				  .key = at != NULL ? json_object_iter_key(at) : "",
				  .document = document};
}

struct json_view json_view_first(struct json_view object, size_t max)
{
	void *first =
		json_view_members(object, max) > 0 ? json_object_iter(unconst(object.value)) : NULL;
	return member_at(object.value, first, object.document);
}

struct json_view json_view_next(struct json_view member)
{
	json_t *object = unconst(member.parent);
	void *at = json_object_iter_next(object, json_object_key_to_iter(member.key));
	return member_at(object, at, member.document);
}

/* --- values --------------------------------------------------------------------------------- */

const char *json_view_peek(struct json_view view)
{
	if (view.value != NULL && !json_is_string(view.value))
		(void)complain(view, "is not a text");
	return json_string_value(view.value); /* without a NUL inside: jansson refuses those */
}

char *json_view_text(struct json_view view)
{
	return xstrdup_or_null(json_view_peek(view));
}

struct digest json_view_digest(struct json_view view)
{
	struct digest digest = {0};
	const char *text = json_view_peek(view);
	if (text != NULL && !digest_parse(text, &digest))
		(void)complain(view, "is not a digest");
	return digest;
}

bool json_view_bool(struct json_view view, bool absent)
{
	if (view.value == NULL)
		return absent;
	if (!json_is_boolean(view.value))
		(void)complain(view, "is neither true nor false");
	return json_is_true(view.value);
}

int64_t json_view_number(struct json_view view, int64_t min, int64_t max, int64_t absent)
{
	if (view.value == NULL)
		return absent;
	int64_t number = json_integer_value(view.value);
	if (json_is_integer(view.value) && number >= min && number <= max)
		return number;
	AUTO_FREE char *problem =
		xasprintf("is not a whole number from %" PRId64 " to %" PRId64, min, max);
	(void)complain(view, problem);
	return absent;
}

double json_view_real(struct json_view view, double absent)
{
	if (view.value == NULL)
		return absent;
	if (!json_is_number(view.value))
		(void)complain(view, "is not a number");
	return json_number_value(view.value);
}

void json_view_texts(struct json_view list, size_t max, struct string_list *ret)
{
	size_t count = json_view_count(list, max);
	for (size_t i = 0; i < count; i++) {
		struct json_view element = json_view_at(list, i);
		const char *text = json_view_peek(element);
		if (text != NULL)
			string_list_add(ret, text);
		else
			(void)complain(element, "is not a text");
	}
}

unsigned json_view_word(struct json_view view, const char *const *words, size_t count,
			unsigned absent)
{
	const char *text = json_view_peek(view);
	if (text == NULL)
		return absent;
	AUTO(strbuf_clear) struct strbuf problem = STRBUF_INIT;
	for (size_t i = 0; i < count; i++) {
		if (words[i] == NULL)
			continue;
		if (strcmp(words[i], text) == 0)
			return (unsigned)i;
		strbuf_appendf(&problem, "%s%s", problem.size > 0 ? ", " : "is none of ", words[i]);
	}
	(void)complain(view, strbuf_text(&problem));
	return absent;
}
