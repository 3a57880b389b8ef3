/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_VOLUME_FILES_H
#define I2KIT_GUEST_POD_VOLUME_FILES_H

#include "guest/pod/volumes.h"

/*
 * The files of a configMap, secret, downward or projected volume: FOLDER/..NUMBER/… with the files,
 * FOLDER/..data → ..NUMBER, FOLDER/name → ..data/name. Nothing is touched when nothing changed.
 */
MUST_CHECK bool volume_files_write(const struct volume_place *plan,
				   const struct volume_rule *volume, const char *folder,
				   struct error *err);

#endif
