/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/yaml_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/problem.h"
#include "manifest/yaml_node.h"

void yaml_pairs_clear(struct yaml_pairs *pairs)
{
	free(pairs->items);
	*pairs = (struct yaml_pairs){0};
}

static int compare_keys(const void *a, const void *b)
{
	const struct yaml_pair *const *left = a;
	const struct yaml_pair *const *right = b;
	int order = strcmp((*left)->key->text, (*right)->key->text);
	if (order != 0)
		return order;
	return *left < *right ? -1 : 1;
}

static struct source_mark mark_of(const char *file, const struct yaml_node *node)
{
	return (struct source_mark){.file = file, .line = node->line, .column = node->column};
}

static void drop_marked(struct yaml_pairs *pairs)
{
	size_t kept = 0;
	for (size_t i = 0; i < pairs->count; i++) {
		if (pairs->items[i].value != NULL)
			pairs->items[kept++] = pairs->items[i];
	}
	pairs->count = kept;
}

/* Sorted, since a hostile map may have a million keys. */
void yaml_pairs_drop_doubles(struct yaml_pairs *pairs, const char *file,
			     struct problem_list *problems)
{
	if (pairs->count < 2)
		return;
	AUTO_FREE struct yaml_pair **sorted = xcalloc(pairs->count, sizeof(*sorted));
	for (size_t i = 0; i < pairs->count; i++)
		sorted[i] = &pairs->items[i];
	qsort((void *)sorted, pairs->count, sizeof(*sorted), compare_keys);
	bool is_cut = false; /* said once, for all keys of the second object */
	for (size_t i = 1; i < pairs->count; i++) {
		const struct yaml_node *key = sorted[i]->key;
		if (strcmp(key->text, sorted[i - 1]->key->text) != 0)
			continue;
		/* apiVersion sorts before kind; where both are there, one says enough. */
		bool is_object = key->column == 1 && (strcmp(key->text, "apiVersion") == 0 ||
						      (strcmp(key->text, "kind") == 0 && !is_cut));
		if (is_object)
			problem_hint(problem_error(problems, mark_of(file, key),
						   "another object begins here, in the same "
						   "document"),
				     "write a line --- before it");
		is_cut = is_cut || is_object;
		sorted[i]->value = NULL;
		if (is_cut)
			continue;
		struct problem *problem = problem_error(
			problems, mark_of(file, key), "'%.80s' is written twice, first in line %u",
			key->text, sorted[i - 1]->key->line);
		problem_hint(problem, "remove one of them");
	}
	drop_marked(pairs);
}

static bool has_key(const struct yaml_pairs *pairs, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(pairs->items[i].key->text, key) == 0)
			return true;
	}
	return false;
}

static bool merge_map(struct yaml_pairs *pairs, const struct yaml_node *from,
		      struct source_mark mark, struct problem_list *problems)
{
	if (from->kind != YAML_MAP) {
		problem_error(problems, mark, "<< wants a map or a list of maps, not %s",
			      yaml_describe(from));
		return true;
	}
	/* Both sides bounded, so that looking for each key in all others stays cheap. */
	if (from->pair_count > YAML_MERGE_MAX || pairs->count > YAML_MERGE_MAX) {
		problem_error(problems, mark, "<< of more than %d keys", YAML_MERGE_MAX);
		return false;
	}
	size_t before = pairs->count; /* the keys of one map differ among themselves */
	for (size_t i = 0; i < from->pair_count; i++) {
		if (!has_key(pairs, before, from->pairs[i].key->text))
			*ARRAY_APPEND(pairs->items, pairs->count) = from->pairs[i];
	}
	return true;
}

bool yaml_pairs_merge(struct yaml_pairs *pairs, const struct yaml_pair *merge, const char *file,
		      struct problem_list *problems)
{
	const struct yaml_node *value = merge->value;
	struct source_mark mark = mark_of(file, merge->key);
	if (value->kind != YAML_LIST)
		return merge_map(pairs, value, mark, problems);
	for (size_t i = 0; i < value->item_count; i++) {
		if (!merge_map(pairs, value->items[i], mark, problems))
			return false;
	}
	return true;
}
