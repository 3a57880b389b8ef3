/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_TREE_H
#define I2KIT_MANIFEST_TREE_H

/*
 * YAML trees that change. Trees of a reader share what aliases name; a copy of tree_copy() shares
 * nothing, so it can be written to. All nodes live as long as the store.
 */

#include "manifest/arena.h"
#include "manifest/yaml_node.h"

struct tree_store {
	struct arena arena;
	size_t node_count;
	bool is_full; /* past TREE_NODES_MAX: copies are cut short, and the build must fail */
};
enum { TREE_NODES_MAX = 1000000 };

struct yaml_node *tree_copy(struct tree_store *store, const struct yaml_node *node);
/* New nodes; where they are said to stand is where `like` does. */
struct yaml_node *tree_text(struct tree_store *store, const char *text,
			    const struct yaml_node *like);
struct yaml_node *tree_new(struct tree_store *store, enum yaml_kind kind,
			   const struct yaml_node *like);
const char *tree_string(struct tree_store *store, const char *text);

/* The value of a key, or NULL; map may be NULL or no map. */
struct yaml_node *tree_get(const struct yaml_node *map, const char *key);
/* Its text, or NULL where it is none. */
const char *tree_get_text(const struct yaml_node *map, const char *key);
/* Replaces the value, or adds the pair. */
void tree_set(struct tree_store *store, struct yaml_node *map, const char *key,
	      struct yaml_node *value);
void tree_set_text(struct tree_store *store, struct yaml_node *map, const char *key,
		   const char *text);
/* The map below a key; made when missing or null. NULL: something else stands there. */
struct yaml_node *tree_get_map(struct tree_store *store, struct yaml_node *map, const char *key);
void tree_remove(struct yaml_node *map, const char *key);
void tree_insert(struct tree_store *store, struct yaml_node *list, size_t index,
		 struct yaml_node *item);
void tree_remove_item(struct yaml_node *list, size_t index);
bool tree_is_equal(const struct yaml_node *a, const struct yaml_node *b);
/* 1 for a scalar. */
unsigned tree_height(const struct yaml_node *node);

/*
 * Calls fn for each map that holds the last word of a path such as
 * "spec/template/spec/containers/image"; lists on the way are gone through. With `creates`, maps
 * that are missing on the way are made, but for one called "name[]", which is a list.
 */
typedef void tree_fn(struct tree_store *store, struct yaml_node *map, const char *key,
		     void *context);
void tree_visit(struct tree_store *store, struct yaml_node *root, const char *path, bool creates,
		tree_fn *fn, void *context);

#endif
