/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/arguments.h"
#include "cli/pod_words.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"
#include "cli/scale_words.h"

static void act_scale(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	const struct scale_word *scale = arg;
	client_scale(client, scale->pod, scale->replicas, done, done_arg);
}

/* What was named instead of a pod is one, before any is changed; *ret_pods: to be waited for. */
static bool check_pods(const struct project_verb *verb, struct scale_words *scales,
		       struct string_list *ret_pods, struct error *err)
{
	for (size_t i = 0; i < scales->count; i++) {
		char *pod = pod_word_read(verb->project, scales->items[i].pod, err);
		if (pod == NULL)
			return false;
		free(scales->items[i].pod);
		scales->items[i].pod = pod;
		string_list_add(ret_pods, pod);
	}
	return project_verb_check(verb, ret_pods, err);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(scale_words_clear) struct scale_words scales = {0};
	AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;
	struct follow_options options = {.goal = FOLLOW_READY, .names = &pods};
	struct follow_result result = {0};

	if (!scale_words_read(arguments_rest(invocation->args),
			      arguments_value(invocation->args, "replicas"), &scales, err) ||
	    !project_follow_timeout(invocation, &options.timeout_ms, err) ||
	    !project_verb_open(invocation, true, &verb, err) ||
	    !check_pods(&verb, &scales, &pods, err))
		return 1;
	for (size_t i = 0; i < scales.count; i++) {
		if (!project_act(verb.client, verb.loop, act_scale, &scales.items[i], err))
			return 1;
	}
	if (arguments_flag(invocation->args, "wait") &&
	    !project_follow(invocation, verb.client, verb.loop, &options, &result, err))
		return result.exit_code > 0 ? result.exit_code : 1;
	return project_verb_report(invocation, &verb, err) ? 0 : 1;
}

static const struct option_spec option_list[] = {
	{"replicas", 0, OPTION_VALUE, "N", "of all pods that are named", COMPLETE_NONE},
	{"wait", 'w', OPTION_FLAG, NULL, "until they are ready", COMPLETE_NONE},
	{"timeout", 0, OPTION_VALUE, "TIME", "give up waiting after 90s (5m) …", COMPLETE_NONE},
};

const struct verb verb_scale = {
	.name = "scale",
	.group = VERB_RUN,
	.summary = "change how many VMs a pod has",
	.description =
		"Starts or stops VMs of a pod until it has N. It holds until the next `i2kit "
		"up`, which goes by the manifest again.",
	.options = option_list,
	.option_count = ARRAY_SIZE(option_list),
	.argument = {"POD=N|POD N", 1, 0, COMPLETE_POD},
	.has_output = true,
	.names = "{.instances[*].name}",
	.example = "i2kit scale web=3\ni2kit scale --wait web 2 worker=0\n"
		   "i2kit scale --replicas 3 deployment/web",
	.run = run,
};
