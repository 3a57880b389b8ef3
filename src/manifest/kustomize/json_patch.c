/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/json_patch.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/string_list.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

/* "~1" is a slash, "~0" a tilde. */
static bool unescape(char *word)
{
	char *to = word;
	for (const char *at = word; *at != '\0'; at++) {
		char c = *at;
		if (c == '~' && at[1] != '0' && at[1] != '1')
			return false;
		if (c == '~')
			c = *++at == '1' ? '/' : '~';
		*to++ = c;
	}
	*to = '\0';
	return true;
}

static bool pointer_split(const char *pointer, struct string_list *ret, struct error *err)
{
	if (pointer[0] != '\0' && pointer[0] != '/')
		return error_set(err, ERROR_INVALID, "path '%.200s' does not begin with '/'",
				 pointer);
	while (*pointer == '/') {
		size_t length = strcspn(pointer + 1, "/");
		AUTO_FREE char *word = xstrndup(pointer + 1, length);
		if (!unescape(word))
			return error_set(err, ERROR_INVALID, "'%.200s': '~' is ~0, '/' is ~1",
					 word);
		string_list_take(ret, TAKE_PTR(word));
		pointer += 1 + length;
	}
	if (ret->count > YAML_MAX_DEPTH)
		return error_set(err, ERROR_INVALID, "a path of more than 64 words");
	return true;
}

/* The index a word says; the list's length for "-" where something may be added. */
static bool list_index(const struct yaml_node *list, const char *word, bool may_end, size_t *ret)
{
	uint64_t index = 0;
	if (strcmp(word, "-") == 0) {
		*ret = list->item_count;
		return may_end;
	}
	if (!parse_u64(word, 0, YAML_MAX_NODES, &index))
		return false;
	*ret = (size_t)index;
	return index < list->item_count || (may_end && index == list->item_count);
}

static struct yaml_node *step(const struct yaml_node *node, const char *word)
{
	size_t index = 0;
	if (node->kind == YAML_LIST)
		return list_index(node, word, false, &index) ? node->items[index] : NULL;
	return tree_get(node, word);
}

/* What the first `count` words lead to, or NULL. */
static struct yaml_node *walk(struct yaml_node *root, const struct string_list *words, size_t count)
{
	struct yaml_node *node = root;
	for (size_t i = 0; node != NULL && i < count; i++)
		node = step(node, words->items[i]);
	return node;
}

static bool missing(struct error *err, const char *pointer)
{
	error_set(err, ERROR_INVALID, "there is nothing at '%.200s'", pointer);
	return error_hint(err, "op: add makes what is not there, below a map that is");
}

static bool add(struct tree_store *store, struct yaml_node *root, const struct string_list *words,
		const char *pointer, struct yaml_node *value, struct error *err)
{
	if (words->count + tree_height(value) > YAML_MAX_DEPTH)
		return error_set(err, ERROR_INVALID, "nested deeper than 64 levels");
	if (words->count == 0) {
		*root = *value;
		return true;
	}
	const char *last = words->items[words->count - 1];
	struct yaml_node *parent = walk(root, words, words->count - 1);
	size_t index = 0;
	if (parent != NULL && parent->kind == YAML_MAP) {
		tree_set(store, parent, last, value);
		return true;
	}
	if (parent == NULL || parent->kind != YAML_LIST || !list_index(parent, last, true, &index))
		return missing(err, pointer);
	tree_insert(store, parent, index, value);
	return true;
}

static bool drop(struct yaml_node *root, const struct string_list *words, const char *pointer,
		 struct error *err)
{
	struct yaml_node *parent = words->count > 0 ? walk(root, words, words->count - 1) : NULL;
	size_t index = 0;
	if (parent == NULL || walk(root, words, words->count) == NULL)
		return missing(err, pointer);
	const char *last = words->items[words->count - 1];
	if (parent->kind == YAML_MAP)
		tree_remove(parent, last);
	else if (list_index(parent, last, false, &index))
		tree_remove_item(parent, index);
	return true;
}

static bool replace(struct tree_store *store, struct yaml_node *root,
		    const struct string_list *words, const char *pointer, struct yaml_node *value,
		    struct error *err)
{
	const struct yaml_node *old = walk(root, words, words->count);
	size_t index = 0;
	if (old == NULL)
		return missing(err, pointer);
	struct yaml_node *parent = words->count > 0 ? walk(root, words, words->count - 1) : NULL;
	if (parent == NULL || parent->kind != YAML_LIST)
		return add(store, root, words, pointer, value, err);
	if (words->count + tree_height(value) > YAML_MAX_DEPTH)
		return error_set(err, ERROR_INVALID, "nested deeper than 64 levels");
	if (list_index(parent, words->items[words->count - 1], false, &index))
		parent->items[index] = value;
	return true;
}

/* move and copy: where from. */
static bool transfer(struct tree_store *store, struct yaml_node *root,
		     const struct yaml_node *operation, const struct string_list *words,
		     const char *pointer, bool is_move, struct error *err)
{
	AUTO(string_list_clear) struct string_list from = STRING_LIST_INIT;
	const char *source = tree_get_text(operation, "from");

	if (source == NULL)
		return error_set(err, ERROR_INVALID, "'from' is missing");
	if (!pointer_split(source, &from, err))
		return false;
	size_t length = strlen(source);
	if (is_move && strncmp(pointer, source, length) == 0 && pointer[length] == '/')
		return error_set(err, ERROR_INVALID, "'%.200s' cannot move into itself", source);
	const struct yaml_node *node = walk(root, &from, from.count);
	if (node == NULL)
		return missing(err, source);
	struct yaml_node *copy = tree_copy(store, node);
	if (is_move && !drop(root, &from, source, err))
		return false;
	return add(store, root, words, pointer, copy, err);
}

static bool apply_one(struct tree_store *store, struct yaml_node *root,
		      const struct yaml_node *operation, struct error *err)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	const char *op = tree_get_text(operation, "op");
	const char *pointer = tree_get_text(operation, "path");
	const struct yaml_node *value = tree_get(operation, "value");

	if (op == NULL || pointer == NULL)
		return error_set(err, ERROR_INVALID, "'%s' is missing", op == NULL ? "op" : "path");
	if (!pointer_split(pointer, &words, err))
		return false;
	if (strcmp(op, "remove") == 0)
		return drop(root, &words, pointer, err);
	if (strcmp(op, "move") == 0 || strcmp(op, "copy") == 0)
		return transfer(store, root, operation, &words, pointer, op[0] == 'm', err);
	if (value == NULL &&
	    (strcmp(op, "add") == 0 || strcmp(op, "replace") == 0 || strcmp(op, "test") == 0))
		return error_set(err, ERROR_INVALID, "'value' is missing");
	if (strcmp(op, "add") == 0)
		return add(store, root, &words, pointer, tree_copy(store, value), err);
	if (strcmp(op, "replace") == 0)
		return replace(store, root, &words, pointer, tree_copy(store, value), err);
	if (strcmp(op, "test") == 0) {
		const struct yaml_node *is = walk(root, &words, words.count);
		return (is != NULL && tree_is_equal(is, value)) ||
		       error_set(err, ERROR_INVALID, "'%.200s' is not what the test wants",
				 pointer);
	}
	error_set(err, ERROR_INVALID, "op '%.40s' is not known", op);
	return error_hint(err, "add, remove, replace, move, copy or test");
}

bool json_patch_apply(struct tree_store *store, struct yaml_node *root,
		      const struct yaml_node *operations, const struct yaml_node **ret,
		      struct error *err)
{
	for (size_t i = 0; i < operations->item_count; i++) {
		*ret = operations->items[i];
		if (!apply_one(store, root, operations->items[i], err))
			return false;
	}
	return true;
}
