/* SPDX-License-Identifier: Apache-2.0 */
/* The screen about what a pod is made of: opening it, its parts, its secrets. */
#include "tui/about_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tui/about_text.h"
#include "tui/acts.h"

static void ask_why(struct model *model)
{
	struct about_state *about = &model->about;
	struct effect *effect = act_command(model, EFFECT_ASK);

	effect->ask = ASK_WHY;
	string_list_add(&effect->argv, "why");
	string_list_add(&effect->argv, about->instance ? about->instance : about->pod);
	about->is_asking = true;
}

static void load(struct model *model)
{
	model->about.is_loading = true;
	model_add_effect(model, EFFECT_ABOUT)->text = xstrdup(model->about.pod);
	if (model->about.part == ABOUT_WHY)
		ask_why(model);
}

void about_open(struct model *model, enum about_part part)
{
	const struct pod_status *pod = model_current_pod(model);
	const struct instance_status *instance = model_current_instance(model);
	bool is_open = model->view == VIEW_ABOUT;

	model->lists[VIEW_ABOUT].top = 0;
	if (is_open) {
		model->about.part = part;
		if (part == ABOUT_WHY)
			ask_why(model);
		return;
	}
	if (pod == NULL) {
		model_say(model, true, "no pod is selected");
		return;
	}
	char *instance_name = instance ? xstrdup(instance->name) : NULL;
	char *pod_name = xstrdup(pod->name);
	about_state_clear(&model->about);
	model->about.instance = instance_name;
	model->about.pod = pod_name;
	model->about.part = part;
	model_go(model, VIEW_ABOUT);
	load(model);
}

void about_refresh(struct model *model)
{
	load(model);
}

void about_show_secrets(struct model *model)
{
	struct about_state *about = &model->about;

	about->has_secrets = !about->has_secrets;
	about->part = ABOUT_ENVIRONMENT;
	model_say(model, false,
		  about->has_secrets ? "the values of secrets are shown"
				     : "the values of secrets are hidden");
}

void about_take(struct model *model, const struct event *event)
{
	struct about_state *about = &model->about;

	about->is_loading = false;
	free(about->problem);
	about->problem = xstrdup_or_null(event->problem);
	if (event->facts == NULL)
		return;
	pod_facts_clear(&about->facts);
	about->facts = *event->facts;
	*event->facts = (struct pod_facts){0};
	about->has_facts = true;
}

void about_take_why(struct model *model, const struct event *event)
{
	struct about_state *about = &model->about;
	const char *text = event->text != NULL ? event->text : event->problem;

	about->is_asking = false;
	free(about->why);
	about->why = xstrdup(text != NULL && text[0] != '\0' ? text : "no answer");
}

char *about_text(const struct model *model)
{
	const struct about_state *about = &model->about;

	if (about->part == ABOUT_WHY)
		return xstrdup(about->why ? about->why : "asking …");
	if (about->is_loading && !about->has_facts)
		return xstrdup("reading the plan and the disk …");
	if (!about->has_facts)
		return xstrdup(about->problem ? about->problem : "nothing is known of it");
	switch (about->part) {
	case ABOUT_MANIFEST:
		return about_manifest(&about->facts, model_find_instance(model, about->instance));
	case ABOUT_ENVIRONMENT:
		return about_environment(&about->facts, about->has_secrets);
	default:
		return about_mounts(&about->facts);
	}
}
