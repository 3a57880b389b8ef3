/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_NUMBER_FILE_H
#define I2KIT_GUEST_MACHINE_NUMBER_FILE_H

#include <stdint.h>

/*
 * The number behind the first `key` (and blanks) in a file of /proc or of a control group; 0: it is
 * not there, or a word such as "max". Kilobytes of such a number fit 64 bits.
 */
uint64_t number_file_read(const char *path, const char *key);

#endif
