/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wait_condition.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "cli/json_path.h"
#include "cli/json_path_write.h"
#include "local/client/verdict.h"
#include "local/plan/status_json.h"

enum { MOST = 100000 };

void wait_condition_clear(struct wait_condition *condition)
{
	json_path_free(condition->path);
	free(condition->value);
	*condition = (struct wait_condition){0};
}

/* --- its words ------------------------------------------------------------------------------ */

static bool wrong(const char *text, struct error *err)
{
	(void)error_set(err, ERROR_USAGE, "--for: '%.120s' is nothing to wait for", text);
	return error_hint(err, "condition=Ready, condition=Complete, condition=Failed, delete, "
			       "create, jsonpath='{.state}'=Ready");
}

static const char *after(const char *text, const char *prefix)
{
	size_t size = strlen(prefix);

	return strncasecmp(text, prefix, size) == 0 ? text + size : NULL;
}

/* "Ready", "ready=true"; Available is what Deployments say for it. */
static bool parse_condition(const char *word, struct wait_condition *ret)
{
	static const struct {
		const char *name;
		enum wait_kind kind;
	} names[] = {{"Ready", WAIT_READY},
		     {"Available", WAIT_READY},
		     {"Complete", WAIT_COMPLETE},
		     {"Failed", WAIT_FAILED}};
	size_t size = strcspn(word, "=");
	const char *value = word[size] == '=' ? word + size + 1 : "true";

	ret->is_not = strcasecmp(value, "false") == 0;
	if (!ret->is_not && strcasecmp(value, "true") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i].name) != size || strncasecmp(names[i].name, word, size) != 0)
			continue;
		ret->kind = names[i].kind;
		return true;
	}
	return false;
}

/* "{.state}=Ready", ".state=Ready", "{.address}". */
static bool parse_path(const char *word, struct wait_condition *ret, struct error *err)
{
	const char *brace = word[0] == '{' ? strrchr(word, '}') : NULL;
	const char *equals = brace != NULL ? brace + 1 : strchr(word, '=');

	if (brace != NULL && *equals != '=' && *equals != '\0')
		return wrong(word, err);
	size_t size = equals != NULL ? (size_t)(equals - word) : strlen(word);
	AUTO_FREE char *path = xstrndup(word, size);
	ret->kind = WAIT_JSON;
	ret->path = json_path_parse(path, err);
	if (ret->path == NULL)
		return error_prefix(err, "--for");
	if (equals != NULL && *equals == '=')
		ret->value = xstrdup(equals + 1);
	return true;
}

bool wait_condition_parse(const char *text, struct wait_condition *ret, struct error *err)
{
	AUTO(wait_condition_clear) struct wait_condition made = {0};
	const char *condition = after(text, "condition=");
	const char *path = after(text, "jsonpath=");

	if (condition != NULL) {
		if (!parse_condition(condition, &made))
			return wrong(text, err);
	} else if (path != NULL && path[0] != '\0') {
		if (!parse_path(path, &made, err))
			return false;
	} else if (strcasecmp(text, "delete") == 0 || strcasecmp(text, "create") == 0) {
		made.kind = strcasecmp(text, "delete") == 0 ? WAIT_DELETED : WAIT_CREATED;
	} else {
		return wrong(text, err);
	}
	*ret = made;
	made = (struct wait_condition){0};
	return true;
}

/* --- whether it holds ----------------------------------------------------------------------- */

/* A pod that leaves the plan is there until its last VM is gone. */
static bool is_there(const struct project_status *status, const char *name)
{
	bool is_any = project_status_pod(status, name) != NULL ||
		      project_status_instance(status, name) != NULL;

	for (size_t i = 0; i < status->instance_count; i++)
		is_any = is_any || strcmp(status->instances[i].pod, name) == 0;
	return is_any;
}

static void find_json(struct json_view list, const char *name, const struct json_path *path,
		      struct strbuf *ret)
{
	for (size_t i = 0; i < json_view_count(list, MOST); i++) {
		struct json_view one = json_view_at(list, i);
		const char *own = json_view_peek(json_view_get(one, "name"));
		if (own != NULL && strcmp(own, name) == 0 && ret->size == 0)
			json_path_write(path, one, " ", ret);
	}
}

/* The object of `ps -o json`: that of the pod, else that of the instance. */
static enum wait_verdict judge_json(const struct wait_condition *condition,
				    const struct project_status *status, const char *name,
				    char **ret_what)
{
	AUTO(strbuf_clear) struct strbuf found = STRBUF_INIT;
	AUTO_FREE char *text = project_status_to_json(status, false);
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, strlen(text), "status", 0, NULL);

	if (document != NULL) {
		struct json_view root = json_document_root(document);
		find_json(json_view_get(root, "pods"), name, condition->path, &found);
		find_json(json_view_get(root, "instances"), name, condition->path, &found);
	}
	bool is_met = condition->value == NULL ? found.size > 0
					       : strcmp(strbuf_text(&found), condition->value) == 0;
	if (is_met)
		return WAIT_IS_MET;
	*ret_what = found.size > 0 ? xasprintf("it is %.200s", strbuf_text(&found))
				   : xstrdup("it has no such value");
	return WAIT_IS_NOT_YET;
}

static int exit_code_of(const struct pod_status *job)
{
	return job->exit_code != 0 ? job->exit_code : 1;
}

/* What a Job has come to, against what is wanted. */
static enum wait_verdict judge_job(const struct wait_condition *condition,
				   const struct pod_status *job, char **ret_what,
				   int *ret_exit_code)
{
	enum job_end wanted = condition->kind == WAIT_COMPLETE ? JOB_COMPLETE : JOB_FAILED;

	if ((job->job_end == wanted) != condition->is_not)
		return WAIT_IS_MET;
	*ret_what = xstrdup(job->message != NULL ? job->message : job_end_words[job->job_end]);
	if (job->job_end == JOB_RUNNING)
		return WAIT_IS_NOT_YET;
	*ret_exit_code = job->job_end == JOB_FAILED ? exit_code_of(job) : 1;
	return WAIT_IS_NEVER;
}

static enum wait_verdict judge_pod(const struct wait_condition *condition,
				   const struct pod_status *pod, char **ret_what,
				   int *ret_exit_code)
{
	if (condition->kind != WAIT_READY) {
		if (pod->is_job)
			return judge_job(condition, pod, ret_what, ret_exit_code);
		*ret_what = xasprintf("it is no Job: condition=Ready");
		*ret_exit_code = 1;
		return WAIT_IS_NEVER;
	}
	if (pod->is_job || pod->cron.schedule != NULL) {
		*ret_what = xstrdup(pod->is_job ? "it is a Job: condition=Complete"
						: "it is a CronJob: wait for one of its runs");
		*ret_exit_code = 1;
		return WAIT_IS_NEVER;
	}
	if ((pod->ready >= pod->desired && pod->desired > 0) != condition->is_not)
		return WAIT_IS_MET;
	*ret_what = xasprintf("%u of %u ready%s%s", pod->ready, pod->desired,
			      pod->message != NULL ? ", " : "",
			      pod->message != NULL ? pod->message : "");
	return WAIT_IS_NOT_YET;
}

static enum wait_verdict judge_instance(const struct wait_condition *condition,
					const struct instance_status *instance, char **ret_what)
{
	bool holds = condition->kind == WAIT_READY	? instance->is_ready
		     : condition->kind == WAIT_COMPLETE ? instance->state == INSTANCE_SUCCEEDED
							: instance->state == INSTANCE_FAILED;

	if (holds != condition->is_not)
		return WAIT_IS_MET;
	*ret_what = xstrdup(instance_state_text(instance));
	return WAIT_IS_NOT_YET;
}

enum wait_verdict wait_condition_judge(const struct wait_condition *condition,
				       const struct project_status *status, const char *name,
				       char **ret_what, int *ret_exit_code)
{
	const struct pod_status *pod = project_status_pod(status, name);
	const struct instance_status *instance = project_status_instance(status, name);

	*ret_what = NULL;
	*ret_exit_code = 1;
	if (condition->kind == WAIT_DELETED || condition->kind == WAIT_CREATED) {
		bool is_wanted = condition->kind == WAIT_CREATED;
		if (is_there(status, name) == is_wanted)
			return WAIT_IS_MET;
		*ret_what = xstrdup(is_wanted ? "it is not there" : "it is still there");
		return WAIT_IS_NOT_YET;
	}
	if (condition->kind == WAIT_JSON)
		return judge_json(condition, status, name, ret_what);
	if (pod != NULL)
		return judge_pod(condition, pod, ret_what, ret_exit_code);
	if (instance != NULL)
		return judge_instance(condition, instance, ret_what);
	*ret_what = xstrdup("it is not there any more");
	return WAIT_IS_NOT_YET;
}

void wait_condition_list(const struct wait_condition *condition,
			 const struct project_status *status, struct string_list *ret)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct pod_status *pod = &status->pods[i];
		bool is_for_jobs =
			condition->kind == WAIT_COMPLETE || condition->kind == WAIT_FAILED;
		bool fits = is_for_jobs ? pod->is_job && pod->cron_of == NULL
			    : condition->kind == WAIT_READY
				    ? !pod->is_job && pod->cron.schedule == NULL
				    : pod->cron_of == NULL;
		if (fits)
			string_list_add(ret, pod->name);
	}
}
