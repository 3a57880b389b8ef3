/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_SCHEMA_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_SCHEMA_H

/* Which keys a LinuxKit document may have, and what their values are. Data only. */

#include <stddef.h>

enum linuxkit_kind {
	LINUXKIT_TEXT,
	LINUXKIT_BOOL,
	LINUXKIT_NUMBER,  /* an integer */
	LINUXKIT_ID,	  /* a text or an integer */
	LINUXKIT_TEXTS,	  /* a list of texts */
	LINUXKIT_IDS,	  /* a list of ids */
	LINUXKIT_MAP,	  /* a map of texts */
	LINUXKIT_OBJECT,  /* with `keys` */
	LINUXKIT_OBJECTS, /* a list of such */
};

struct linuxkit_key {
	const char *name;
	enum linuxkit_kind kind;
	const struct linuxkit_key *keys; /* ends with a NULL name */
};

extern const struct linuxkit_key linuxkit_document_keys[];
extern const struct linuxkit_key linuxkit_component_keys[];

#endif
