/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/layer_tree.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"

#define WHITEOUT_PREFIX ".wh."
#define OPAQUE_NAME	".wh..wh..opq"
#define AUFS_PREFIX	".wh..wh."
#define TABLE_MIN	1024u
#define SYMLINKS_MAX	40u

static size_t hash_name(const struct layer_node *parent, const char *name, size_t size)
{
	uint64_t hash = (uint64_t)(uintptr_t)parent * 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3u;
	return (size_t)(hash ^ (hash >> 29));
}

static struct layer_node *node_new(struct layer_node *parent, const char *name, size_t size)
{
	struct layer_node *node = xcalloc(1, sizeof(*node) + size + 1);
	memcpy(node->name, name, size);
	node->parent = parent;
	node->path_size = (uint32_t)size + (parent == NULL ? 0 : parent->path_size + 1);
	node->depth = parent == NULL ? 0 : (uint16_t)(parent->depth + 1);
	return node;
}

/* What belongs to the kind of file; names and places stay. */
static void node_reset(struct layer_node *node)
{
	if (S_ISLNK(node->mode))
		free(node->target);
	else if (S_ISREG(node->mode))
		free(node->content);
	node->content = NULL;
	while (node->xattrs != NULL) {
		struct layer_xattr *next = node->xattrs->next;
		free(node->xattrs->name);
		free(node->xattrs);
		node->xattrs = next;
	}
}

void layer_tree_init(struct layer_tree *tree)
{
	*tree = (struct layer_tree){.table_size = TABLE_MIN};
	tree->table = xcalloc(tree->table_size, sizeof(struct layer_node *));
	tree->root = node_new(NULL, "", 0);
	tree->root->mode = S_IFDIR | 0755;
	tree->root->is_implied = true;
	tree->node_count = 1;
}

static void node_free(struct layer_node *node)
{
	node_reset(node);
	free(node);
}

void layer_tree_clear(struct layer_tree *tree)
{
	for (size_t i = 0; i < tree->table_size && tree->table != NULL; i++) {
		while (tree->table[i] != NULL) {
			struct layer_node *next = tree->table[i]->chain;
			node_free(tree->table[i]);
			tree->table[i] = next;
		}
	}
	while (tree->dropped != NULL) {
		struct layer_node *next = tree->dropped->chain;
		node_free(tree->dropped);
		tree->dropped = next;
	}
	if (tree->root != NULL)
		node_free(tree->root);
	free(tree->table);
	*tree = (struct layer_tree){0};
}

static void table_grow(struct layer_tree *tree)
{
	size_t new_size = tree->table_size * 2;
	struct layer_node **table = xcalloc(new_size, sizeof(struct layer_node *));
	for (size_t i = 0; i < tree->table_size; i++) {
		while (tree->table[i] != NULL) {
			struct layer_node *node = tree->table[i];
			size_t slot = hash_name(node->parent, node->name, strlen(node->name)) &
				      (new_size - 1);
			tree->table[i] = node->chain;
			node->chain = table[slot];
			table[slot] = node;
		}
	}
	free(tree->table);
	tree->table = table;
	tree->table_size = new_size;
}

static struct layer_node *find_child(const struct layer_tree *tree, const struct layer_node *parent,
				     const char *name, size_t size)
{
	struct layer_node *node =
		tree->table[hash_name(parent, name, size) & (tree->table_size - 1)];
	while (node != NULL && (node->parent != parent || strncmp(node->name, name, size) != 0 ||
				node->name[size] != '\0'))
		node = node->chain;
	return node;
}

static bool add_child(struct layer_tree *tree, struct layer_node *parent, const char *name,
		      size_t size, struct layer_node **ret, struct error *err)
{
	if (size > LAYER_NAME_MAX)
		return error_set(err, ERROR_INVALID, "a file name has %zu bytes; %u are possible",
				 size, LAYER_NAME_MAX);
	if (parent->depth >= LAYER_DEPTH_MAX)
		return error_set(err, ERROR_INVALID, "folders are nested more than %u deep",
				 LAYER_DEPTH_MAX);
	if (tree->node_count >= LAYER_ENTRIES_MAX)
		return error_set(err, ERROR_INVALID, "more than %u files", LAYER_ENTRIES_MAX);
	if (tree->node_count >= tree->table_size)
		table_grow(tree);
	struct layer_node *node = node_new(parent, name, size);
	size_t slot = hash_name(parent, name, size) & (tree->table_size - 1);
	node->chain = tree->table[slot];
	tree->table[slot] = node;
	node->next = parent->first;
	parent->first = node;
	parent->child_count++;
	tree->node_count++;
	*ret = node;
	return true;
}

/* Out of sight at once; out of its folder's list in layer_tree_finish(), which keeps this O(1). */
static void drop_node(struct layer_tree *tree, struct layer_node *node)
{
	size_t slot =
		hash_name(node->parent, node->name, strlen(node->name)) & (tree->table_size - 1);
	struct layer_node **place = &tree->table[slot];
	while (*place != node)
		place = &(*place)->chain;
	*place = node->chain;
	/* Hard links may point here; it lives as long as the tree. */
	node->is_dropped = true;
	node->chain = tree->dropped;
	tree->dropped = node;
}

/* A folder gives way to another kind of file with all that is below it. */
static void drop_tree(struct layer_tree *tree, struct layer_node *top)
{
	struct layer_node *node = top;
	while (node != NULL) {
		if (!node->is_dropped)
			drop_node(tree, node);
		if (node->first != NULL) {
			node = node->first;
			continue;
		}
		while (node != top && node->next == NULL)
			node = node->parent;
		node = node == top ? NULL : node->next;
	}
}

static size_t part_size(const char *path)
{
	return strcspn(path, "/");
}

/* The next part that means something; "" at the end. */
static const char *skip_empty_parts(const char *path)
{
	while (*path == '/' || (path[0] == '.' && (path[1] == '/' || path[1] == '\0')))
		path++;
	return path;
}

static bool is_last_part(const char *path)
{
	return *skip_empty_parts(path + part_size(path)) == '\0';
}

static bool is_climbing(const char *part, size_t size)
{
	return size == 2 && part[0] == '.' && part[1] == '.';
}

/* The way to an entry: which links were followed so far. */
struct walk {
	struct layer_tree *tree;
	unsigned symlinks;
	bool may_create;
};

static bool walk_folder(struct walk *walk, struct layer_node *from, const char *path, bool has_last,
			struct layer_node **ret, struct error *err);

/* Forty links of 2,000 parts each, in a million names: a bomb of a few hundred kilobytes. */
static bool count_step(struct layer_tree *tree, struct error *err)
{
	return ++tree->steps <= LAYER_STEPS_FREE + LAYER_STEPS_MAX * tree->entry_count ||
	       error_set(err, ERROR_INVALID, "its names and links are too long a way to follow");
}

/* One step down from *at; parents that are missing are made, links are followed. */
static bool walk_step(struct walk *walk, struct layer_node **at, const char *part, size_t size,
		      struct error *err)
{
	struct layer_node *child = find_child(walk->tree, *at, part, size);
	if (child != NULL && child->link_to != NULL)
		child = child->link_to;
	if (child != NULL && S_ISLNK(child->mode) && !child->is_whiteout) {
		if (++walk->symlinks > SYMLINKS_MAX)
			return error_set(err, ERROR_INVALID, "too many symbolic links");
		struct layer_node *start = child->target[0] == '/' ? walk->tree->root : *at;
		return walk_folder(walk, start, child->target, true, at, err);
	}
	if (child != NULL && S_ISDIR(child->mode)) {
		*at = child;
		return true;
	}
	if (!walk->may_create)
		return error_set(err, ERROR_INVALID, "there is no folder '%.*s'",
				 (int)(size > 200 ? 200 : size), part);
	bool was_whiteout = child != NULL && child->is_whiteout;
	if (child != NULL)
		drop_tree(walk->tree, child);
	if (!add_child(walk->tree, *at, part, size, &child, err))
		return false;
	child->mode = S_IFDIR | 0755;
	child->is_implied = true;
	walk->tree->implied_bytes += child->path_size;
	if (walk->tree->implied_bytes > LAYER_IMPLIED_BYTES)
		return error_set(err, ERROR_INVALID, "too many folders without an entry");
	child->is_opaque = was_whiteout;
	*at = child;
	return true;
}

/*
 * Goes to the folder of path's last part, or (has_last) to the folder that the whole path names.
 * ".." in the target of a link stops at the root, as chroot(2) would have it.
 */
static bool walk_folder(struct walk *walk, struct layer_node *from, const char *path, bool has_last,
			struct layer_node **ret, struct error *err)
{
	struct layer_node *at = from;
	for (path = skip_empty_parts(path); *path != '\0';) {
		size_t size = part_size(path);
		if (!has_last && is_last_part(path))
			break;
		if (!count_step(walk->tree, err))
			return false;
		if (is_climbing(path, size))
			at = at->parent != NULL ? at->parent : at;
		else if (!walk_step(walk, &at, path, size, err))
			return false;
		path = skip_empty_parts(path + size);
	}
	*ret = at;
	return true;
}

static bool check_name(const char *path, struct error *err)
{
	for (const char *part = skip_empty_parts(path); *part != '\0';
	     part = skip_empty_parts(part + part_size(part)))
		if (is_climbing(part, part_size(part)))
			return error_set(err, ERROR_INVALID, "the name climbs out of its folder");
	return true;
}

static const char *last_part(const char *path, size_t *ret_size)
{
	const char *part = skip_empty_parts(path);
	while (*part != '\0' && !is_last_part(part))
		part = skip_empty_parts(part + part_size(part));
	*ret_size = part_size(part);
	return part;
}

static bool add_whiteout(struct layer_tree *tree, struct layer_node *folder, const char *name,
			 size_t size, struct error *err)
{
	if (size == strlen(OPAQUE_NAME) && strncmp(name, OPAQUE_NAME, size) == 0) {
		folder->is_opaque = true;
		return true;
	}
	if (strncmp(name, AUFS_PREFIX, strlen(AUFS_PREFIX)) == 0)
		return true; /* bookkeeping of a file system long gone */
	name += strlen(WHITEOUT_PREFIX);
	size -= strlen(WHITEOUT_PREFIX);
	if (size == 0 || (size == 1 && name[0] == '.') || is_climbing(name, size))
		return error_set(err, ERROR_INVALID, "a whiteout of nothing");
	struct layer_node *node = find_child(tree, folder, name, size);
	if (node != NULL) {
		/* It hides the lower layers' file; this layer's own one stays. */
		node->is_opaque = S_ISDIR(node->mode);
		return true;
	}
	if (!add_child(tree, folder, name, size, &node, err))
		return false;
	node->mode = S_IFCHR;
	node->is_whiteout = true;
	return true;
}

static bool find_link_target(struct layer_tree *tree, const char *path, struct layer_node **ret,
			     struct error *err)
{
	struct walk walk = {.tree = tree};
	struct layer_node *folder;
	size_t size;
	const char *name = last_part(path, &size);
	if (!check_name(path, err) || !walk_folder(&walk, tree->root, path, false, &folder, err))
		return error_prefix(err, "hard link");
	struct layer_node *node = find_child(tree, folder, name, size);
	if (node != NULL && node->link_to != NULL)
		node = node->link_to;
	if (node == NULL || S_ISDIR(node->mode) || node->is_whiteout)
		return error_set(err, ERROR_INVALID,
				 "a hard link to a file that the layer has not");
	*ret = node;
	return true;
}

static void fill_node(struct layer_node *node, const struct tree_entry *entry)
{
	int64_t mtime = entry->mtime < 0 ? 0 : entry->mtime;
	node->mode = entry->mode;
	node->uid = entry->uid;
	node->gid = entry->gid;
	node->mtime = mtime > UINT32_MAX ? UINT32_MAX : (uint32_t)mtime;
	node->is_implied = false;
	if (S_ISLNK(entry->mode))
		node->target = xstrdup(entry->target);
	else if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode))
		node->device = entry->device;
}

static bool place_node(struct layer_tree *tree, struct layer_node *folder, const char *name,
		       size_t size, bool is_folder, struct layer_node **ret, struct error *err)
{
	struct layer_node *node = find_child(tree, folder, name, size);
	bool hides_lower = node != NULL && (node->is_whiteout || node->is_opaque);
	if (node != NULL && is_folder && S_ISDIR(node->mode)) {
		node_reset(node);
		*ret = node;
		return true;
	}
	if (node != NULL)
		drop_tree(tree, node);
	if (!add_child(tree, folder, name, size, &node, err))
		return false;
	node->is_opaque = is_folder && hides_lower;
	*ret = node;
	return true;
}

static bool check_entry(const struct tree_entry *entry, struct error *err)
{
	if (!check_name(entry->path, err))
		return false;
	if (S_ISLNK(entry->mode) && entry->link_to == NULL &&
	    (entry->target[0] == '\0' || strlen(entry->target) > LAYER_TARGET_MAX))
		return error_set(err, ERROR_INVALID, "a symbolic link of %zu bytes",
				 strlen(entry->target));
	return true;
}

bool layer_tree_add(struct layer_tree *tree, const struct tree_entry *entry,
		    struct layer_node **ret, struct error *err)
{
	struct walk walk = {.tree = tree, .may_create = true};
	struct layer_node *folder, *node, *file = NULL;
	size_t size;
	const char *name = last_part(entry->path, &size);
	*ret = NULL;
	tree->entry_count++;
	if (!check_entry(entry, err))
		return false;
	if (size == 0) { /* the root itself */
		if (S_ISDIR(entry->mode)) {
			node_reset(tree->root);
			fill_node(tree->root, entry);
			*ret = tree->root;
		}
		return true;
	}
	if (entry->link_to != NULL && !find_link_target(tree, entry->link_to, &file, err))
		return false;
	if (!walk_folder(&walk, tree->root, entry->path, false, &folder, err))
		return false;
	if (strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
		return add_whiteout(tree, folder, name, size, err);
	if (file != NULL && find_child(tree, folder, name, size) == file)
		return true; /* a link to itself changes nothing */
	if (!place_node(tree, folder, name, size, S_ISDIR(entry->mode) && file == NULL, &node, err))
		return false;
	if (file != NULL) {
		node->mode = file->mode & S_IFMT;
		node->link_to = file;
		if (S_ISLNK(node->mode))
			node->mode = S_IFREG; /* owns no target; layer_node_file() has it */
		return true;
	}
	fill_node(node, entry);
	*ret = node;
	return true;
}

struct layer_node *layer_node_file(struct layer_node *node)
{
	return node->link_to != NULL ? node->link_to : node;
}
