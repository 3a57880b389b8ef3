/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POLICY_LOOKASIDE_H
#define I2KIT_IMAGE_POLICY_LOOKASIDE_H

/*
 * registries.d, containers-registries.d(5): where the signatures of an image lie, beside its registry
 * ("lookaside") or in it ("sigstore attachments").
 */

#include <stddef.h>

#include "base/error.h"
#include "base/string_list.h"

#define LOOKASIDE_MAX_BYTES ((size_t)1 << 20)

struct lookaside_section {
	char *scope;	 /* owned; NULL: default-docker */
	char *file;	 /* owned: where it stands */
	char *url;	 /* owned, or NULL: "file:///…", "https://…" */
	int attachments; /* use-sigstore-attachments; -1: it does not say */
};

struct lookaside {
	struct lookaside_section *sections; /* owned */
	size_t count;
};
void lookaside_clear(struct lookaside *lookaside);

/* One file's text; a scope that a file before had is refused, as there. Other keys are passed over. */
MUST_CHECK bool lookaside_add(struct lookaside *lookaside, const char *text, size_t size,
			      const char *file, struct error *err);
/* All *.yaml of a folder, by name; one that is not there has none. */
MUST_CHECK bool lookaside_read(struct lookaside *lookaside, const char *folder, struct error *err);

/* For an image with these scopes, most specific first. NULL: nothing is said; borrowed. */
const char *lookaside_url(const struct lookaside *lookaside, const struct string_list *scopes);
bool lookaside_has_attachments(const struct lookaside *lookaside, const struct string_list *scopes);

#endif
