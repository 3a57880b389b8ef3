/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/disk_argument.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "image/disk/disk_image.h"

bool disk_argument_find(struct store *store, const char *text, char **ret, struct error *err)
{
	AUTO(disk_image_clear) struct disk_image image = {0};
	struct stat st;
	if (stat(text, &st) == 0 && S_ISREG(st.st_mode)) {
		*ret = xstrdup(text);
		return true;
	}
	if (!image_find(store, text, &image, err)) {
		if (err != NULL && err->kind == ERROR_INVALID && err->hint == NULL)
			return error_set(err, ERROR_NOT_FOUND,
					 "'%s' is neither a file nor the digest of a disk", text);
		return false;
	}
	*ret = TAKE_PTR(image.path);
	return true;
}
