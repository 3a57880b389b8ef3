/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_CHECKSUM_H
#define I2KIT_IMAGE_LAYER_CHECKSUM_H

/*
 * CRC-64 (ECMA-182, reflected): finds damage as surely as a digest and takes a tenth of its time,
 * so the store's own files are checked with it each time they are used. It proves nothing against
 * somebody who means harm; who can write to the store can write its records too.
 */

#include <stddef.h>
#include <stdint.h>

#define CHECKSUM_SIZE 17 /* 16 hex digits and NUL */

/* Begins with 0. */
uint64_t checksum_update(uint64_t sum, const void *bytes, size_t size);
void checksum_format(uint64_t sum, char out[CHECKSUM_SIZE]);

#endif
