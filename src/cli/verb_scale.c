/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"

struct scale {
	char *pod; /* owned */
	uint64_t replicas;
};

static void act_scale(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	const struct scale *scale = arg;
	client_scale(client, scale->pod, (unsigned)scale->replicas, done, done_arg);
}

static bool parse_scale(const char *text, struct scale *ret, struct error *err)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text || !parse_u64(equals + 1, 0, 1000, &ret->replicas)) {
		error_set(err, ERROR_USAGE, "'%s' is not POD=N, N at most 1000", text);
		return error_hint(err, "i2kit scale web=3");
	}
	free(ret->pod);
	ret->pod = xstrndup(text, (size_t)(equals - text));
	return true;
}

static void scale_clear(struct scale *scale)
{
	free(scale->pod);
}

/* All of them are read before the first is done: a slip in the last one changes nothing. */
static bool check_words(const struct string_list *words, struct error *err)
{
	AUTO(scale_clear) struct scale scale = {0};

	for (size_t i = 0; i < words->count; i++) {
		if (!parse_scale(words->items[i], &scale, err))
			return false;
	}
	return true;
}

static bool scale_one(struct project_verb *verb, const char *text, struct error *err)
{
	AUTO(scale_clear) struct scale scale = {0};

	return parse_scale(text, &scale, err) &&
	       project_act(verb->client, verb->loop, act_scale, &scale, err);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *words = arguments_rest(invocation->args);
	AUTO(project_verb_close) struct project_verb verb = {0};
	struct follow_options options = {.goal = FOLLOW_READY};
	struct follow_result result = {0};

	if (!check_words(words, err) ||
	    !project_follow_timeout(invocation, &options.timeout_ms, err) ||
	    !project_verb_open(invocation, true, &verb, err))
		return 1;
	for (size_t i = 0; i < words->count; i++) {
		if (!scale_one(&verb, words->items[i], err))
			return 1;
	}
	if (arguments_flag(invocation->args, "wait") &&
	    !project_follow(invocation, verb.client, verb.loop, &options, &result, err))
		return result.exit_code > 0 ? result.exit_code : 1;
	return 0;
}

static const struct option_spec option_list[] = {
	{"wait", 'w', OPTION_FLAG, NULL, "until all pods are ready", COMPLETE_NONE},
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
	.argument = {"POD=N", 1, 0, COMPLETE_POD},
	.example = "i2kit scale web=3\ni2kit scale --wait web=2 worker=0",
	.run = run,
};
