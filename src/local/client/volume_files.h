/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_VOLUME_FILES_H
#define I2KIT_LOCAL_CLIENT_VOLUME_FILES_H

/*
 * The disks of a project's claims as people handle them: PATH_DATA/volumes/PROJECT/NAME.qcow2
 * (local/vm/volume_disk.h says how they get their names). qemu-img does the work and takes QEMU's
 * lock, so that nothing is read or written that a VM writes right now.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

struct volume_file {
	char *name;
	char *path;
	char *project;
	bool is_shared;		      /* a folder of several VMs (volume_folder.h), not a disk */
	uint64_t size_bytes;	      /* as the pod sees it; 0: qemu-img could not tell */
	uint64_t used_bytes;	      /* on this machine */
	bool is_in_use;		      /* by a VM that runs */
	struct string_list pods;      /* of the project as it is up */
	struct string_list snapshots; /* their names, oldest first */
};
struct volume_file_list {
	struct volume_file *items;
	size_t count;
};
void volume_file_list_clear(struct volume_file_list *list);

/* None is no error. What qemu-img says is left out where it cannot be asked. */
MUST_CHECK bool volume_files_list(const char *project, struct volume_file_list *ret,
				  struct error *err);
/* Borrowed; NULL with ERROR_NOT_FOUND that names the nearest. */
const struct volume_file *volume_files_find(const struct volume_file_list *list,
					    const char *project, const char *name,
					    struct error *err);

/* ERROR_BUSY where the project is up with a pod that has it. */
MUST_CHECK bool volume_file_remove(const struct volume_file *volume, struct error *err);
/* format: "raw" or "qcow2"; of a shared one "tar". Whole or not at all; a file that is there is ERROR_EXISTS. */
MUST_CHECK bool volume_file_export(const struct volume_file *volume, const char *format,
				   const char *path, bool replaces, struct error *err);
/*
 * From a raw or qcow2 file, which may lean on no other one; a tar archive becomes a shared one. A
 * volume that is there: ERROR_EXISTS.
 */
MUST_CHECK bool volume_file_import(const char *project, const char *name, const char *path,
				   bool replaces, struct error *err);
/* Kept within the disk's own file. */
MUST_CHECK bool volume_file_snapshot(const struct volume_file *volume, const char *snapshot,
				     struct error *err);
MUST_CHECK bool volume_file_restore(const struct volume_file *volume, const char *snapshot,
				    struct error *err);
MUST_CHECK bool volume_file_forget(const struct volume_file *volume, const char *snapshot,
				   struct error *err);

/* Pure: what `qemu-img info --output=json` printed. leans_on: a file it is part of, owned; NULL. */
struct volume_facts {
	uint64_t size_bytes;
	char *format;
	char *leans_on;
	struct string_list snapshots;
};
void volume_facts_clear(struct volume_facts *facts);
MUST_CHECK bool volume_facts_read(const char *text, size_t size, struct volume_facts *ret,
				  struct error *err);
/* A word that may be a volume's or snapshot's name: ERROR_USAGE. */
MUST_CHECK bool volume_name_check(const char *name, struct error *err);

#endif
