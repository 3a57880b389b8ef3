/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_YAML_NODE_H
#define I2KIT_MANIFEST_YAML_NODE_H

/* A tree of YAML: what yaml_reader.h makes, and how to look at it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_LIST, YAML_MAP };

/* What a scalar is for kubectl (sigs.k8s.io/yaml); a quoted one is always text. */
enum yaml_type { YAML_TEXT, YAML_BOOL, YAML_INTEGER, YAML_FLOAT };

/* What a tag of a Compose file says about what stood in files before; yaml_read_merging() alone. */
enum yaml_tag { YAML_TAG_NONE, YAML_TAG_RESET, YAML_TAG_OVERRIDE };

struct yaml_node {
	enum yaml_kind kind;
	enum yaml_type type; /* of a scalar */
	enum yaml_tag tag;
	bool is_block;	/* scalar below | or >, which begins a line later */
	bool is_quoted; /* scalar in quotes or a block: text, whatever it looks like */
	unsigned line;	/* from 1 */
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

/* The value of a key in a map, or NULL; map may be NULL or no map. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
bool yaml_is_null(const struct yaml_node *node);
/* True for booleans of YAML 1.1 (yes, no, on, off among them), unless quoted. */
bool yaml_is_bool(const struct yaml_node *node, bool *ret);
bool yaml_is_text(const struct yaml_node *node, const char *text);
/* "a number", "a list", "the boolean": for messages. */
const char *yaml_describe(const struct yaml_node *node);

#endif
