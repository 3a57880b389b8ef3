/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_selectors.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "local/logs/log_store.h"
#include "local/plan/project_plan.h"

/* The system's own, of every instance. */
static const char *const system_names[] = {"kernel", "init"};

static void add_pods(const char *project, struct string_list *ret)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;

	if (!project_plan_load(project, &plan, &ignored))
		return;
	for (size_t i = 0; i < plan.pod_count; i++) {
		if (!string_list_has(ret, plan.pods[i].name))
			string_list_add(ret, plan.pods[i].name);
	}
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
	if (containers.count == 0)
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

bool log_selectors_check(const char *project, const char *container, struct string_list *selectors,
			 struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	log_store_list_selectors(project, NULL, &known);
	add_pods(project, &known);
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
