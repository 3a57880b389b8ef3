/* SPDX-License-Identifier: Apache-2.0 */

/* Runs the fuzz target it is linked with over every file of the folders and files given. */

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/string_list.h"
#include "fuzz.h"

enum { MOST_BYTES = 16 * 1024 * 1024, SECONDS_PER_INPUT = 20 };

static void list_folder(const char *path, struct string_list *ret)
{
	DIR *folder = opendir(path);
	if (folder == NULL) {
		string_list_add(ret, path);
		return;
	}
	const struct dirent *entry;
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.')
			string_list_addf(ret, "%s/%s", path, entry->d_name);
	}
	(void)closedir(folder);
	string_list_sort(ret);
}

static bool replay(const char *path)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!file_read(path, MOST_BYTES, &text, &size, &err)) {
		(void)fprintf(stderr, "%s\n", err.message);
		return false;
	}
	/* A copy of exactly that size, so that a sanitizer sees a read past the end. */
	AUTO_FREE uint8_t *input = xmemdup(text, size);
	(void)fprintf(stderr, "replay %s\n", path);
	(void)alarm(SECONDS_PER_INPUT);
	bool is_done = LLVMFuzzerTestOneInput(input, size) == 0;
	(void)alarm(0);
	return is_done;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	for (int i = 1; i < argc; i++) {
		AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
		list_folder(argv[i], &files);
		for (size_t j = 0; j < files.count; j++) {
			if (!replay(files.items[j]))
				return 1;
			count++;
		}
	}
	/* A corpus that is not there tests nothing. */
	if (count == 0) {
		(void)fprintf(stderr, "no input to replay\n");
		return 1;
	}
	(void)printf("%zu inputs\n", count);
	return 0;
}
