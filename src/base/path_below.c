/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path_below.h"

#include <string.h>

const char *path_below(const char *folder, const char *path)
{
	size_t size = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	if (strncmp(folder, path, size) != 0 || (path[size] != '/' && path[size] != '\0'))
		return NULL;
	return path[size] == '/' ? path + size + 1 : path + size;
}
