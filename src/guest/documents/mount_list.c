/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/mount_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static void clear_mount(struct oci_mount *mount)
{
	free(mount->source);
	free(mount->destination);
}

void mount_list_clear(struct mount_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		clear_mount(&list->items[i]);
	free(list->items);
	*list = (struct mount_list){0};
}

struct oci_mount *mount_list_add(struct mount_list *list, char *source, char *destination)
{
	struct oci_mount *mount = ARRAY_APPEND(list->items, list->count);
	mount->source = source;
	mount->destination = destination;
	return mount;
}

const struct oci_mount *mount_list_find(const struct mount_list *list, const char *destination)
{
	for (size_t i = list->count; i-- > 0;) {
		if (strcmp(list->items[i].destination, destination) == 0)
			return &list->items[i];
	}
	return NULL;
}

/* How many folders lie above a place; "/" is above all. */
static size_t depth_of(const struct oci_mount *mount)
{
	size_t depth = 0;
	for (const char *at = mount->destination; *at != '\0'; at++)
		depth += at[0] == '/' && at[1] != '\0';
	return depth;
}

static void drop_covered(struct mount_list *list)
{
	struct mount_list kept = {0};
	for (size_t i = 0; i < list->count; i++) {
		struct oci_mount *mount = &list->items[i];
		if (mount_list_find(list, mount->destination) == mount)
			*mount_list_add(&kept, NULL, NULL) = *mount;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (mount_list_find(&kept, list->items[i].destination)->source !=
		    list->items[i].source)
			clear_mount(&list->items[i]);
	}
	free(list->items);
	*list = kept;
}

void mount_list_order(struct mount_list *list)
{
	drop_covered(list);
	for (size_t i = 1; i < list->count; i++) {
		struct oci_mount mount = list->items[i];
		size_t at = i;
		for (; at > 0 && depth_of(&list->items[at - 1]) > depth_of(&mount); at--)
			list->items[at] = list->items[at - 1];
		list->items[at] = mount;
	}
}
