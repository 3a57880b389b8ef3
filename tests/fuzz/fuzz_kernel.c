/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel out of a disk: unpacked, or left alone. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "image/disk/kernel_unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	size_t unpacked = 0;
	AUTO_FREE uint8_t *elf = kernel_unpack(bytes, size, &unpacked);
	if (elf != NULL && !kernel_has_pvh_note(elf, unpacked))
		abort();
	(void)kernel_has_pvh_note(bytes, size);
	return 0;
}
