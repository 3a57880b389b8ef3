/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_FOLDER_LIST_H
#define I2KIT_BASE_FOLDER_LIST_H

#include "base/error.h"
#include "base/string_list.h"

/*
 * Adds the names in a folder, sorted by byte value, without "." and "..". False where it cannot be
 * read; *ret has no more than before then. ERROR_NOT_FOUND: there is no such folder.
 */
bool folder_list(const char *folder, struct string_list *ret, struct error *err);

#endif
