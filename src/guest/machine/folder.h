/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_FOLDER_H
#define I2KIT_GUEST_MACHINE_FOLDER_H

#include "base/string_list.h"

/* The names in a folder, without "." and "..", in no order; false when it cannot be read. */
bool folder_list(const char *path, struct string_list *ret);

#endif
