/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project_verb.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/suggest.h"
#include "cli/interrupt.h"
#include "cli/manifest_files.h"
#include "cli/output_document.h"
#include "cli/pod_words.h"
#include "cli/project.h"
#include "cli/project_follow.h"
#include "local/plan/status_json.h"
#include "local/supervisor/supervisor_start.h"

static bool open_project(const struct invocation *invocation, const char *path, bool must_act,
			 struct project_verb *ret, struct error *err)
{
	*ret = (struct project_verb){0};
	ret->project = project_resolve(invocation, path, err);
	if (ret->project == NULL || (must_act && !supervisor_start(ret->project, err)))
		return false;
	ret->loop = loop_new(err);
	if (ret->loop == NULL)
		return false;
	ret->client = client_open(ret->loop, ret->project, err);
	return ret->client != NULL;
}

bool project_verb_open(const struct invocation *invocation, bool must_act, struct project_verb *ret,
		       struct error *err)
{
	return open_project(invocation, NULL, must_act, ret, err);
}

bool project_verb_open_words(const struct invocation *invocation, bool must_act,
			     struct project_verb *ret, struct string_list *ret_names,
			     struct error *err)
{
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;

	manifest_files_split(invocation->args, &paths, &words);
	if (paths.count > 1)
		return error_set(err, ERROR_USAGE, "%s and %s: one folder at a time",
				 paths.items[0], paths.items[1]);
	return open_project(invocation, paths.count > 0 ? paths.items[0] : NULL, must_act, ret,
			    err) &&
	       pod_words_read(ret->project, &words, ret_names, err);
}

static void list_names(const struct project_status *status, struct string_list *ret)
{
	for (size_t i = 0; i < status->pod_count; i++)
		string_list_add(ret, status->pods[i].name);
	for (size_t i = 0; i < status->instance_count; i++)
		string_list_add(ret, status->instances[i].name);
}

bool project_verb_check(const struct project_verb *verb, struct string_list *names,
			struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	if (!client_status(verb->client, &status, err))
		return false;
	for (size_t i = 0; names->count == 0 && i < status.pod_count; i++)
		string_list_add(&known, status.pods[i].name);
	if (names->count == 0) {
		string_list_copy(names, &known);
		return true;
	}
	list_names(&status, &known);
	if (known.count == 0) {
		error_set(err, ERROR_NOT_FOUND, "project '%s' is not up", verb->project);
		return error_hint(err, "i2kit up; i2kit ls lists those that are");
	}
	for (size_t i = 0; i < names->count; i++) {
		if (string_list_has(&known, names->items[i]))
			continue;
		error_set(err, ERROR_NOT_FOUND, "project '%s' has no pod '%s'", verb->project,
			  names->items[i]);
		return suggest_hint(err, names->items[i], &known);
	}
	return true;
}

bool project_verb_act_all(const struct project_verb *verb, const struct string_list *names,
			  project_verb_act_fn *act, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		if (!project_act(verb->client, verb->loop, act, names->items[i], err))
			return false;
	}
	return true;
}

static bool are_all_paused(const struct project_status *status, const struct string_list *names,
			   bool is_paused)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if ((string_list_has(names, instance->name) ||
		     string_list_has(names, instance->pod)) &&
		    instance->state != INSTANCE_STOPPING && instance->is_paused != is_paused)
			return false;
	}
	return true;
}

bool project_verb_pause_wait(const struct project_verb *verb, const struct string_list *names,
			     bool is_paused, struct error *err)
{
	enum { STEP_MS = 100, PATIENCE_MS = 10000 };
	uint64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;

	while (!interrupt_is_set() && clock_monotonic_ms() < end_ms) {
		AUTO(project_status_clear) struct project_status status = {0};
		if (!client_status(verb->client, &status, err))
			return false;
		if (are_all_paused(&status, names, is_paused))
			return true;
		loop_step(verb->loop, STEP_MS);
	}
	error_set(err, interrupt_is_set() ? ERROR_CANCELLED : ERROR_TIMEOUT,
		  "libvirt did not %s them in time", is_paused ? "pause" : "unpause");
	return error_hint(err, "i2kit events shows why");
}

static bool has_vm(const struct project_status *status, const char *pod, enum instance_state last)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (strcmp(instance->pod, pod) == 0 && instance->state >= INSTANCE_STARTING &&
		    instance->state <= last)
			return true;
	}
	return false;
}

bool project_verb_list_live(const struct project_verb *verb, struct string_list *ret_names,
			    struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};

	if (!client_status(verb->client, &status, err))
		return false;
	for (size_t i = 0; i < status.pod_count; i++) {
		if (has_vm(&status, status.pods[i].name, INSTANCE_READY))
			string_list_add(ret_names, status.pods[i].name);
	}
	return true;
}

static bool have_stopped(const struct project_status *status, const struct string_list *pods)
{
	for (size_t i = 0; i < pods->count; i++) {
		if (has_vm(status, pods->items[i], INSTANCE_STOPPING))
			return false;
	}
	return true;
}

bool project_verb_stopped_wait(const struct invocation *invocation, const struct project_verb *verb,
			       const struct string_list *pods, struct error *err)
{
	enum { STEP_MS = 200 };
	struct project_teller *teller = project_teller_new(invocation, verb->client);
	bool is_asked = true;

	while (is_asked && !interrupt_is_set()) {
		AUTO(project_status_clear) struct project_status status = {0};
		is_asked = client_status(verb->client, &status, err);
		if (is_asked && have_stopped(&status, pods))
			break;
		loop_step(verb->loop, STEP_MS);
	}
	project_teller_free(teller);
	return is_asked && (!interrupt_is_set() ||
			    error_set(err, ERROR_CANCELLED, "interrupted; they go on stopping"));
}

bool project_verb_report(const struct invocation *invocation, const struct project_verb *verb,
			 struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};

	if (invocation->output != OUTPUT_JSON)
		return true;
	if (!client_status(verb->client, &status, err))
		return false;
	AUTO_FREE char *json = project_status_to_json(&status, true);
	output_document(json);
	return true;
}

bool project_verb_is_up(const struct project_verb *verb, struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};

	if (!client_status(verb->client, &status, err))
		return false;
	if (status.is_supervised)
		return true;
	if (status.instance_count > 0) {
		error_set(err, ERROR_NOT_FOUND, "nobody supervises project '%s'", verb->project);
		return error_hint(err, "i2kit up -d takes its pods over again");
	}
	error_set(err, ERROR_NOT_FOUND, "project '%s' is not up", verb->project);
	return error_hint(err, "i2kit up; i2kit ls lists those that are");
}

void project_verb_close(struct project_verb *verb)
{
	client_close(verb->client);
	if (verb->loop != NULL)
		loop_free(verb->loop);
	free(verb->project);
	*verb = (struct project_verb){0};
}

const struct instance_status *project_verb_find(const struct project_status *status,
						const char *name, struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	const struct instance_status *named = project_status_instance(status, name);

	if (named != NULL)
		return named;
	/* A pod stands for its instance that stays, not for one that it replaces. */
	const struct instance_status *of_pod = NULL;
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (strcmp(instance->pod, name) == 0 &&
		    (of_pod == NULL || of_pod->state == INSTANCE_STOPPING))
			of_pod = instance;
	}
	if (of_pod != NULL)
		return of_pod;
	list_names(status, &known);
	if (known.count == 0) {
		error_set(err, ERROR_NOT_FOUND, "project '%s' is not up",
			  status->project ? status->project : "");
		error_hint(err, "i2kit up; it says itself when an image cannot be had or built");
		return NULL;
	}
	error_set(err, ERROR_NOT_FOUND, "project '%s' has no pod '%s'",
		  status->project ? status->project : "", name);
	(void)suggest_hint(err, name, &known);
	return NULL;
}
