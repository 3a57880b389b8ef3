/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_MOUNTS_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_MOUNTS_H

/* The mounts of a bundle: one for each destination, the last one given holds. */

#include "base/error.h"
#include "base/json.h"
#include "base/string_list.h"
#include "image/linuxkit/go_json.h"
#include "image/linuxkit/linuxkit_document.h"

struct linuxkit_mount {
	char *destination;
	char *type;
	char *source;
	struct string_list options;
};
void linuxkit_mount_clear(struct linuxkit_mount *mount);

struct linuxkit_mounts {
	struct linuxkit_mount *items;
	size_t count;
};
void linuxkit_mounts_clear(struct linuxkit_mounts *mounts);

void linuxkit_mounts_add_defaults(struct linuxkit_mounts *mounts, bool is_read_only);
/* "DESTINATION[:OPTIONS]" */
MUST_CHECK bool linuxkit_mounts_add_tmpfs(struct linuxkit_mounts *mounts, const char *text,
					  struct error *err);
/*
 * "SOURCE:DESTINATION[:OPTIONS]"; with a document, a source that does not begin with / is the name
 * of a volume.
 */
MUST_CHECK bool linuxkit_mounts_add_bind(struct linuxkit_mounts *mounts, const char *text,
					 const struct linuxkit_document *document_or_null,
					 struct error *err);
/* One object of `mounts`. */
MUST_CHECK bool linuxkit_mounts_add_object(struct linuxkit_mounts *mounts, struct json_view object,
					   const struct linuxkit_document *document,
					   struct error *err);
void linuxkit_mounts_sort(struct linuxkit_mounts *mounts);

/* An object of `runtime.mounts`: taken as it is. */
MUST_CHECK bool linuxkit_mount_parse(struct json_view object, struct linuxkit_mount *ret,
				     struct error *err);
void linuxkit_mount_write(const struct linuxkit_mount *mount, struct go_json *out);

#endif
