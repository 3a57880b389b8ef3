/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_JSON_WRITER_H
#define I2KIT_BASE_JSON_WRITER_H

/*
 * Writing JSON: commas, colons, quotes and escapes are placed here.
 *
 *	struct json_writer json = JSON_WRITER(&out, 0);
 *	json_open_object(&json, NULL);
 *	json_write_text(&json, "name", "web");
 *	json_open_list(&json, "ports");
 *	json_write_number(&json, NULL, 80);
 *	json_close(&json);
 *	json_close(&json);				{"name":"web","ports":[80]}
 *
 * key: of the member; NULL in a list and for the document itself. A call out of place (a key in a
 * list, none in an object, a close too many) is a fault of the program and aborts it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "base/string_list.h"

enum json_style {
	JSON_PRETTY = 1,       /* a member a line, two spaces a level */
	JSON_ASCII = 2,	       /* other characters as \uXXXX: CloudFormation's parameters */
	JSON_LONG_ESCAPES = 4, /* \u0009 for a tab, as config digests were made: release_document */
	JSON_SORTED = 8,       /* json_write_view(): keys by byte value */
	JSON_WIDE = 16,	       /* with JSON_PRETTY: four spaces a level */
	JSON_SPACED = 32,      /* a space after colon and comma: Python's json.dumps */
	JSON_LOWER_HEX = 64,   /* \u00fc and not \u00FC: the same */
};

#define JSON_WRITER_DEPTH (JSON_MAX_DEPTH + 32) /* a document within others */

struct json_writer {
	struct strbuf *out; /* borrowed; may have a ceiling */
	unsigned style;
	unsigned depth;
	bool is_bad_text; /* a text was not UTF-8: it has U+FFFD in that place */
	struct {
		bool is_list;
		bool is_filled;
		bool is_parent_filled; /* before this one began, at `start` of out */
		size_t start;
	} levels[JSON_WRITER_DEPTH];
};

#define JSON_WRITER(buffer, how) ((struct json_writer){.out = (buffer), .style = (how)})

void json_open_object(struct json_writer *json, const char *key);
void json_open_list(struct json_writer *json, const char *key);
/* Ends the innermost object or list. */
void json_close(struct json_writer *json);
/* The same; takes it back, key and all, when nothing was written into it. */
void json_close_if_filled(struct json_writer *json);

void json_write_text(struct json_writer *json, const char *key, const char *text); /* NULL: null */
void json_write_bytes(struct json_writer *json, const char *key, const char *text, size_t size);
void json_write_number(struct json_writer *json, const char *key, int64_t number);
void json_write_unsigned(struct json_writer *json, const char *key, uint64_t number);
void json_write_real(struct json_writer *json, const char *key, double number); /* two decimals */
void json_write_bool(struct json_writer *json, const char *key, bool value);
void json_write_null(struct json_writer *json, const char *key);
void json_write_texts(struct json_writer *json, const char *key, const struct string_list *list);
/* A copy of what was read; absent: null. */
void json_write_view(struct json_writer *json, const char *key, struct json_view view);
/* A value that is JSON already, as it is. */
void json_write_raw(struct json_writer *json, const char *key, const char *value);

/* Members that are left out when they have no value: NULL, 0, false, an empty list. */
void json_write_text_if(struct json_writer *json, const char *key, const char *text);
void json_write_unsigned_if(struct json_writer *json, const char *key, uint64_t number);
void json_write_true_if(struct json_writer *json, const char *key, bool value);
void json_write_texts_if(struct json_writer *json, const char *key, const struct string_list *list);

/* A view as a text of its own, owned; absent: NULL. */
char *json_view_dump(struct json_view view, unsigned style);

#endif
