/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from a disk that somebody hands us: partition table, FAT, table of contents. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/disk/fat.h"
#include "image/disk/gpt.h"
#include "image/disk/toc.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_FREE struct gpt_table *table = xcalloc(1, sizeof(*table));
	AUTO_CLOSE int fd = memfd_create("disk", MFD_CLOEXEC);
	AUTO_FREE char *text = NULL;
	uint64_t offset, length;
	size_t text_size;
	if (gpt_parse(bytes, size, size, table, NULL))
		for (size_t i = 0; i < table->partition_count; i++)
			if (table->partitions[i].offset + table->partitions[i].size > size)
				abort();
	if (fat_find(bytes, size, TOC_NAME, &offset, &length, NULL) && length > UINT32_MAX)
		abort();
	if (fd < 0 || !fd_write_all(fd, bytes, size, NULL))
		abort();
	if (toc_read_disk(fd, &text, &text_size, NULL) && text_size > size)
		abort();
	return 0;
}
