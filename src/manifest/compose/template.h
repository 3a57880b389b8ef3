/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_TEMPLATE_H
#define I2KIT_MANIFEST_COMPOSE_TEMPLATE_H

/*
 * $NAME and ${NAME} in texts
 * (https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md): ${NAME:-default},
 * ${NAME-default}, ${NAME:?error}, ${NAME?error}, ${NAME:+replacement}, ${NAME+replacement}, whose
 * right side may hold more of them; $$ is a $. A $ before anything else stays.
 */

#include "base/error.h"
#include "base/strbuf.h"
#include "base/string_list.h"

struct template_scope {
	/* The value of a variable, or NULL. */
	const char *(*find)(const void *owner, const char *name);
	const void *owner;
	struct string_list *unset; /* names that had no value and no default; or NULL */
};

/* Appends to *ret, whose max bounds what comes out: is_cut then. */
MUST_CHECK bool template_substitute(const struct template_scope *scope, const char *text,
				    struct strbuf *ret, struct error *err);

#endif
