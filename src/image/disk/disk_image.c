/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "image/disk/disk_image.h"
#include "image/disk/toc.h"
#include "image/store/store.h"

#define PREFIX_MIN 6u
#define HEX_DIGITS 64u

void disk_image_clear(struct disk_image *image)
{
	free(image->path);
	free(image->toc_json);
	*image = (struct disk_image){0};
}

/* The one disk whose hex digits begin with prefix, as a whole digest. */
static bool expand(const struct store *store, const char *prefix, struct digest *out,
		   struct error *err)
{
	AUTO_FREE char *folder = path_join(store_folder(store), "disks");
	DIR *dir = opendir(folder);
	unsigned found = 0;
	for (struct dirent *entry = dir == NULL ? NULL : readdir(dir); entry != NULL;
	     entry = readdir(dir)) {
		char hex[DIGEST_HEX_SIZE];
		struct digest digest;
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		(void)snprintf(hex, sizeof(hex), "%.64s", entry->d_name);
		if (!digest_parse_hex(hex, &digest) || !store_has(store, STORE_DISK, &digest))
			continue;
		*out = digest;
		found++;
	}
	if (dir != NULL)
		(void)closedir(dir);
	if (found > 1)
		return error_set(err, ERROR_INVALID, "%u disks begin with '%s'", found, prefix);
	return found == 1 || error_set(err, ERROR_NOT_FOUND, "no disk '%s' in the store", prefix);
}

static bool complete_digest(const struct store *store, const char *text, struct digest *out,
			    struct error *err)
{
	const char *hex = strncmp(text, "sha256:", 7) == 0 ? text + 7 : text;
	size_t length = strlen(hex);
	if (length < PREFIX_MIN || length > HEX_DIGITS || strspn(hex, "0123456789abcdef") != length)
		return error_set(err, ERROR_INVALID,
				 "'%s' is not a digest of at least %u hex digits", text,
				 PREFIX_MIN);
	if (length < HEX_DIGITS)
		return expand(store, hex, out, err);
	return (digest_parse_hex(hex, out) && store_has(store, STORE_DISK, out)) ||
	       error_set(err, ERROR_NOT_FOUND, "no disk 'sha256:%.12s' in the store", hex);
}

bool image_find(struct store *store, const char *digest, struct disk_image *ret, struct error *err)
{
	AUTO(disk_image_clear) struct disk_image image = {0};
	struct stat st;
	size_t size;
	if (!complete_digest(store, digest, &image.digest, err))
		return false;
	image.path = store_path(store, STORE_DISK, &image.digest);
	AUTO_CLOSE int fd = open(image.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return error_set_errno(err, errno, "cannot read '%s'", image.path);
	image.size_bytes = (uint64_t)st.st_size;
	image.allocated_bytes = (uint64_t)st.st_blocks * 512;
	if (!toc_read_disk(fd, &image.toc_json, &size, err))
		return error_prefix(err, "'%s'", image.path);
	*ret = image;
	image = (struct disk_image){0};
	return true;
}
