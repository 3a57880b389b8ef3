/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/tree.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/yaml_node.h"

enum { PATH_DEPTH_MAX = 32 };

struct yaml_node *tree_new(struct tree_store *store, enum yaml_kind kind,
			   const struct yaml_node *like)
{
	struct yaml_node *node = arena_alloc(&store->arena, sizeof(*node));
	node->kind = kind;
	node->text = "";
	node->weight = 1;
	if (like != NULL) {
		node->file = like->file;
		node->line = like->line;
		node->column = like->column;
	}
	if (++store->node_count > TREE_NODES_MAX)
		store->is_full = true;
	return node;
}

const char *tree_string(struct tree_store *store, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_alloc(&store->arena, size);
	memcpy(copy, text, size);
	return copy;
}

struct yaml_node *tree_text(struct tree_store *store, const char *text,
			    const struct yaml_node *like)
{
	struct yaml_node *node = tree_new(store, YAML_SCALAR, like);
	node->text = tree_string(store, text);
	node->size = strlen(text);
	node->is_quoted = true;
	return node;
}

/*
 * Arrays have room for the next power of two, so that what is added to one by one takes no more than
 * twice what it holds.
 */
static size_t room_of(size_t count)
{
	size_t room = 1;
	while (room < count)
		room *= 2;
	return room;
}

static bool is_full(size_t count)
{
	return (count & (count - 1)) == 0; /* a power of two, or none */
}

struct yaml_node *tree_copy(struct tree_store *store, const struct yaml_node *node)
{
	struct yaml_node *copy = arena_alloc(&store->arena, sizeof(*copy));
	*copy = *node;
	store->is_full = store->is_full || ++store->node_count > TREE_NODES_MAX;
	if (store->is_full) {
		copy->pair_count = 0;
		copy->item_count = 0;
		return copy;
	}
	copy->pairs = arena_alloc(&store->arena, room_of(node->pair_count) * sizeof(*copy->pairs));
	for (size_t i = 0; i < node->pair_count; i++) {
		copy->pairs[i].key = node->pairs[i].key;
		copy->pairs[i].value = tree_copy(store, node->pairs[i].value);
	}
	copy->items = arena_alloc(&store->arena, room_of(node->item_count) * sizeof(*copy->items));
	for (size_t i = 0; i < node->item_count; i++)
		copy->items[i] = tree_copy(store, node->items[i]);
	return copy;
}

struct yaml_node *tree_get(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->pair_count; i++) {
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	}
	return NULL;
}

const char *tree_get_text(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = tree_get(map, key);
	return node != NULL && node->kind == YAML_SCALAR ? node->text : NULL;
}

void tree_set(struct tree_store *store, struct yaml_node *map, const char *key,
	      struct yaml_node *value)
{
	for (size_t i = 0; i < map->pair_count; i++) {
		if (strcmp(map->pairs[i].key->text, key) == 0) {
			map->pairs[i].value = value;
			return;
		}
	}
	if (is_full(map->pair_count)) {
		struct yaml_pair *pairs =
			arena_alloc(&store->arena, room_of(map->pair_count + 1) * sizeof(*pairs));
		if (map->pair_count > 0)
			memcpy(pairs, map->pairs, map->pair_count * sizeof(*pairs));
		map->pairs = pairs;
	}
	map->pairs[map->pair_count].key = tree_text(store, key, value);
	map->pairs[map->pair_count].value = value;
	map->pair_count++;
}

void tree_set_text(struct tree_store *store, struct yaml_node *map, const char *key,
		   const char *text)
{
	const struct yaml_node *before = tree_get(map, key);
	tree_set(store, map, key, tree_text(store, text, before != NULL ? before : map));
}

struct yaml_node *tree_get_map(struct tree_store *store, struct yaml_node *map, const char *key)
{
	struct yaml_node *node = tree_get(map, key);
	if (node != NULL && node->kind != YAML_NULL)
		return node->kind == YAML_MAP ? node : NULL;
	node = tree_new(store, YAML_MAP, map);
	tree_set(store, map, key, node);
	return node;
}

void tree_remove(struct yaml_node *map, const char *key)
{
	for (size_t i = 0; i < map->pair_count; i++) {
		if (strcmp(map->pairs[i].key->text, key) != 0)
			continue;
		memmove(&map->pairs[i], &map->pairs[i + 1],
			(map->pair_count - i - 1) * sizeof(*map->pairs));
		map->pair_count--;
		return;
	}
}

void tree_insert(struct tree_store *store, struct yaml_node *list, size_t index,
		 struct yaml_node *item)
{
	if (is_full(list->item_count)) {
		struct yaml_node **items = arena_alloc(
			&store->arena, room_of(list->item_count + 1) * sizeof(struct yaml_node *));
		if (list->item_count > 0)
			memcpy((void *)items, (void *)list->items,
			       list->item_count * sizeof(struct yaml_node *));
		list->items = items;
	}
	memmove((void *)&list->items[index + 1], (void *)&list->items[index],
		(list->item_count - index) * sizeof(struct yaml_node *));
	list->items[index] = item;
	list->item_count++;
}

void tree_remove_item(struct yaml_node *list, size_t index)
{
	for (size_t i = index; i + 1 < list->item_count; i++)
		list->items[i] = list->items[i + 1];
	list->item_count--;
}

static bool is_scalar_equal(const struct yaml_node *a, const struct yaml_node *b)
{
	bool is_text = a->type == YAML_TEXT;
	bool is_number = a->type == YAML_INTEGER || a->type == YAML_BOOL;
	return a->type == b->type &&
	       (is_text || !is_number ? strcmp(a->text, b->text) == 0 : a->integer == b->integer);
}

bool tree_is_equal(const struct yaml_node *a, const struct yaml_node *b)
{
	if (a->kind != b->kind || a->pair_count != b->pair_count || a->item_count != b->item_count)
		return false;
	if (a->kind == YAML_SCALAR)
		return is_scalar_equal(a, b);
	for (size_t i = 0; i < a->pair_count; i++) {
		const struct yaml_node *other = tree_get(b, a->pairs[i].key->text);
		if (other == NULL || !tree_is_equal(a->pairs[i].value, other))
			return false;
	}
	for (size_t i = 0; i < a->item_count; i++) {
		if (!tree_is_equal(a->items[i], b->items[i]))
			return false;
	}
	return true;
}

unsigned tree_height(const struct yaml_node *node)
{
	unsigned most = 0;
	for (size_t i = 0; i < node->pair_count; i++) {
		unsigned height = tree_height(node->pairs[i].value);
		most = height > most ? height : most;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		unsigned height = tree_height(node->items[i]);
		most = height > most ? height : most;
	}
	return most + 1;
}

struct visit {
	struct tree_store *store;
	char *words[PATH_DEPTH_MAX]; /* of the path */
	size_t count;
	bool creates;
	tree_fn *fn;
	void *context;
};

static void visit_node(const struct visit *visit, struct yaml_node *node, size_t depth)
{
	if (node->kind == YAML_LIST) {
		for (size_t i = 0; i < node->item_count; i++)
			visit_node(visit, node->items[i], depth);
		return;
	}
	const char *word = depth < visit->count ? visit->words[depth] : NULL;
	if (node->kind != YAML_MAP || word == NULL)
		return;
	if (depth + 1 == visit->count) {
		if (visit->creates || tree_get(node, word) != NULL)
			visit->fn(visit->store, node, word, visit->context);
		return;
	}
	size_t length = strlen(word);
	bool is_list = length > 2 && strcmp(word + length - 2, "[]") == 0;
	AUTO_FREE char *key = xstrndup(word, is_list ? length - 2 : length);
	struct yaml_node *next = tree_get(node, key);
	if (visit->creates && !is_list && (next == NULL || next->kind == YAML_NULL))
		next = tree_get_map(visit->store, node, word);
	if (next != NULL)
		visit_node(visit, next, depth + 1);
}

void tree_visit(struct tree_store *store, struct yaml_node *root, const char *path, bool creates,
		tree_fn *fn, void *context)
{
	struct visit visit = {.store = store, .creates = creates, .fn = fn, .context = context};
	AUTO_FREE char *copy = xstrdup(path);
	char *rest = copy;

	while (rest != NULL && visit.count < PATH_DEPTH_MAX) {
		char *end = strchr(rest, '/');
		visit.words[visit.count++] = rest;
		if (end != NULL)
			*end++ = '\0';
		rest = end;
	}
	visit_node(&visit, root, 0);
}
