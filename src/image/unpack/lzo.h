/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_UNPACK_LZO_H
#define I2KIT_IMAGE_UNPACK_LZO_H

/*
 * LZO1X, as squashfs has it (https://docs.kernel.org/staging/lzo.html): the base of every disk is
 * packed so, for it unpacks fastest. The library for it has a licence that i2kit cannot be linked
 * with, and only reading is wanted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unpacks one block; false: it is malformed, or more than `room` bytes. */
bool lzo_unpack(const uint8_t *bytes, size_t size, uint8_t *out, size_t room, size_t *ret_size);

#endif
