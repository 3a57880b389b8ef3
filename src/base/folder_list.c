/* SPDX-License-Identifier: Apache-2.0 */
#include "base/folder_list.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

bool folder_list(const char *folder, struct string_list *ret, struct error *err)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (dir == NULL)
		return error_set_errno(err, errno, "%s", folder);
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			string_list_add(ret, entry->d_name);
	}
	(void)closedir(dir);
	string_list_sort(ret);
	return true;
}
