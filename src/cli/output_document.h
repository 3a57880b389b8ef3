/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_OUTPUT_DOCUMENT_H
#define I2KIT_CLI_OUTPUT_DOCUMENT_H

/*
 * What -o makes of a result. Verbs write one JSON document (or one for each line of a stream); here
 * it becomes JSON, YAML, the names in it, or what a jsonpath picks.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "cli/json_path.h"

enum output_shape_kind { SHAPE_JSON, SHAPE_YAML, SHAPE_NAME, SHAPE_PATH };

struct output_shape {
	enum output_shape_kind kind;
	struct json_path *path; /* owned; NAME, PATH */
};
void output_shape_clear(struct output_shape *shape);

/*
 * word: "json", "yaml", "name", "jsonpath=…". names: the jsonpath of the names in a verb's document,
 * or NULL: it has none.
 */
MUST_CHECK bool output_shape_read(const char *word, const char *names, struct output_shape *ret,
				  struct error *err);
/* Appends one document; what is no JSON stays as it is. */
void output_shape_write(const struct output_shape *shape, const char *json, struct strbuf *out);

/* For the rest of the run; by main. Takes what shape has. */
void output_document_use(struct output_shape *shape);
bool output_document_is_json(void); /* and nothing is to be made of it */
/* To stdout, with a newline at its end. */
void output_document(const char *json);
void output_document_append(const char *json, struct strbuf *out);
/* Whether there was one: then an error needs none. */
bool output_document_is_begun(void);

/* A member more of the next error's document: a list of what is wrong. Both are copied. */
void output_error_attach(const char *key, const char *json);
/* {"error":{kind, code, message, hint, file, line, column}}; code is the exit status. */
void output_error_write(const struct error *err, int code, struct strbuf *out);

#endif
