/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_YAML_READER_H
#define I2KIT_MANIFEST_YAML_READER_H

/*
 * YAML 1.1 text (and so JSON) as bounded trees. Aliases are resolved, merge keys (<<) applied,
 * duplicate keys, tags of one's own, NUL bytes and invalid UTF-8 refused; every node knows where it
 * stands. The only place that knows libyaml.
 *
 * An alias is the very node it names, so a tree is a graph without cycles; `weight`, which counts
 * aliases in full, bounds what a walk over it can visit.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifest/arena.h"
#include "manifest/load.h"

enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_LIST, YAML_MAP };

/* What a scalar is for kubectl (sigs.k8s.io/yaml); a quoted one is always text. */
enum yaml_type { YAML_TEXT, YAML_BOOL, YAML_INTEGER, YAML_FLOAT };

struct yaml_node {
	enum yaml_kind kind;
	enum yaml_type type; /* of a scalar */
	bool is_block;	     /* scalar below | or >, which begins a line later */
	bool is_quoted;	     /* scalar in quotes or a block: text, whatever it looks like */
	unsigned line;	     /* from 1 */
	unsigned column;
	unsigned height;  /* of the tree below; a scalar has 1 */
	size_t weight;	  /* nodes in it */
	const char *file; /* where it stands, if in another file than its document; or NULL */
	const char *text; /* scalar: as written; NUL-terminated, has no NUL inside */
	size_t size;
	int64_t integer;	 /* YAML_INTEGER: the value; YAML_BOOL: 0 or 1 */
	struct yaml_pair *pairs; /* map, in order */
	size_t pair_count;
	struct yaml_node **items; /* list */
	size_t item_count;
};

struct yaml_pair {
	struct yaml_node *key; /* always a scalar */
	struct yaml_node *value;
};

#define YAML_MAX_BYTES ((size_t)16 << 20)
enum { YAML_MAX_DEPTH = 64, YAML_MAX_NODES = 1000000 };

struct yaml_documents {
	struct arena arena;	  /* holds all nodes */
	struct yaml_node **roots; /* owned array; empty documents are left out */
	size_t count;
};
void yaml_documents_clear(struct yaml_documents *documents);

/*
 * What is wrong goes to *problems, with file as its place, and reading goes on with the next
 * document. What could be read is in *ret whatever happened, the caller's to clear.
 */
void yaml_read_all(const char *file, const char *text, size_t size, struct yaml_documents *ret,
		   struct problem_list *problems);
/* The same where one problem is enough: err begins "line:column: ", *ret is untouched then. */
MUST_CHECK bool yaml_read(const char *text, size_t size, struct yaml_documents *ret,
			  struct error *err);

/* The value of a key in a map, or NULL; map may be NULL or no map. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
bool yaml_is_null(const struct yaml_node *node);
/* True for booleans of YAML 1.1 (yes, no, on, off among them), unless quoted. */
bool yaml_is_bool(const struct yaml_node *node, bool *ret);
bool yaml_is_text(const struct yaml_node *node, const char *text);
/* "a number", "a list", "the boolean": for messages. */
const char *yaml_describe(const struct yaml_node *node);

#endif
