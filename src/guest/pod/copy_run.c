/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/copy_run.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define PROGRAM "/usr/bin/i2kit-copy"

bool copy_run_is_meant(const struct string_list *argv)
{
	return argv->count > 0 && strcmp(argv->items[0], COPY_PROGRAM) == 0;
}

pid_t copy_run_start(struct container *container, const struct string_list *argv, const int fds[3],
		     reaper_fn *done, void *arg, struct error *err)
{
	pid_t container_process = container_pid(container);
	if (container_process <= 0) {
		(void)error_set(err, ERROR_NOT_FOUND, "container '%s' does not run",
				container_get_image(container)->name);
		return -1;
	}
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	string_list_add(&words, PROGRAM);
	string_list_addf(&words, "%d", (int)container_process);
	for (size_t i = 1; i < argv->count; i++)
		string_list_add(&words, argv->items[i]);
	pid_t pid = spawn((const char *const *)words.items, NULL, fds, err);
	if (pid >= 0)
		reaper_watch(container_guest(container)->reaper, pid, REAPER_CHILD, done, arg);
	return pid;
}
