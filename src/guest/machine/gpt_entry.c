/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/gpt_entry.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"

#define SECTOR 512

/* The kernel of a Debian 12 base does not tell a partition's GUID: read the table itself. */

/* "/dev/vda" for "vda3": the folder above it in sysfs. Owned, or NULL. */
static char *disk_of(const char *partition)
{
	AUTO_FREE char *link = xasprintf("/sys/class/block/%s", partition);
	AUTO_FREE char *real = realpath(link, NULL);
	return real != NULL ? xasprintf("/dev/%s", basename(dirname(real))) : NULL;
}

static bool read_number(const char *partition, uint64_t *ret)
{
	AUTO_FREE char *path = xasprintf("/sys/class/block/%s/partition", partition);
	AUTO_FREE char *text = NULL;
	if (!file_read(path, 64, &text, NULL, NULL))
		return false;
	text[strcspn(text, "\n")] = '\0';
	return parse_u64(text, 1, 255, ret);
}

/* The first three fields of a GUID are little-endian on disk. */
static void guid_text(const uint8_t guid[16], char out[37])
{
	(void)snprintf(
		out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		guid[3], guid[2], guid[1], guid[0], guid[5], guid[4], guid[7], guid[6], guid[8],
		guid[9], guid[10], guid[11], guid[12], guid[13], guid[14], guid[15]);
}

bool gpt_partition_has_uuid(const char *partition, const char *uuid)
{
	uint64_t number = 0;
	AUTO_FREE char *disk = disk_of(partition);
	if (disk == NULL || !read_number(partition, &number))
		return false;
	AUTO_CLOSE int fd = open(disk, O_RDONLY | O_CLOEXEC);
	uint8_t header[SECTOR];
	if (fd < 0 || pread(fd, header, sizeof(header), SECTOR) != (ssize_t)sizeof(header) ||
	    memcmp(header, "EFI PART", 8) != 0)
		return false;
	uint64_t entries = bytes_get_u64(header + 72);
	uint32_t entry_size = bytes_get_u32(header + 84);
	if (entries > UINT32_MAX || entry_size < 128 || entry_size > 4096)
		return false;
	uint8_t entry[128];
	off_t offset = (off_t)(entries * SECTOR + (number - 1) * entry_size);
	char text[37];
	if (pread(fd, entry, sizeof(entry), offset) != (ssize_t)sizeof(entry))
		return false;
	guid_text(entry + 16, text);
	return strcasecmp(text, uuid) == 0;
}
