/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/folder.h"

#include <dirent.h>
#include <string.h>

bool folder_list(const char *path, struct string_list *ret)
{
	DIR *folder = opendir(path);
	if (folder == NULL)
		return false;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			string_list_add(ret, entry->d_name);
	}
	(void)closedir(folder);
	return true;
}
