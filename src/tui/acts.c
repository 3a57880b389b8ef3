/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/keys.h"

struct effect *act_command(struct model *model, enum effect_kind kind)
{
	struct effect *effect = model_add_effect(model, kind);
	string_list_add(&effect->argv, "-p");
	string_list_add(&effect->argv, model->project);
	return effect;
}

static void add_words(struct string_list *argv, const char *const *words)
{
	for (; *words != NULL; words++)
		string_list_add(argv, *words);
}

static struct string_list *ask_first(struct model *model, const char *question)
{
	struct string_list *argv = prompt_confirm(model, question);
	string_list_add(argv, "-p");
	string_list_add(argv, model->project);
	return argv;
}

static const char *environment(const struct model *model)
{
	return model->environment_file ? model->environment_file : "environment.yml";
}

void act_promote(struct model *model, bool is_plan_only)
{
	if (is_plan_only) {
		struct effect *effect = act_command(model, EFFECT_RUN);
		add_words(&effect->argv, (const char *const[]){"promote", "-e", environment(model),
							       "--plan", NULL});
	}
	/* The plan runs in the jobs screen; the question stands below it. */
	struct string_list *argv = ask_first(model, "promote this plan? (y/n)");
	add_words(argv, (const char *const[]){"promote", "-e", environment(model), "--yes", NULL});
	model_go(model, VIEW_JOBS);
}

void act_ask(struct model *model, enum view_kind view)
{
	struct effect *effect = act_command(model, EFFECT_ASK);
	effect->view = view;
	if (view == VIEW_IMAGES)
		add_words(&effect->argv, (const char *const[]){"images", "-o", "json", NULL});
	else
		add_words(&effect->argv, (const char *const[]){"diff", "-e", environment(model),
							       "-o", "json", NULL});
	model->answers[view].is_loading = true;
}

static void copy_something(struct model *model)
{
	const struct instance_status *instance = model_current_instance(model);
	AUTO_FREE char *text = NULL;

	if (model->view == VIEW_SERVICES && model->status.port_count > 0) {
		const struct port_status *port =
			&model->status.ports[model->lists[VIEW_SERVICES].selected];
		text = xasprintf("%s:%u", port->host, (unsigned)port->host_port);
	} else if (model->view == VIEW_IMAGES && model->answers[VIEW_IMAGES].row_count > 0) {
		const struct answer *answer = &model->answers[VIEW_IMAGES];
		for (size_t c = 0; c < answer->titles.count; c++) {
			if (strcmp(answer->titles.items[c], "digest") == 0)
				text = xstrdup(answer->rows[model->lists[VIEW_IMAGES].selected]
						       .cells.items[c]);
		}
	} else if (instance != NULL) {
		text = model_pod_address(model, instance->pod);
		if (text == NULL)
			text = xstrdup_or_null(instance->address);
	}
	if (text == NULL) {
		model_say(model, true, "nothing to copy here");
		return;
	}
	model_say(model, false, "copied %s", text);
	model_add_effect(model, EFFECT_COPY)->text = TAKE_PTR(text);
}

static void browse(struct model *model)
{
	const struct pod_status *pod = model_current_pod(model);
	AUTO_FREE char *address = NULL;

	if (model->view == VIEW_SERVICES && model->status.port_count > 0)
		address = xasprintf(
			"%s:%u", model->status.ports[model->lists[VIEW_SERVICES].selected].host,
			(unsigned)model->status.ports[model->lists[VIEW_SERVICES].selected]
				.host_port);
	else if (pod != NULL)
		address = model_pod_address(model, pod->name);
	if (address == NULL) {
		model_say(model, true, "no port of it is forwarded; p forwards one");
		return;
	}
	model_add_effect(model, EFFECT_BROWSE)->text = xasprintf("http://%s/", address);
	model_say(model, false, "opening http://%s/", address);
}

/* The first container that is not an init container. */
static const char *main_container(const struct instance_status *instance)
{
	for (size_t i = 0; i < instance->container_count; i++) {
		if (!instance->containers[i].is_init)
			return instance->containers[i].name;
	}
	return NULL;
}

static void shell(struct model *model, const struct instance_status *instance)
{
	const char *container = main_container(instance);
	struct effect *effect = act_command(model, EFFECT_FOREGROUND);
	add_words(&effect->argv, (const char *const[]){"exec", "-it", NULL});
	if (container != NULL)
		add_words(&effect->argv, (const char *const[]){"-c", container, NULL});
	string_list_add(&effect->argv, instance->name);
	string_list_add(&effect->argv, "/bin/sh");
}

static void ask_scale(struct model *model, const struct pod_status *pod)
{
	AUTO_FREE char *question = xasprintf("replicas of %s: ", pod->name);
	AUTO_FREE char *now = xasprintf("%u", pod->desired);
	prompt_open(model, PROMPT_SCALE, question, now);
}

static void act_on(struct model *model, enum action_kind kind, const struct pod_status *pod,
		   const struct instance_status *instance)
{
	const char *name = instance ? instance->name : pod->name;
	AUTO_FREE char *question = NULL;

	switch (kind) {
	case ACTION_SHELL:
		if (instance != NULL)
			shell(model, instance);
		break;
	case ACTION_RESTART:
		question = xasprintf("restart %s? (y/n)", name);
		add_words(ask_first(model, question), (const char *const[]){"restart", name, NULL});
		break;
	case ACTION_STOP: {
		AUTO_FREE char *target = xasprintf("%s=0", pod->name);
		question = xasprintf("stop all replicas of %s? (y/n)", pod->name);
		add_words(ask_first(model, question), (const char *const[]){"scale", target, NULL});
		break;
	}
	case ACTION_SCALE:
		ask_scale(model, pod);
		break;
	case ACTION_FORWARD:
		prompt_open(model, PROMPT_FORWARD, "LOCAL:REMOTE port: ", "");
		break;
	default:
		break;
	}
}

void act_on_pod(struct model *model, enum action_kind kind)
{
	const struct instance_status *instance = model_current_instance(model);
	const struct pod_status *pod = model_current_pod(model);

	switch (kind) {
	case ACTION_COPY:
		copy_something(model);
		return;
	case ACTION_BROWSE:
		browse(model);
		return;
	case ACTION_PROMOTE:
		act_promote(model, true);
		return;
	case ACTION_DELETE:
		string_list_add(ask_first(model, "take the whole project down? volumes stay (y/n)"),
				"down");
		return;
	case ACTION_REBUILD: {
		struct effect *effect = act_command(model, EFFECT_RUN);
		add_words(&effect->argv, (const char *const[]){"up", "-d", NULL});
		if (model->status.folder != NULL)
			string_list_add(&effect->argv, model->status.folder);
		return;
	}
	default:
		break;
	}
	if (pod == NULL) {
		model_say(model, true, "no pod is selected");
		return;
	}
	act_on(model, kind, pod, instance);
}
