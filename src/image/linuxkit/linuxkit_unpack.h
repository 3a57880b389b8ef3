/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_UNPACK_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_UNPACK_H

/* An image's file system, or a plain tar, in the tree of a LinuxKit document. */

#include <stddef.h>

#include "base/error.h"

struct linuxkit_origin;
struct linuxkit_tree;
struct oci_image;
struct strbuf;

/* An image's file system below prefix ("" or "a/b"); apk_database may be NULL. */
struct linuxkit_unpack {
	const struct oci_image *image;
	const char *prefix;
	const char *resolv_link; /* what etc/resolv.conf points to; NULL: an empty file */
	const struct linuxkit_origin *origin;
	struct strbuf *apk_database; /* gets lib/apk/db/installed and two newlines */
	size_t *apk_count;
};
MUST_CHECK bool linuxkit_tree_unpack(struct linuxkit_tree *tree,
				     const struct linuxkit_unpack *unpack, struct error *err);
/* Everything of a plain tar, as it is. */
MUST_CHECK bool linuxkit_tree_add_tar(struct linuxkit_tree *tree, int fd,
				      const struct linuxkit_origin *origin, struct error *err);

#endif
