/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_YAML_READER_H
#define I2KIT_MANIFEST_YAML_READER_H

/*
 * YAML 1.1 text (and so JSON) as bounded trees. Anchors are expanded, merge keys (<<) applied,
 * duplicate keys, tags of one's own, NUL bytes and invalid UTF-8 refused; every node knows where it
 * stands. The only place that knows libyaml.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	bool is_quoted; /* a quoted scalar is text, whatever it looks like */
	unsigned line;	/* from 1 */
	unsigned column;
	char *text; /* scalar; NUL-terminated, has no NUL inside */
	size_t size;
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
	struct yaml_node **roots; /* owned; empty documents are left out */
	size_t count;
};
void yaml_documents_clear(struct yaml_documents *documents);

/* The error's message begins "line:column: "; what was read before it is thrown away. */
MUST_CHECK bool yaml_read(const char *text, size_t size, struct yaml_documents *ret,
			  struct error *err);

/* The value of a key in a map, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* Scalars as Kubernetes reads them (YAML 1.1: yes, no, on, off are booleans unless quoted). */
bool yaml_is_bool(const struct yaml_node *node, bool *ret);
bool yaml_is_null(const struct yaml_node *node);

#endif
