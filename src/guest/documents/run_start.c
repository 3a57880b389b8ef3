/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/run_start.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

static void drop_probe(struct probe_spec *probe)
{
	check_clear(&probe->check);
	*probe = (struct probe_spec){.grace_ms = -1};
}

static void drop_checks(struct container_image *container)
{
	drop_probe(&container->startup);
	drop_probe(&container->readiness);
	drop_probe(&container->liveness);
	check_clear(&container->post_start);
	check_clear(&container->pre_stop);
}

bool pod_keep_run(struct pod_image *pod, const char *container, struct error *err)
{
	size_t kept = 0;
	bool is_found = false;

	for (size_t i = 0; i < pod->container_count; i++) {
		struct container_image *one = &pod->containers[i];
		bool is_meant = !one->is_init && strcmp(one->name, container) == 0;
		is_found = is_found || is_meant;
		if (is_meant)
			drop_checks(one);
		if (is_meant || one->is_init)
			pod->containers[kept++] = *one;
		else
			container_image_clear(one);
	}
	pod->container_count = kept;
	pod->restart_policy = RESTART_NEVER;
	pod->workload = WORKLOAD_POD;
	pod->active_deadline_ms = 0;
	return is_found ||
	       error_set(err, ERROR_NOT_FOUND, "there is no container '%s' to run", container);
}

/* $(NAME) of a manifest's command is replaced, and $$ is a $; a command line is taken as it is. */
static void copy_literally(const struct string_list *from, struct string_list *ret)
{
	for (size_t i = 0; i < from->count; i++) {
		struct strbuf text = STRBUF_INIT;
		for (const char *at = from->items[i]; *at != '\0'; at++)
			strbuf_append(&text, *at == '$' ? "$$" : (char[]){*at, '\0'});
		string_list_take(ret, strbuf_take(&text));
	}
}

static void take_command(struct container_image *container, const struct exec_start *start)
{
	bool replaces_command = container->has_command && !start->has_entrypoint;

	if (start->has_entrypoint) {
		string_list_clear(&container->entrypoint);
		string_list_clear(&container->cmd);
		string_list_clear(&container->command);
		string_list_clear(&container->args);
		string_list_copy(&container->entrypoint, &start->entrypoint);
		container->has_command = container->has_args = false;
	}
	if (start->argv.count == 0)
		return;
	string_list_clear(&container->args);
	container->has_args = !replaces_command;
	if (replaces_command)
		string_list_clear(&container->command);
	copy_literally(&start->argv, replaces_command ? &container->command : &container->args);
}

static void set_text(char **place, const char *text)
{
	if (text == NULL)
		return;
	free(*place);
	*place = xstrdup(text);
}

void container_take_start(struct container_image *container, const struct exec_start *start)
{
	take_command(container, start);
	set_text(&container->wanted_working_dir, start->cwd);
	set_text(&container->user, start->user);
	if (start->user != NULL)
		container->security.user = container->security.group = -1;
	container->has_tty = start->has_tty;
	container->has_stdin = start->has_stdin;
}
