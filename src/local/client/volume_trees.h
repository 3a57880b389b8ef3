/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_VOLUME_TREES_H
#define I2KIT_LOCAL_CLIENT_VOLUME_TREES_H

/*
 * What volume_files.h does with volumes that are folders (local/plan/volume_folder.h): files are
 * kept as tar archives, snapshots as copies beside the folder. Checks of who uses them and of names
 * are the caller's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

uint64_t volume_tree_used_bytes(const char *folder); /* on this machine, as du counts */
void volume_tree_snapshots(const char *project, const char *name, struct string_list *ret);

/* Of each: whole or not at all. */
MUST_CHECK bool volume_tree_remove(const char *project, const char *name, struct error *err);
MUST_CHECK bool volume_tree_export(const char *folder, const char *path, struct error *err);
MUST_CHECK bool volume_tree_import(const char *project, const char *name, const char *path,
				   struct error *err);
MUST_CHECK bool volume_tree_snapshot(const char *project, const char *name, const char *snapshot,
				     struct error *err);
MUST_CHECK bool volume_tree_restore(const char *project, const char *name, const char *snapshot,
				    struct error *err);
MUST_CHECK bool volume_tree_forget(const char *project, const char *name, const char *snapshot,
				   struct error *err);
/* By its first bytes. */
bool volume_tree_is_archive(const char *path);

#endif
