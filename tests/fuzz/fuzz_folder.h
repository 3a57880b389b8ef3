/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TESTS_FUZZ_FUZZ_FOLDER_H
#define I2KIT_TESTS_FUZZ_FUZZ_FOLDER_H

/* For what is read from files: a folder of the process' own, removed at its end. */

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

static char *fuzz_folder_path;

static void fuzz_folder_remove(void)
{
	(void)!path_remove_tree(fuzz_folder_path, NULL);
	free(fuzz_folder_path);
}

static inline const char *fuzz_folder(void)
{
	if (fuzz_folder_path == NULL) {
		fuzz_folder_path = xstrdup("/tmp/i2kit-fuzz-XXXXXX");
		if (mkdtemp(fuzz_folder_path) == NULL || atexit(fuzz_folder_remove) != 0)
			abort();
	}
	return fuzz_folder_path;
}

/* FOLDER/NAME with these bytes; owned path. */
static inline char *fuzz_file(const char *name, const uint8_t *bytes, size_t size)
{
	char *path = path_join(fuzz_folder(), name);
	char *slash = strrchr(path, '/');
	*slash = '\0';
	if (!path_make_folders(path, 0700, NULL))
		abort();
	*slash = '/';
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || !fd_write_all(fd, bytes, size, NULL))
		abort();
	return path;
}

#endif
