/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project_verb.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/suggest.h"
#include "cli/project.h"
#include "local/supervisor.h"

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
	for (size_t i = 0; i < status->instance_count; i++) {
		if (strcmp(status->instances[i].pod, name) == 0)
			return &status->instances[i];
		if (!string_list_has(&known, status->instances[i].pod))
			string_list_add(&known, status->instances[i].pod);
	}
	for (size_t i = 0; i < status->instance_count; i++)
		string_list_add(&known, status->instances[i].name);
	error_set(err, ERROR_NOT_FOUND, "project '%s' has no pod '%s'",
		  status->project ? status->project : "", name);
	(void)suggest_hint(err, name, &known);
	return NULL;
}
