/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_LAYER_TREE_H
#define I2KIT_IMAGE_LAYER_LAYER_TREE_H

/*
 * The files of one OCI layer while it is converted: names, attributes and links in memory, contents
 * already on their way into the file system. Entries come in the order of the tar; a later one of
 * the same name replaces the earlier. Names are bytes. Whiteouts (".wh.NAME") become OverlayFS'
 * (a character device 0/0, the attribute trusted.overlay.opaque).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

#define LAYER_ENTRIES_MAX 1000000u
#define LAYER_DEPTH_MAX	  1024u
#define LAYER_NAME_MAX	  255u
#define LAYER_TARGET_MAX  4095u
/* Parts of names that are looked up: so many for each entry, and some for free. */
#define LAYER_STEPS_MAX	      64u
#define LAYER_STEPS_FREE      ((uint64_t)16 << 20)
#define LAYER_XATTR_BYTES_MAX ((size_t)16 << 20)
#define LAYER_IMPLIED_BYTES   ((size_t)16 << 20) /* paths of folders without an entry */

struct layer_xattr {
	struct layer_xattr *next;
	char *name;
	size_t size;
	unsigned char value[];
};

struct layer_node {
	struct layer_node *parent;  /* NULL for the root */
	struct layer_node *first;   /* child */
	struct layer_node *next;    /* sibling; sorted by name after layer_tree_finish() */
	struct layer_node *chain;   /* in the hash table */
	struct layer_node *link_to; /* a hard link: the file it is another name of */
	union {
		void *content; /* regular file: the writer's inode; from malloc, owned */
		char *target;  /* symbolic link; owned */
		uint64_t device;
	};
	struct layer_xattr *xattrs; /* owned, in order */
	uint64_t reference;	    /* for the writer: where the inode is */
	uint32_t mode;		    /* with the type, as in stat */
	uint32_t uid;
	uint32_t gid;
	uint32_t mtime; /* seconds since 1970 */
	uint32_t number;
	uint32_t link_count;
	uint32_t child_count;
	uint32_t path_size;
	uint16_t depth;
	bool is_implied : 1;  /* a parent that had no entry of its own */
	bool is_whiteout : 1; /* hides the lower layers' file of that name */
	bool is_opaque : 1;   /* hides what the lower layers have below it */
	bool is_dropped : 1;  /* replaced by a later entry, kept for its hard links */
	bool is_written : 1;  /* for the writer */
	char name[];
};

struct layer_tree {
	struct layer_node *root;
	struct layer_node **table; /* owned; by parent and name */
	size_t table_size;	   /* a power of two */
	size_t node_count;
	uint64_t entry_count;
	uint64_t steps; /* parts of names that were looked up for them */
	size_t xattr_bytes;
	size_t implied_bytes;
	struct layer_node *dropped; /* through `chain` */
};

void layer_tree_init(struct layer_tree *tree);
void layer_tree_clear(struct layer_tree *tree);

struct tree_entry {
	const char *path;    /* as in the tar */
	const char *link_to; /* hard link: the other name, or NULL */
	const char *target;  /* symbolic link, or NULL */
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	int64_t mtime;
	uint64_t device;
};

/*
 * Adds an entry. *ret is its node, or NULL where there is none to fill (a whiteout's marker). Names
 * that climb out ("..") are refused; absolute ones start at the root of the layer, as OCI does it;
 * symbolic links on the way are followed inside the layer and never out of it.
 */
MUST_CHECK bool layer_tree_add(struct layer_tree *tree, const struct tree_entry *entry,
			       struct layer_node **ret, struct error *err);

/* The file behind a hard link, or the node itself. */
struct layer_node *layer_node_file(struct layer_node *node);

#endif
