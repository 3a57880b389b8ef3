/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_SCHEMA_H
#define I2KIT_MANIFEST_SCHEMA_H

/*
 * Kubernetes' own types, for what i2kit does not read itself: below a field without effect a typo
 * is as much of a mistake as above it. The table is made by scripts/kubernetes-schema out of the
 * published OpenAPI document.
 */

#include <stddef.h>

struct loader;
struct yaml_node;

struct schema_type {
	const char *name;
	/*
	 * "NAME:CODE NAME:CODE …": s text, i whole number, b boolean, n number, q number or text,
	 * o anything; [CODE a list, {CODE a map of texts to it, @TYPE another type.
	 */
	const char *fields;
};
extern const struct schema_type schema_types[]; /* sorted by name */
extern const size_t schema_type_count;
extern const char schema_version[]; /* of Kubernetes, "1.34.0" */

/* The code of a field among the `fields` of a type, up to a blank; NULL: there is none. */
const char *schema_code(const char *fields, const char *field);
/* The code of a field of the type, up to a blank; NULL: there is none, or no such type. */
const char *schema_field(const char *type, const char *field);
/* Says what in the node is not of the code; null is of every code. */
void schema_check(struct loader *loader, const struct yaml_node *node, const char *code,
		  const char *name);

#endif
