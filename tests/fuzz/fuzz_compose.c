/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three files of a Compose project's folder, divided by lines of "%%": compose.yaml, other.yaml, which
 * it may include, extend or be overridden by, and .env. What is read is read, or refused with a reason.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "fuzz.h"
#include "manifest/app.h"
#include "manifest/load.h"

static char folder[64];

static void remove_folder(void)
{
	(void)!path_remove_tree(folder, NULL);
}

static void make_folder(void)
{
	if (folder[0] != '\0')
		return;
	(void)snprintf(folder, sizeof(folder), "/tmp/i2kit-fuzz-XXXXXX");
	if (mkdtemp(folder) == NULL)
		abort();
	(void)atexit(remove_folder);
}

/* The piece before the next "%%", into a file; what follows it is returned. */
static const char *write_piece(const char *text, const char *end, const char *name)
{
	AUTO_FREE char *path = path_join(folder, name);
	const char *stop = text;
	while (stop + 4 <= end && memcmp(stop, "\n%%\n", 4) != 0)
		stop++;
	stop = stop + 4 <= end ? stop : end;
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || !fd_write_all(fd, text, (size_t)(stop - text), NULL))
		abort();
	return stop + 4 <= end ? stop + 4 : end;
}

static void read_project(bool is_overridden)
{
	static const char *const environment[] = {"HOME=/root", "TAG=1", "EMPTY=", NULL};
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	struct load_options options = {.folder = folder, .environment = environment};

	string_list_take(&options.paths, path_join(folder, "compose.yaml"));
	if (is_overridden)
		string_list_take(&options.paths, path_join(folder, "other.yaml"));
	bool is_good = app_load(&options, &app, &problems, NULL);
	string_list_clear(&options.paths);
	if (!is_good && problems.count == 0 && app.pod_count > 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes;

	make_folder();
	const char *next = write_piece(text, text + size, "compose.yaml");
	next = write_piece(next, text + size, "other.yaml");
	(void)write_piece(next, text + size, ".env");
	read_project(false);
	read_project(true);
	return 0;
}
