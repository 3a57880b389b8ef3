/* SPDX-License-Identifier: Apache-2.0 */
/* The tree's attributes, and the order in which the writer needs it. */
#include "image/layer/layer_tree_finish.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "image/layer/layer_tree.h"
#include "wire/layer_mark.h"

static bool is_kept_xattr(const char *name)
{
	static const char *const prefixes[] = {"user.", "security.", "trusted."};
	if (strncmp(name, "trusted.overlay.", strlen("trusted.overlay.")) == 0 ||
	    strncmp(name, LAYER_IMPLIED_XATTR, strlen(LAYER_IMPLIED_XATTR)) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0 &&
		    name[strlen(prefixes[i])] != '\0')
			return true;
	return false;
}

static void append_xattr(struct layer_node *node, const char *name, const void *value, size_t size)
{
	struct layer_xattr *xattr = xcalloc(1, sizeof(*xattr) + size + 1);
	struct layer_xattr **place = &node->xattrs;
	xattr->name = xstrdup(name);
	xattr->size = size;
	if (size > 0)
		memcpy(xattr->value, value, size);
	while (*place != NULL && strcmp((*place)->name, name) < 0)
		place = &(*place)->next;
	xattr->next = *place;
	*place = xattr;
}

bool layer_tree_add_xattr(struct layer_tree *tree, struct layer_node *node, const char *name,
			  const void *value, size_t size, struct error *err)
{
	if (!is_kept_xattr(name))
		return true;
	for (const struct layer_xattr *xattr = node->xattrs; xattr != NULL; xattr = xattr->next)
		if (strcmp(xattr->name, name) == 0)
			return true; /* bsdtar writes each of them in two spellings */
	tree->xattr_bytes += strlen(name) + size + sizeof(struct layer_xattr);
	if (size > 65535 || strlen(name) > 255 || tree->xattr_bytes > LAYER_XATTR_BYTES_MAX)
		return error_set(err, ERROR_INVALID, "extended attributes are too large");
	append_xattr(node, name, value, size);
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct layer_node *const *)a)->name,
		      (*(struct layer_node *const *)b)->name);
}

static void sort_children(struct layer_node *folder)
{
	if (folder->first == NULL)
		return;
	AUTO_FREE struct layer_node **list =
		xcalloc(folder->child_count, sizeof(struct layer_node *));
	size_t count = 0;
	for (struct layer_node *node = folder->first; node != NULL; node = node->next)
		if (!node->is_dropped)
			list[count++] = node;
	qsort(list, count, sizeof(struct layer_node *), compare_names);
	for (size_t i = 0; i < count; i++)
		list[i]->next = i + 1 < count ? list[i + 1] : NULL;
	folder->first = count > 0 ? list[0] : NULL;
}

/* Numbers in the order of the walk: a folder before what is in it. */
static uint32_t count_node(struct layer_node *node, uint32_t number)
{
	struct layer_node *file = layer_node_file(node);
	if (node->is_opaque)
		append_xattr(node, "trusted.overlay.opaque", "y", 1);
	file->link_count++;
	if (S_ISDIR(node->mode)) {
		node->link_count++;
		if (node->parent != NULL)
			node->parent->link_count++;
		sort_children(node);
	}
	if (file->number == 0)
		file->number = ++number;
	return number;
}

/* The node after this one in the order of the walk, or NULL. */
static struct layer_node *next_node(struct layer_node *node)
{
	if (node == NULL || node->first != NULL)
		return node != NULL ? node->first : NULL;
	while (node != NULL && node->next == NULL)
		node = node->parent;
	return node != NULL ? node->next : NULL;
}

static void append_path(struct strbuf *out, const struct layer_node *node)
{
	const struct layer_node *up[LAYER_DEPTH_MAX + 1];
	size_t count = 0;
	for (; node->parent != NULL; node = node->parent)
		up[count++] = node;
	while (count > 0) {
		strbuf_append(out, up[--count]->name);
		strbuf_append_char(out, count > 0 ? '/' : '\0');
	}
}

/* Nothing of the layers below is in it. */
static bool is_new_folder(const struct layer_node *node)
{
	while (node != NULL && !node->is_opaque)
		node = node->parent;
	return node != NULL;
}

static void mark(struct layer_tree *tree, struct strbuf *paths, unsigned *number)
{
	AUTO_FREE char *name = xasprintf("%s%u", LAYER_IMPLIED_XATTR, (*number)++);
	append_xattr(tree->root, name, paths->data, paths->size);
	strbuf_reset(paths);
}

/* See wire/layer_mark.h. The root is nobody's to say. */
static void mark_implied(struct layer_tree *tree)
{
	AUTO(strbuf_clear) struct strbuf paths = STRBUF_INIT;
	unsigned number = 0;
	for (struct layer_node *node = next_node(tree->root); node != NULL;
	     node = next_node(node)) {
		AUTO(strbuf_clear) struct strbuf path = STRBUF_INIT;
		if (!node->is_implied || !S_ISDIR(node->mode) || is_new_folder(node))
			continue;
		append_path(&path, node);
		if (path.size > LAYER_IMPLIED_XATTR_BYTES)
			continue; /* longer than any path that can be opened */
		if (paths.size + path.size > LAYER_IMPLIED_XATTR_BYTES)
			mark(tree, &paths, &number);
		strbuf_append_bytes(&paths, path.data, path.size);
	}
	if (paths.size > 0)
		mark(tree, &paths, &number);
}

uint32_t layer_tree_finish(struct layer_tree *tree)
{
	struct layer_node *node = tree->root;
	uint32_t number = 0;
	while (node != NULL) {
		number = count_node(node, number);
		node = next_node(node);
	}
	mark_implied(tree);
	return number;
}
