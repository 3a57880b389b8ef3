/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_MOUNT_LIST_H
#define I2KIT_GUEST_DOCUMENTS_MOUNT_LIST_H

/* What is bound into a container, in the order in which each mount stays visible. Pure. */

#include <stdbool.h>
#include <stddef.h>

struct oci_mount {
	char *source;
	char *destination; /* absolute, without links, "." or ".." */
	bool is_read_only;
	bool is_noexec; /* nothing in it is run, nor is a device or changes who runs it */
};

struct mount_list {
	struct oci_mount *items; /* owned with their texts */
	size_t count;
};

void mount_list_clear(struct mount_list *list);
/* A new entry at the end; takes both texts. */
struct oci_mount *mount_list_add(struct mount_list *list, char *source, char *destination);
/* The last one at exactly this place, or NULL. */
const struct oci_mount *mount_list_find(const struct mount_list *list, const char *destination);
/*
 * Outer places before those inside them; the rest stays as it was. Of several at one place the last
 * is kept, as it would cover the others.
 */
void mount_list_order(struct mount_list *list);

#endif
