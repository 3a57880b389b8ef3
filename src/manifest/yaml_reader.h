/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_YAML_READER_H
#define I2KIT_MANIFEST_YAML_READER_H

/*
 * YAML 1.1 text (and so JSON) as bounded trees. Aliases are resolved, merge keys (<<) applied,
 * duplicate keys, tags of one's own, NUL bytes and invalid UTF-8 refused; every node knows where it
 * stands. The only place that knows libyaml.
 *
 * An alias is the very node it names, so a tree is a graph without cycles; `weight`, which counts
 * aliases in full, bounds what a walk over it can visit.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifest/arena.h"
#include "manifest/problem.h"
#include "manifest/yaml_node.h"

#define YAML_MAX_BYTES ((size_t)16 << 20)
enum { YAML_MAX_DEPTH = 64, YAML_MAX_NODES = 1000000 };

struct yaml_documents {
	struct arena arena;	  /* holds all nodes */
	struct yaml_node **roots; /* owned array; empty documents are left out */
	size_t count;
};
void yaml_documents_clear(struct yaml_documents *documents);

/*
 * What is wrong goes to *problems, with file as its place, and reading goes on with the next
 * document. What could be read is in *ret whatever happened, the caller's to clear.
 */
void yaml_read_all(const char *file, const char *text, size_t size, struct yaml_documents *ret,
		   struct problem_list *problems);
/* The same of a text whose values may be tagged !reset and !override. */
void yaml_read_merging(const char *file, const char *text, size_t size, struct yaml_documents *ret,
		       struct problem_list *problems);
/* The same where one problem is enough: err begins "line:column: ", *ret is untouched then. */
MUST_CHECK bool yaml_read(const char *text, size_t size, struct yaml_documents *ret,
			  struct error *err);

#endif
