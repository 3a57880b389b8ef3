/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/copy_run.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "wire/request.h"

#define PROGRAM "/usr/bin/i2kit-copy"

bool copy_run_is_meant(const struct string_list *argv)
{
	return argv->count > 0 && strcmp(argv->items[0], EXEC_COPY) == 0;
}

/* The container's user at the end of "sync"; it may not run just now. */
static bool sync_words(struct container *container, struct string_list *words, struct error *err)
{
	const struct image_user *user = container_user(container);
	pid_t pid = container_pid(container);
	if (!container_has_root(container))
		return error_set(err, ERROR_NOT_FOUND, "container '%s' does not run",
				 container_get_image(container)->name);
	container_keep_files(container);
	if (pid > 0)
		string_list_addf(words, "%d", (int)pid);
	else
		string_list_take(words, container_root(container));
	string_list_add(words, "sync");
	string_list_addf(words, "%u:%u", (unsigned)user->uid, (unsigned)user->gid);
	return true;
}

static bool copy_words(struct container *container, const struct string_list *argv,
		       struct string_list *words, struct error *err)
{
	pid_t pid = container_pid(container);
	if (pid <= 0)
		return error_set(err, ERROR_NOT_FOUND, "container '%s' does not run",
				 container_get_image(container)->name);
	string_list_addf(words, "%d", (int)pid);
	for (size_t i = 1; i < argv->count; i++)
		string_list_add(words, argv->items[i]);
	return true;
}

pid_t copy_run_start(struct container *container, const struct string_list *argv, const int fds[3],
		     reaper_fn *done, void *arg, struct error *err)
{
	bool is_sync = argv->count == 2 && strcmp(argv->items[1], EXEC_SYNC) == 0;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	string_list_add(&words, PROGRAM);
	if (!(is_sync ? sync_words(container, &words, err)
		      : copy_words(container, argv, &words, err)))
		return -1;
	pid_t pid = spawn((const char *const *)words.items, NULL, fds, err);
	if (pid >= 0)
		reaper_watch(container_guest(container)->reaper, pid, REAPER_CHILD, done, arg);
	return pid;
}
