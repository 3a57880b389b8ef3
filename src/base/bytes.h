/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_BYTES_H
#define I2KIT_BASE_BYTES_H

/* Little-endian numbers in bytes that need not be aligned. */

#include <stdint.h>

static inline uint16_t bytes_get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t bytes_get_u32(const uint8_t *at)
{
	return (uint32_t)bytes_get_u16(at) | (uint32_t)bytes_get_u16(at + 2) << 16;
}

static inline uint64_t bytes_get_u64(const uint8_t *at)
{
	return (uint64_t)bytes_get_u32(at) | (uint64_t)bytes_get_u32(at + 4) << 32;
}

static inline void bytes_put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value & 0xff);
	at[1] = (uint8_t)(value >> 8);
}

static inline void bytes_put_u32(uint8_t *at, uint32_t value)
{
	bytes_put_u16(at, (uint16_t)(value & 0xffff));
	bytes_put_u16(at + 2, (uint16_t)(value >> 16));
}

static inline void bytes_put_u64(uint8_t *at, uint64_t value)
{
	bytes_put_u32(at, (uint32_t)(value & 0xffffffffU));
	bytes_put_u32(at + 4, (uint32_t)(value >> 32));
}

#endif
