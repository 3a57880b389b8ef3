/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_JSON_VIEW_H
#define I2KIT_GUEST_DOCUMENTS_JSON_VIEW_H

/*
 * Reading JSON documents without a check after every field: a view of something absent is absent
 * too, absent fields have the value the caller names, and the first field of a wrong type or out of
 * range is remembered and reported once, by json_document_check(), with its name.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/string_list.h"

struct json_document;

struct json_view {
	const void *value; /* NULL: absent */
	const char *name;  /* of the field, for messages */
	struct json_document *document;
};

/* NULL and *err when the bytes are no JSON object, or have a key twice. */
MUST_CHECK struct json_document *json_document_parse(const void *bytes, size_t size,
						     const char *what, struct error *err);
void json_document_free(struct json_document *document);
DEFINE_AUTO_PTR(json_document, json_document_free)
struct json_view json_document_root(struct json_document *document);
/* False when a view met something it did not expect. */
MUST_CHECK bool json_document_check(const struct json_document *document, struct error *err);
/* Remembers a problem of the caller's own, as if a field were wrong. */
void json_document_complain(struct json_document *document, const char *name, const char *problem);

bool json_view_exists(struct json_view view);
/* An object's member; absent (or null) → absent. */
struct json_view json_view_get(struct json_view object, const char *key);
/* How many elements a list has; absent: 0; at most `max`, more is a complaint. */
size_t json_view_count(struct json_view list, size_t max);
struct json_view json_view_at(struct json_view list, size_t index);
/* The same for an object's members, in the document's order. */
size_t json_view_members(struct json_view object, size_t max);
struct json_view json_view_member(struct json_view object, size_t index, const char **ret_key);

/* Owned, NUL-terminated; absent: NULL. A text with a NUL inside is a complaint. */
char *json_view_text(struct json_view view);
/* Borrowed; for comparing. */
const char *json_view_peek(struct json_view view);
bool json_view_bool(struct json_view view, bool absent);
int64_t json_view_number(struct json_view view, int64_t min, int64_t max, int64_t absent);
void json_view_texts(struct json_view list, size_t max, struct string_list *ret);

#endif
