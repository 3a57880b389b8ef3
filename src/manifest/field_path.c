/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/field_path.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/string_list.h"

/* Aliases make a graph of the tree: a walk over it has an end of its own. */
enum { STEPS_MAX = 200000 };

struct walk {
	const struct yaml_node *wanted; /* or NULL: by its place */
	unsigned line;
	unsigned column;
	unsigned steps;
	struct string_list parts; /* from the innermost outwards */
};

static bool is_wanted(const struct walk *walk, const struct yaml_node *node)
{
	if (walk->wanted != NULL)
		return node == walk->wanted;
	return node->line == walk->line && node->column == walk->column;
}

static void add_key(struct walk *walk, const char *key)
{
	bool is_plain = key[0] != '\0' && strpbrk(key, ".[]\"/ \\") == NULL;
	AUTO_FREE char *part =
		is_plain ? xasprintf(".%.300s", key) : xasprintf("[\"%.300s\"]", key);
	string_list_add(&walk->parts, part);
}

static bool find(struct walk *walk, const struct yaml_node *node)
{
	if (is_wanted(walk, node))
		return true;
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		if (++walk->steps > STEPS_MAX)
			return false;
		if (!is_wanted(walk, pair->key) && !find(walk, pair->value))
			continue;
		add_key(walk, pair->key->text);
		return true;
	}
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		if (++walk->steps > STEPS_MAX)
			return false;
		if (!find(walk, node->items[i]))
			continue;
		AUTO_FREE char *part = xasprintf("[%zu]", i);
		string_list_add(&walk->parts, part);
		return true;
	}
	return false;
}

static char *path_of(struct walk *walk, const struct yaml_node *root)
{
	struct strbuf text = STRBUF_INIT;

	if (!find(walk, root) || walk->parts.count == 0) {
		string_list_clear(&walk->parts);
		return NULL;
	}
	for (size_t i = walk->parts.count; i > 0; i--) {
		const char *part = walk->parts.items[i - 1];
		strbuf_append(&text, i == walk->parts.count && part[0] == '.' ? part + 1 : part);
	}
	string_list_clear(&walk->parts);
	return strbuf_take(&text);
}

char *field_path_of(const struct yaml_node *root, const struct yaml_node *wanted)
{
	struct walk walk = {.wanted = wanted};
	return path_of(&walk, root);
}

char *field_path_at(const struct yaml_node *root, unsigned line, unsigned column)
{
	struct walk walk = {.line = line, .column = column};
	return path_of(&walk, root);
}
