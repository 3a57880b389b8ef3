/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_selectors.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/suggest.h"
#include "cli/pod_words.h"
#include "local/logs/log_reader.h"
#include "local/plan/cron_runs.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"

/* The system's own, of every instance. */
static const char *const system_names[] = {"kernel", "init"};

/* What the pod will have, whether it has begun or not: the store hears of it a second later. */
static void add_containers(const struct pod_plan *pod, struct string_list *ret)
{
	enum { MOST = 1000 };
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(
		pod->config_json, strlen(pod->config_json), "the plan", 0, &ignored);

	if (document == NULL)
		return;
	struct json_view all = json_view_get(json_document_root(document), "containers");
	for (struct json_view one = json_view_first(all, MOST); json_view_exists(one);
	     one = json_view_next(one)) {
		AUTO_FREE char *selector = xasprintf("%s/%s", pod->name, one.key);
		if (!string_list_has(ret, selector))
			string_list_add(ret, selector);
	}
}

static void add_pods(const char *project, struct string_list *ret)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;

	if (!project_plan_load(project, &plan, &ignored))
		return;
	for (size_t i = 0; i < plan.pod_count; i++) {
		if (!string_list_has(ret, plan.pods[i].name))
			string_list_add(ret, plan.pods[i].name);
		add_containers(&plan.pods[i], ret);
	}
}

/* "web-0/nginx" where "web/nginx" is known. */
static bool is_of_instance(const struct string_list *known, const char *pod, const char *container)
{
	size_t digits = 0;
	size_t length = strlen(pod);

	while (digits < length && strchr("0123456789", pod[length - 1 - digits]) != NULL)
		digits++;
	if (digits == 0 || digits + 1 >= length || pod[length - 1 - digits] != '-')
		return false;
	AUTO_FREE char *selector = xasprintf("%.*s/%s", (int)(length - 1 - digits), pod, container);
	return string_list_has(known, selector);
}

static void containers_of(const struct string_list *known, const char *pod, struct string_list *ret)
{
	size_t length = strlen(pod);

	for (size_t i = 0; i < known->count; i++) {
		if (strncmp(known->items[i], pod, length) == 0 && known->items[i][length] == '/')
			string_list_add(ret, known->items[i] + length + 1);
	}
}

static bool no_container(const struct string_list *known, const char *pod, const char *container,
			 struct error *err)
{
	AUTO(string_list_clear) struct string_list containers = STRING_LIST_INIT;

	containers_of(known, pod, &containers);
	for (size_t i = 0; i < ARRAY_SIZE(system_names); i++) {
		if (strcmp(container, system_names[i]) == 0)
			return true;
	}
	/* One that has not started yet is not known. */
	if (containers.count == 0 || is_of_instance(known, pod, container))
		return true;
	(void)error_set(err, ERROR_NOT_FOUND, "pod '%s' has no logs of a container '%s'", pod,
			container);
	return suggest_hint(err, container, &containers);
}

static bool check_one(const char *project, const struct string_list *known, const char *selector,
		      struct error *err)
{
	AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;
	AUTO_FREE char *pod = xstrndup(selector, strcspn(selector, "/"));
	const char *slash = strchr(selector, '/');

	if (string_list_has(known, selector))
		return true;
	if (slash != NULL && string_list_has(known, pod))
		return no_container(known, pod, slash + 1, err);
	for (size_t i = 0; i < known->count; i++) {
		if (strchr(known->items[i], '/') == NULL)
			string_list_add(&pods, known->items[i]);
	}
	if (pods.count == 0) {
		(void)error_set(err, ERROR_NOT_FOUND, "project '%s' has no logs", project);
		return error_hint(err, "i2kit -p PROJECT logs for another project");
	}
	(void)error_set(err, ERROR_NOT_FOUND, "project '%s' has no logs of '%s'", project, pod);
	return suggest_hint(err, pod, &pods);
}

static bool read_types(const char *project, struct string_list *selectors, struct error *err)
{
	struct string_list read = STRING_LIST_INIT;

	if (!pod_words_read(project, selectors, &read, err)) {
		string_list_clear(&read);
		return false;
	}
	string_list_clear(selectors);
	*selectors = read;
	return true;
}

static void add_container(struct string_list *selectors, const char *container)
{
	struct string_list named = STRING_LIST_INIT;

	for (size_t i = 0; i < selectors->count; i++) {
		if (strchr(selectors->items[i], '/') != NULL)
			string_list_add(&named, selectors->items[i]);
		else
			string_list_addf(&named, "%s/%s", selectors->items[i], container);
	}
	string_list_clear(selectors);
	*selectors = named;
}

static void find_crons(const char *project, struct string_list *ret)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;

	if (project_plan_load(project, &plan, &ignored))
		cron_runs_list_crons(&plan, ret);
}

static const char *trim(char *text)
{
	size_t size = strlen(text);
	while (size > 0 && text[size - 1] == ' ')
		text[--size] = '\0';
	return text + strspn(text, " ");
}

/* One of key=value, key==value, key!=value, key, !key. */
static bool match_one(struct json_view labels, char *text, bool *ret_match, struct error *err)
{
	char *sign = strpbrk(text, "=!");
	bool is_not = text[strspn(text, " ")] == '!';
	if (strpbrk(text, "()") != NULL || strstr(text, " in ") != NULL) {
		error_set(err, ERROR_USAGE,
			  "--selector: '%s' is none of key=value, key!=value, key, !key", text);
		return error_hint(err, "i2kit logs -l app=web,tier!=db");
	}
	if (is_not || sign == NULL) {
		const char *key = trim(text) + (is_not ? 1 : 0);
		*ret_match = json_view_exists(json_view_get(labels, key)) != is_not;
		return true;
	}
	bool is_different = *sign == '!';
	char *value = sign + (sign[1] == '=' ? 2 : 1);
	*sign = '\0';
	const char *have = json_view_peek(json_view_get(labels, trim(text)));
	*ret_match = (have != NULL && strcmp(have, trim(value)) == 0) != is_different;
	return true;
}

bool log_labels_match(const char *config_json, const char *selector, bool *ret_match,
		      struct error *err)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(config_json, strlen(config_json), "the plan", 0, err);
	if (document == NULL)
		return false;
	struct json_view labels = json_view_get(json_document_root(document), "labels");
	string_list_split(&parts, selector, ',');
	*ret_match = true;
	for (size_t i = 0; i < parts.count; i++) {
		bool matches = false;
		if (!match_one(labels, parts.items[i], &matches, err))
			return false;
		*ret_match = *ret_match && matches;
	}
	return true;
}

static bool add_labelled(const char *project, const char *selector, struct string_list *ret,
			 struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	size_t before = ret->count;

	if (!project_plan_load(project, &plan, err))
		return false;
	for (size_t i = 0; i < plan.pod_count; i++) {
		bool matches = false;
		if (!log_labels_match(plan.pods[i].config_json, selector, &matches, err))
			return false;
		if (matches)
			string_list_add(ret, plan.pods[i].name);
	}
	return ret->count > before ||
	       error_set(err, ERROR_NOT_FOUND, "no pod of project '%s' has the labels %s", project,
			 selector);
}

bool log_selectors_check(const char *project, const struct log_choice *choice,
			 struct string_list *selectors, struct string_list *ret_crons,
			 struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	const char *container = choice->container;

	log_store_list_selectors(project, NULL, &known);
	add_pods(project, &known);
	if (!read_types(project, selectors, err))
		return false;
	if (choice->labels != NULL && !add_labelled(project, choice->labels, selectors, err))
		return false;
	find_crons(project, ret_crons);
	if (container != NULL && selectors->count == 0) {
		(void)error_set(err, ERROR_USAGE, "--container needs a pod");
		return error_hint(err, "i2kit logs -c %s POD", container);
	}
	if (container != NULL)
		add_container(selectors, container);
	if (known.count == 0)
		return check_one(project, &known, "", err);
	for (size_t i = 0; i < selectors->count; i++) {
		if (!check_one(project, &known, selectors->items[i], err))
			return false;
	}
	return true;
}
