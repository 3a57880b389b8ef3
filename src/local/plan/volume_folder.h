/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_VOLUME_FOLDER_H
#define I2KIT_LOCAL_PLAN_VOLUME_FOLDER_H

/*
 * Claims that several VMs have at once (ReadWriteMany): PATH_DATA/volumes/PROJECT/CLAIM.shared, a
 * folder that each VM gets by a virtiofsd of its own (local/vm/share.h). Their snapshots are folders
 * beside it: .CLAIM.snapshots/NAME.
 */

#include "local/plan/project_plan.h"

#define VOLUME_FOLDER_ENDING ".shared"

char *volume_folder_path(const char *project, const char *claim);      /* owned */
char *volume_folder_snapshots(const char *project, const char *claim); /* owned */
bool project_plan_has_shared(const struct project_plan *plan);
/*
 * The folders are there afterwards, before a supervisor is fenced off. ERROR_EXISTS where a claim
 * was a disk before: nothing of it would be seen any more.
 */
MUST_CHECK bool volume_folders_provide(const struct project_plan *plan, struct error *err);

#endif
