/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_booted.h"

#include <errno.h>
#include <fcntl.h>
#include <mbedtls/md.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/string_list.h"

#define SECTOR	    512
#define PIECE_BYTES ((size_t)1 << 20)
#define MOST_BYTES  ((uint64_t)1 << 40)
#define BACKUP_LBA  32 /* in a GPT header: where its copy is, the image's last sector */

struct cloud_booted {
	int fd;
	uint64_t at;
	uint64_t size;
	mbedtls_md_context_t hash; /* SHA-256; names that mbedTLS 2.28 and 3.6 both have */
	uint8_t piece[PIECE_BYTES];
};

void cloud_booted_free(struct cloud_booted *booted)
{
	if (booted == NULL)
		return;
	auto_close(&booted->fd);
	mbedtls_md_free(&booted->hash);
	free(booted);
}

static bool read_size(int fd, uint64_t *ret, struct error *err)
{
	uint8_t header[SECTOR];
	if (pread(fd, header, sizeof(header), SECTOR) != (ssize_t)sizeof(header) ||
	    memcmp(header, "EFI PART", 8) != 0)
		return error_set(err, ERROR_INVALID, "the disk has no partition table");
	uint64_t last = bytes_get_u64(header + BACKUP_LBA);
	if (last < 2 || last >= MOST_BYTES / SECTOR)
		return error_set(err, ERROR_INVALID, "the partition table's end is nowhere");
	*ret = (last + 1) * SECTOR;
	return true;
}

struct cloud_booted *cloud_booted_open(const char *device, struct error *err)
{
	AUTO_CLOSE int fd = open(device, O_RDONLY | O_CLOEXEC);
	uint64_t size = 0;
	if (fd < 0) {
		(void)error_set_errno(err, errno, "%s", device);
		return NULL;
	}
	if (!read_size(fd, &size, err))
		return NULL;
	struct cloud_booted *booted = xcalloc(1, sizeof(*booted));
	booted->fd = take_fd(&fd);
	booted->size = size;
	mbedtls_md_init(&booted->hash);
	if (mbedtls_md_setup(&booted->hash, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0) != 0 ||
	    mbedtls_md_starts(&booted->hash) != 0) {
		(void)error_set(err, ERROR_SYSTEM, "SHA-256: out of memory");
		cloud_booted_free(booted);
		return NULL;
	}
	return booted;
}

/* "nvme0n1p2", what "/" was mounted from last; owned, or NULL. */
static char *root_partition(void)
{
	AUTO_FREE char *text = NULL;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	size_t size = 0;
	char *found = NULL;
	if (!file_read("/proc/self/mounts", 1 << 20, &text, &size, NULL))
		return NULL;
	string_list_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		size_t length = strcspn(line, " ");
		if (strncmp(line, "/dev/", 5) != 0 || strncmp(line + length, " / ", 3) != 0)
			continue;
		free(found);
		found = xstrndup(line + 5, length - 5);
	}
	return found;
}

struct cloud_booted *cloud_booted_new(struct error *err)
{
	AUTO_FREE char *partition = root_partition();
	AUTO_FREE char *link =
		partition != NULL ? xasprintf("/sys/class/block/%s", partition) : NULL;
	/* …/block/nvme0n1/nvme0n1p2 */
	AUTO_FREE char *place = link != NULL ? realpath(link, NULL) : NULL;
	char *slash = place != NULL ? strrchr(place, '/') : NULL;
	if (slash == NULL) {
		(void)error_set(err, ERROR_NOT_FOUND, "the disk of / is not known");
		return NULL;
	}
	*slash = '\0';
	slash = strrchr(place, '/');
	AUTO_FREE char *device = xasprintf("/dev/%s", slash != NULL ? slash + 1 : place);
	return cloud_booted_open(device, err);
}

bool cloud_booted_step(struct cloud_booted *booted, bool *ret_done, struct error *err)
{
	uint64_t left = booted->size - booted->at;
	size_t wanted = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
	ssize_t got = pread(booted->fd, booted->piece, wanted, (off_t)booted->at);
	if (got < 0)
		return error_set_errno(err, errno, "reading the disk");
	if (got == 0 && wanted > 0)
		return error_set(err, ERROR_CORRUPT,
				 "the disk ends before its partition table says");
	(void)mbedtls_md_update(&booted->hash, booted->piece, (size_t)got);
	booted->at += (uint64_t)got;
	*ret_done = booted->at == booted->size;
	return true;
}

void cloud_booted_digest(struct cloud_booted *booted, char out[72])
{
	unsigned char raw[32] = {0};
	(void)mbedtls_md_finish(&booted->hash, raw);
	memcpy(out, "sha256:", 8);
	for (size_t i = 0; i < sizeof(raw); i++)
		(void)snprintf(out + 7 + 2 * i, 3, "%02x", raw[i]);
}
