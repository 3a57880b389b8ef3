/* SPDX-License-Identifier: Apache-2.0 */
/* i2kit.json: what is accepted is written and accepted again. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/disk/toc.h"

#define DISK_SIZE ((uint64_t)1 << 30)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(toc_clear) struct toc toc = {0};
	AUTO(toc_clear) struct toc again = {0};
	if (!toc_parse((const char *)bytes, size, DISK_SIZE, &toc, NULL))
		return 0;
	for (size_t i = 0; i < toc.partition_count; i++)
		if (toc.partitions[i].offset > DISK_SIZE ||
		    toc.partitions[i].size > DISK_SIZE - toc.partitions[i].offset)
			abort();
	AUTO_FREE char *text = toc_make(&toc);
	if (!toc_parse(text, strlen(text), DISK_SIZE, &again, NULL) ||
	    again.partition_count != toc.partition_count || again.file_count != toc.file_count)
		abort();
	return 0;
}
