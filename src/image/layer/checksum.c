/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/checksum.h"

#include <inttypes.h>
#include <stdio.h>

#include <isa-l/crc64.h>

uint64_t checksum_update(uint64_t sum, const void *bytes, size_t size)
{
	return crc64_ecma_refl(sum, bytes, size);
}

void checksum_format(uint64_t sum, char out[CHECKSUM_SIZE])
{
	(void)snprintf(out, CHECKSUM_SIZE, "%016" PRIx64, sum);
}
