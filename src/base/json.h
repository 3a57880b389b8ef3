/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_JSON_H
#define I2KIT_BASE_JSON_H

/*
 * Reading JSON without a check after every field: a view of something absent is absent too, absent
 * fields have the value the caller names, and the first field of a wrong type or out of range is
 * remembered and reported once, by json_document_check(), with its path: "containers[0].name".
 *
 *	AUTO_PTR(json_document) struct json_document *document =
 *		json_document_parse(bytes, size, "lock file", 0, err);
 *	if (document == NULL)
 *		return false;
 *	struct json_view root = json_document_root(document);
 *	ret->name = json_view_text(json_view_require(root, "name"));
 *	ret->port = (uint16_t)json_view_number(json_view_get(root, "port"), 1, 65535, 80);
 *	return json_document_check(document, err);
 *
 * Writing is in base/json_writer.h. jansson is met in these two alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/string_list.h"

#define JSON_MAX_DEPTH 64 /* objects and lists in one another; deeper is refused */

struct json_document;
struct json_t; /* jansson's */

/* A value, or the absence of one. Borrowed from its document; passed by value. */
struct json_view {
	const struct json_t *value;  /* NULL: absent */
	const struct json_t *parent; /* NULL: this is the root */
	const char *key;	     /* in the parent, when that is an object; borrowed */
	size_t index;		     /* in the parent, when that is a list */
	struct json_document *document;
};

enum json_read {
	JSON_LAST_KEY_WINS = 1, /* for what others write: a key may stand twice in an object */
	JSON_PREFIX = 2,	/* what follows the document is ignored */
};

/*
 * `what` names the document in messages ("lock file i2kit.lock"). NULL and *err (ERROR_INVALID,
 * with line and column) when the bytes are no JSON object or list.
 */
MUST_CHECK struct json_document *json_document_parse(const void *bytes, size_t size,
						     const char *what, unsigned flags,
						     struct error *err);
void json_document_free(struct json_document *document);
DEFINE_AUTO_PTR(json_document, json_document_free)
struct json_view json_document_root(struct json_document *document);
/* False (ERROR_INVALID) when a view met something it did not expect. */
MUST_CHECK bool json_document_check(const struct json_document *document, struct error *err);
/* The first complaint so far, as "'path' problem"; NULL: none. */
const char *json_document_problem(const struct json_document *document);

/* Remembers a problem of the caller's own, as if the view were of a wrong type: "is not a name". */
void json_view_complain(struct json_view view, const char *problem);

bool json_view_exists(struct json_view view);
bool json_view_is_object(struct json_view view);
bool json_view_is_list(struct json_view view);
bool json_view_is_text(struct json_view view);
bool json_view_is_number(struct json_view view); /* a whole one */
bool json_view_is_bool(struct json_view view);
/* Same type and content; the order of an object's keys does not count. Absent equals absent. */
bool json_view_equals(struct json_view a, struct json_view b);

/* An object's member; absent (or null) → absent. */
struct json_view json_view_get(struct json_view object, const char *key);
/* The same; its absence is a complaint, if the object is there. */
struct json_view json_view_require(struct json_view object, const char *key);
/* Complains about a member that is none of `keys`, whose last one is NULL. */
void json_view_refuse_unknown(struct json_view object, const char *const *keys);

/* How many elements a list has; absent: 0; more than `max` is a complaint, and 0. */
size_t json_view_count(struct json_view list, size_t max);
/* null is a complaint: what is in a list is counted on to be there. */
struct json_view json_view_at(struct json_view list, size_t index);

/*
 * An object's members in the document's order; its key is in the result.
 *	for (struct json_view m = json_view_first(object, 100); json_view_exists(m);
 *	     m = json_view_next(m))
 * Members that are null are passed over. More than `max` members are a complaint, and none.
 */
struct json_view json_view_first(struct json_view object, size_t max);
struct json_view json_view_next(struct json_view member);
/* How many there are, those that are null too. */
size_t json_view_members(struct json_view object, size_t max);

/* Owned; absent: NULL. */
char *json_view_text(struct json_view view);
/* Borrowed from the document; absent: NULL. */
const char *json_view_peek(struct json_view view);
/* "sha256:…"; absent: none. */
struct digest json_view_digest(struct json_view view);
bool json_view_bool(struct json_view view, bool absent);
int64_t json_view_number(struct json_view view, int64_t min, int64_t max, int64_t absent);
double json_view_real(struct json_view view, double absent); /* a whole number will do */
/* Adds the texts of a list to *ret. */
void json_view_texts(struct json_view list, size_t max, struct string_list *ret);
/* The index of a text in `words` (`count` of them; NULLs are no words); else a complaint. */
unsigned json_view_word(struct json_view view, const char *const *words, size_t count,
			unsigned absent);

#endif
