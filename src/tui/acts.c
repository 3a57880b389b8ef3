/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/acts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/choices.h"
#include "tui/draw.h"
#include "tui/prompt.h"
#include "tui/table.h"

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

struct string_list *act_ask_first(struct model *model, const char *question)
{
	struct string_list *argv = prompt_confirm(model, question);
	string_list_add(argv, "-p");
	string_list_add(argv, model->project);
	return argv;
}

/* The cloud's verbs read the manifests: they run where `up` did, whatever folder this is. */
static void add_cloud_verb(const struct model *model, struct string_list *argv, const char *verb)
{
	if (model->status.folder != NULL)
		add_words(argv, (const char *const[]){"-C", model->status.folder, NULL});
	add_words(argv, (const char *const[]){verb, "-e", model_environment(model), NULL});
}

/* The plan's output fills the screen; when it has ended well, `question` is asked below it. */
static void plan_first(struct model *model, const char *verb, const char *release,
		       const char *question)
{
	struct plan_step *plan = &model->plan;
	struct effect *effect = act_command(model, EFFECT_RUN);

	add_cloud_verb(model, &effect->argv, verb);
	string_list_add(&effect->argv, "--plan");
	free(plan->question);
	plan->question = xstrdup(question);
	plan->is_next = true;
	plan->job = 0;
	string_list_clear(&plan->argv);
	add_words(&plan->argv, (const char *const[]){"-p", model->project, NULL});
	add_cloud_verb(model, &plan->argv, verb);
	string_list_add(&plan->argv, "--yes");
	if (release[0] != '\0') {
		string_list_add(&effect->argv, release);
		string_list_add(&plan->argv, release);
	}
}

void act_promote(struct model *model)
{
	plan_first(model, "promote", "", "promote this plan? (y/n)");
}

void act_roll_back(struct model *model, const char *release)
{
	plan_first(model, "rollback", release, "roll back by this plan? (y/n)");
}

static void ask(struct model *model, enum ask_kind kind)
{
	struct effect *effect = act_command(model, EFFECT_ASK);

	effect->ask = kind;
	if (kind == ASK_IMAGES)
		string_list_add(&effect->argv, "images");
	else
		add_cloud_verb(model, &effect->argv, kind == ASK_STATUS ? "status" : "releases");
	add_words(&effect->argv, (const char *const[]){"-o", "json", NULL});
	model->answers[kind].is_loading = true;
}

void act_ask(struct model *model, enum view_kind view)
{
	if (view == VIEW_IMAGES && !model->answers[ASK_IMAGES].is_loading)
		ask(model, ASK_IMAGES);
	if (view == VIEW_CLOUD && !model->answers[ASK_STATUS].is_loading &&
	    !model->answers[ASK_RELEASES].is_loading) {
		ask(model, ASK_STATUS);
		ask(model, ASK_RELEASES);
	}
}

void act_ask_once(struct model *model, enum view_kind view)
{
	if ((view == VIEW_IMAGES && !model->answers[ASK_IMAGES].is_known) ||
	    (view == VIEW_CLOUD && !model->answers[ASK_STATUS].is_known))
		act_ask(model, view);
}

static const struct port_status *selected_port(const struct model *model)
{
	AUTO(table_clear) struct table table = {0};
	size_t selected = model->lists[VIEW_SERVICES].selected;
	table_make(&table, model, VIEW_SERVICES);
	return selected < table.row_count ? &model->status.ports[table.rows[selected].index] : NULL;
}

static char *selected_digest(const struct model *model)
{
	AUTO(table_clear) struct table table = {0};
	size_t selected = model->lists[VIEW_IMAGES].selected;
	table_make(&table, model, VIEW_IMAGES);
	if (selected >= table.row_count)
		return NULL;
	return xstrdup(
		answer_cell(&model->answers[ASK_IMAGES], table.rows[selected].index, "digest"));
}

/* Where the selected line can be reached from this machine; owned or NULL. */
static char *selected_address(const struct model *model)
{
	const struct pod_status *pod = model_current_pod(model);
	const struct port_status *port = model->view == VIEW_SERVICES ? selected_port(model) : NULL;

	if (port != NULL)
		return port->host_port == 0
			       ? NULL
			       : xasprintf("%s:%u", port->host, (unsigned)port->host_port);
	return pod != NULL ? model_pod_address(model, pod->name) : NULL;
}

static void copy_something(struct model *model)
{
	const struct instance_status *instance = model_current_instance(model);
	AUTO_FREE char *text =
		model->view == VIEW_IMAGES ? selected_digest(model) : selected_address(model);

	if (text == NULL && instance != NULL)
		text = xstrdup_or_null(instance->address);
	if (text == NULL) {
		model_say(model, true, "nothing to copy here");
		return;
	}
	model_say(model, false, "copied %s", text);
	model_add_effect(model, EFFECT_COPY)->text = TAKE_PTR(text);
}

static void browse(struct model *model)
{
	AUTO_FREE char *address = selected_address(model);

	if (address == NULL) {
		model_say(model, true, "no port of it is published; %s forwards one",
			  bindings_text(&model->bindings, ACTION_FORWARD).text);
		return;
	}
	model_add_effect(model, EFFECT_BROWSE)->text = xasprintf("http://%s/", address);
	model_say(model, false, "opening http://%s/", address);
}

/* What a shell or the logs may be of; those that ended once and for all have no shell. */
void act_offer_containers(struct model *model, const struct instance_status *instance)
{
	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *container = &instance->containers[i];
		bool is_over = container->is_init && container->state == CONTAINER_TERMINATED;
		if (model->prompt.kind == PROMPT_SHELL && is_over)
			continue;
		prompt_add_choice(model, container->name,
				  container->state == CONTAINER_RUNNING
					  ? "running"
					  : draw_container_word(container));
	}
}

void act_shell(struct model *model, const char *container)
{
	const struct instance_status *instance = model_current_instance(model);

	if (instance == NULL) {
		model_say(model, true, "no VM of it runs");
		return;
	}
	if (container == NULL) {
		prompt_open(model, PROMPT_SHELL, "a shell in: ", "");
		act_offer_containers(model, instance);
		if (model->prompt.choice_count > 1) {
			model->prompt.chosen = 1;
			return;
		}
		container = model->prompt.choice_count > 0 ? model->prompt.choices[0].name : "";
	}
	struct effect *effect = act_command(model, EFFECT_FOREGROUND);
	add_words(&effect->argv, (const char *const[]){"exec", "-it", NULL});
	if (container[0] != '\0')
		add_words(&effect->argv, (const char *const[]){"-c", container, NULL});
	string_list_add(&effect->argv, instance->name);
	string_list_add(&effect->argv, "/bin/sh");
	model->prompt.kind = PROMPT_NONE;
}

static void ask_scale(struct model *model, const struct pod_status *pod)
{
	AUTO_FREE char *question = xasprintf("replicas of %s (now %u): ", pod->name, pod->desired);
	prompt_open(model, PROMPT_SCALE, question, "");
}

/* Its runs are what is there: it begins one, and is held. False: this act is none of its own. */
static bool act_on_cron(struct model *model, enum action_kind kind, const char *name)
{
	bool is_start = kind == ACTION_RESTART;

	if (!is_start && kind != ACTION_STOP)
		return false;
	AUTO_FREE char *question = is_start ? xasprintf("start a run of %s now? (y/n)", name)
					    : xasprintf("stop %s and its runs? (y/n)", name);
	add_words(act_ask_first(model, question),
		  (const char *const[]){is_start ? "start" : "stop", name, NULL});
	return true;
}

static void act_on(struct model *model, enum action_kind kind, const struct pod_status *pod,
		   const struct instance_status *instance)
{
	const char *name = instance ? instance->name : pod->name;
	AUTO_FREE char *question = NULL;

	if (instance == NULL && pod->cron.schedule != NULL && act_on_cron(model, kind, name))
		return;
	switch (kind) {
	case ACTION_SHELL:
		act_shell(model, NULL);
		break;
	case ACTION_RESTART:
		question = xasprintf("restart %s? (y/n)", name);
		add_words(act_ask_first(model, question),
			  (const char *const[]){"restart", name, NULL});
		break;
	case ACTION_STOP: {
		AUTO_FREE char *target = xasprintf("%s=0", pod->name);
		question = xasprintf("stop all replicas of %s? (y/n)", pod->name);
		add_words(act_ask_first(model, question),
			  (const char *const[]){"scale", target, NULL});
		break;
	}
	case ACTION_SCALE:
		ask_scale(model, pod);
		break;
	case ACTION_TRANSFER: {
		AUTO_FREE char *from = xasprintf("%s:/", name);
		prompt_open(model, PROMPT_TRANSFER, "copy FROM TO: ", from);
		break;
	}
	case ACTION_FORWARD:
		prompt_open(model, PROMPT_FORWARD, "LOCAL:REMOTE port: ", "");
		break;
	default:
		break;
	}
}

/* The store is no project's: the command has no -p. */
static void use_words(struct model *model, const char *const *words)
{
	string_list_clear(&model->prompt.pending);
	add_words(&model->prompt.pending, words);
}

static void ask_to_remove(struct model *model)
{
	AUTO(table_clear) struct table table = {0};
	size_t selected = model->lists[VIEW_IMAGES].selected;

	table_make(&table, model, VIEW_IMAGES);
	if (selected >= table.row_count) {
		model_say(model, true, "no image is selected");
		return;
	}
	const char *name = table.rows[selected].key;
	AUTO_FREE char *question = xasprintf("remove %s from the store? (y/n)", name);
	act_ask_first(model, question);
	use_words(model, (const char *const[]){"images", "rm", name, NULL});
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
		act_promote(model);
		return;
	case ACTION_REMOVE_IMAGE:
		ask_to_remove(model);
		return;
	case ACTION_PRUNE:
		act_ask_first(model, "free what no image and no pod needs? (y/n)");
		use_words(model, (const char *const[]){"prune", NULL});
		return;
	case ACTION_DELETE:
		string_list_add(
			act_ask_first(model, "take the whole project down? volumes stay (y/n)"),
			"down");
		return;
	case ACTION_REBUILD: {
		struct string_list *argv =
			act_ask_first(model, "build, and replace what changed? (y/n)");
		add_words(argv, (const char *const[]){"up", "-d", NULL});
		if (model->status.folder != NULL)
			string_list_add(argv, model->status.folder);
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
