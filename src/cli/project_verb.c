/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project_verb.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/suggest.h"
#include "cli/project.h"
#include "local/supervisor/supervisor.h"

bool project_verb_open(const struct invocation *invocation, bool must_act, struct project_verb *ret,
		       struct error *err)
{
	*ret = (struct project_verb){0};
	ret->project = project_resolve(invocation, NULL, err);
	if (ret->project == NULL || (must_act && !supervisor_start(ret->project, err)))
		return false;
	ret->loop = loop_new(err);
	if (ret->loop == NULL)
		return false;
	ret->client = client_open(ret->loop, ret->project, err);
	return ret->client != NULL;
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

	for (size_t i = 0; i < status->instance_count; i++) {
		if (strcmp(status->instances[i].name, name) == 0)
			return &status->instances[i];
	}
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
	for (size_t i = 0; i < status->pod_count; i++)
		string_list_add(&known, status->pods[i].name);
	for (size_t i = 0; i < status->instance_count; i++)
		string_list_add(&known, status->instances[i].name);
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
