/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "cli/arguments.h"
#include "cli/exec_run.h"
#include "cli/project_verb.h"

static void act_kill(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_kill_one(client, arg, done, done_arg);
}

/* "KILL", "SIGHUP", "9" as kill(1) has it; NULL: no signal's name. */
static const char *signal_word(const char *text)
{
	const char *word = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

	for (const char *p = word; *p != '\0'; p++) {
		if (!isalnum((unsigned char)*p))
			return NULL;
	}
	return word[0] != '\0' && strlen(word) <= 10 ? word : NULL;
}

static bool is_power_cut(const char *word)
{
	return strcasecmp(word, "KILL") == 0 || strcmp(word, "9") == 0;
}

/*
 * To a container's first process, by the image's own shell: the kernel hands it what it has a
 * handler for.
 */
static bool send_signal(const struct project_verb *verb, const char *target, const char *word,
			struct error *err)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	struct exec_run exec = {
		.project = verb->project, .target = target, .argv = &argv, .stdin_fd = -1};
	int code = 1;

	string_list_add(&argv, "sh");
	string_list_add(&argv, "-c");
	string_list_addf(&argv, "kill -%s 1", word);
	if (!exec_run(&exec, &code, err))
		return false;
	if (code == 0)
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "%s did not get the signal %s: its image's sh ended with %d", target, word, code);
	return error_hint(err, "without -s the VM itself is killed");
}

static bool kill_all(const struct invocation *invocation, const struct project_verb *verb,
		     struct string_list *names, struct error *err)
{
	const char *given = arguments_value(invocation->args, "signal");
	const char *word = given != NULL ? signal_word(given) : "KILL";

	if (is_power_cut(word))
		return project_verb_check(verb, names, err) &&
		       project_verb_act_all(verb, names, act_kill, err) &&
		       project_verb_stopped_wait(invocation, verb, names, err);
	for (size_t i = 0; i < names->count; i++) {
		if (!send_signal(verb, names->items[i], word, err))
			return false;
	}
	return true;
}

static bool check_signal(const struct arguments *args, struct error *err)
{
	const char *given = arguments_value(args, "signal");

	if (given == NULL || signal_word(given) != NULL)
		return true;
	error_set(err, ERROR_USAGE, "--signal: '%s' is no signal", given);
	return error_hint(err, "-s HUP, -s TERM, -s 10");
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	return check_signal(invocation->args, err) &&
			       project_verb_open_words(invocation, true, &verb, &names, err) &&
			       kill_all(invocation, &verb, &names, err) &&
			       project_verb_report(invocation, &verb, err)
		       ? 0
		       : 1;
}

static const struct option_spec options[] = {
	{"signal", 's', OPTION_VALUE, "SIGNAL", "to the container's first process (KILL)",
	 COMPLETE_NONE},
};

const struct verb verb_kill = {
	.name = "kill",
	.group = VERB_RUN,
	.summary = "end pods at once, without asking them",
	.description =
		"Takes the power from the VMs of a pod: no preStop, no grace period. A pod is "
		"stopped by it, and `i2kit start` brings it back; an instance that was named alone "
		"(web-1) comes again at once, as after a crash.\n\n"
		"Another signal than KILL goes to the first process of the container, by the "
		"image's sh; a process gets those it has a handler for.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"POD|INSTANCE[/CONTAINER]", 1, 0, COMPLETE_INSTANCE},
	.has_output = true,
	.names = "{.instances[*].name}",
	.example = "i2kit kill worker\ni2kit kill -s HUP web/nginx",
	.takes_away = true,
	.run = run,
};
