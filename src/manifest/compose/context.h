/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_CONTEXT_H
#define I2KIT_MANIFEST_COMPOSE_CONTEXT_H

/*
 * What all parts of reading a Compose project share: memory, where problems go, and the files that
 * were read. Files are read wherever they are named, as Compose does, but regular ones alone, each up
 * to 16 MiB and 64 MiB together.
 */

#include "base/error.h"
#include "manifest/compose/variables.h"
#include "manifest/problem.h"
#include "manifest/tree.h"

/* Some things are compared with all others of their list. */
enum { COMPOSE_ENTRIES_MAX = 2000, COMPOSE_FILES_MAX = 500, COMPOSE_DEPTH_MAX = 50 };

struct compose_context {
	struct tree_store store;
	struct problem_list *problems;
	struct string_list *files;	   /* names of all that were read, for places */
	struct yaml_documents **documents; /* owned; what was read from them */
	size_t document_count;
	size_t byte_count;	  /* read, and filled in, so far */
	struct string_list unset; /* variables that were said to have no value */
	unsigned file_count;	  /* read so far, each time it was */
};
void compose_context_clear(struct compose_context *context);

void compose_error(struct compose_context *context, const struct yaml_node *node, const char *hint,
		   const char *fmt, ...) PRINTF_LIKE(4, 5);
void compose_warn(struct compose_context *context, const struct yaml_node *node, const char *fmt,
		  ...) PRINTF_LIKE(3, 4);
/* Counts towards what a project may have; false, and an error, past it. */
MUST_CHECK bool compose_count_bytes(struct compose_context *context, const struct yaml_node *node,
				    size_t bytes);

/*
 * "a/b" from a folder, "~/b" from the home of $HOME, both without "." and ".."; absolute ones as they
 * are. Owned.
 */
char *compose_path(const char *folder, const char *path, const struct compose_variables *variables);
/* "." and ".." resolved in the words of the path. Owned. */
char *compose_clean_path(const char *path);
/* The folder that a file is in. Owned. */
char *compose_folder_of(const char *path);

/*
 * The whole of a regular file, or of "-"; named_by is what the error points at, NULL where nothing
 * in a file names it. *ret is owned.
 */
MUST_CHECK bool compose_read_text(struct compose_context *context, const char *path,
				  const struct yaml_node *named_by, char **ret, size_t *ret_size);
/* The name that places in the file borrow. */
const char *compose_keep_name(struct compose_context *context, const char *path);
/*
 * The documents of a file as trees to change, numbers and booleans in the words that Compose gives
 * them. Into *ret; the array is owned, its nodes belong to the context.
 */
MUST_CHECK bool compose_read_trees(struct compose_context *context, const char *path,
				   const struct yaml_node *named_by, struct yaml_node ***ret,
				   size_t *ret_count);
/* The same of a text that was read already, as if it stood in the file `path`. */
MUST_CHECK bool compose_parse_trees(struct compose_context *context, const char *path,
				    const char *text, size_t size, struct yaml_node ***ret,
				    size_t *ret_count);

/* New scalars, which stand where `like` does. */
struct yaml_node *compose_bool(struct compose_context *context, bool value,
			       const struct yaml_node *like);
struct yaml_node *compose_integer(struct compose_context *context, int64_t value,
				  const struct yaml_node *like);

/*
 * Where a value stands: "services", "web", "ports", "[]". Patterns have * for any one of them:
 * "services.*.ports.*".
 */
struct compose_place {
	const struct compose_place *outer; /* NULL: the top */
	const char *name;
};
bool compose_place_matches(const struct compose_place *place, const char *pattern);

/* An env file's variables, in front of which `outside` goes. False: it was reported. */
MUST_CHECK bool compose_read_env_file(struct compose_context *context, const char *path,
				      const struct yaml_node *named_by,
				      const struct compose_variables *outside, bool is_raw,
				      struct compose_variables *ret);

#endif
