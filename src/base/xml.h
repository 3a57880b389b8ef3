/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_XML_H
#define I2KIT_BASE_XML_H

/*
 * Answers in XML as a small tree. Namespaces and attributes are dropped, a document type is refused
 * (so no entity of anybody's making is ever expanded). Bounded: 16 MiB, depth 64, 500,000 elements.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"

struct xml {
	char *name; /* owned */
	char *text; /* owned; never NULL; what stands directly in it, blanks at the ends cut */
	struct xml *first; /* owned; children in order */
	struct xml *last;
	struct xml *next; /* owned by the parent */
};

/* NULL on failure; xml_free() it. */
MUST_CHECK struct xml *xml_parse(const char *bytes, size_t size, struct error *err);
void xml_free(struct xml *root);
DEFINE_AUTO_PTR(xml, xml_free)

/* Follows "a/b/c" from below node; NULL where it leads nowhere (also for a NULL node). */
const struct xml *xml_find(const struct xml *node, const char *path);
/* The text found there, or NULL. */
const char *xml_text(const struct xml *node, const char *path);

#endif
