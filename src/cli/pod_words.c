/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pod_words.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "local/logs/log_reader.h"
#include "local/plan/project_plan_json.h"

/* kubectl's types, as `kubectl api-resources` lists them: those that have pods here … */
static const char *const pod_types[] = {
	"pod",	      "pods",	     "po",	     "deployment", "deployments",
	"deploy",     "statefulset", "statefulsets", "sts",	   "job",
	"jobs",	      "daemonset",   "daemonsets",   "ds",	   "rs",
	"replicaset", "replicasets", "cronjob",	     "cronjobs",   "cj",
};
static const char *const service_types[] = {"service", "services", "svc"};
/* … and those that have none. */
static const char *const other_types[] = {
	"configmap",
	"configmaps",
	"cm",
	"secret",
	"secrets",
	"node",
	"nodes",
	"no",
	"namespace",
	"namespaces",
	"ns",
	"pvc",
	"persistentvolumeclaim",
	"ingress",
	"ingresses",
	"ing",
	"event",
	"events",
	"ev",
};

static bool is_one_of(const char *const *words, size_t count, const char *text, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) == size && strncasecmp(words[i], text, size) == 0)
			return true;
	}
	return false;
}

#define IS_ONE_OF(words, text, size) is_one_of((words), ARRAY_SIZE(words), (text), (size))

/* "web", and "web-0" of it. */
static bool has_pod(const struct string_list *known, const char *name)
{
	for (size_t i = 0; i < known->count; i++) {
		const char *pod = known->items[i];
		size_t length = strlen(pod);
		if (strncmp(name, pod, length) != 0)
			continue;
		if (name[length] == '\0' ||
		    (name[length] == '-' && name[length + 1] != '\0' &&
		     strspn(name + length + 1, "0123456789") == strlen(name + length + 1)))
			return true;
	}
	return false;
}

/* rest: "api" or "api/container". */
static bool resolve_service(const struct project_plan *plan, const char *rest,
			    struct string_list *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	AUTO_FREE char *name = xstrndup(rest, strcspn(rest, "/"));
	const char *container = rest + strlen(name);

	for (size_t i = 0; plan != NULL && i < plan->service_count; i++) {
		const struct service_plan *service = &plan->services[i];
		string_list_add(&known, service->name);
		if (strcmp(service->name, name) != 0)
			continue;
		for (size_t k = 0; k < service->pods.count; k++)
			string_list_addf(ret, "%s%s", service->pods.items[k], container);
		return service->pods.count > 0 ||
		       error_set(err, ERROR_NOT_FOUND, "no pod is behind service '%s'", name);
	}
	if (plan == NULL) {
		error_set(err, ERROR_NOT_FOUND, "nothing is up that has a service '%s'", name);
		return error_hint(err, "i2kit up; i2kit ls lists what is up");
	}
	error_set(err, ERROR_NOT_FOUND, "there is no service '%s'", name);
	return suggest_hint(err, name, &known);
}

bool pod_word_resolve(const struct string_list *known, const struct project_plan *plan,
		      const char *word, struct string_list *ret, struct error *err)
{
	size_t size = strcspn(word, "/");
	AUTO_FREE char *first = xstrndup(word, size);

	if (word[size] == '\0' || has_pod(known, first)) {
		string_list_add(ret, word);
		return true;
	}
	if (IS_ONE_OF(pod_types, word, size)) {
		string_list_add(ret, word + size + 1);
		return true;
	}
	if (IS_ONE_OF(service_types, word, size))
		return resolve_service(plan, word + size + 1, ret, err);
	if (IS_ONE_OF(other_types, word, size)) {
		error_set(err, ERROR_NOT_FOUND, "%s: a %s has no pods", word, first);
		return error_hint(err, "POD, po/NAME, deploy/NAME, sts/NAME, job/NAME, svc/NAME");
	}
	string_list_add(ret, word);
	return true;
}

static bool is_type(const char *word)
{
	return IS_ONE_OF(pod_types, word, strlen(word));
}

/* What a project has or had: its plan, and who has left logs. */
struct names {
	struct project_plan plan;
	bool has_plan;
	struct string_list known;
};

static void names_clear(struct names *names)
{
	project_plan_clear(&names->plan);
	string_list_clear(&names->known);
}

static void names_load(const char *project, struct names *ret)
{
	AUTO(error_clear) struct error ignored = ERROR_INIT;

	ret->has_plan = project_plan_load(project, &ret->plan, &ignored);
	for (size_t i = 0; i < ret->plan.pod_count; i++)
		string_list_add(&ret->known, ret->plan.pods[i].name);
	log_store_list_selectors(project, NULL, &ret->known);
}

static bool resolve(const struct names *names, const char *word, struct string_list *ret,
		    struct error *err)
{
	return pod_word_resolve(&names->known, names->has_plan ? &names->plan : NULL, word, ret,
				err);
}

bool pod_words_read(const char *project, const struct string_list *words, struct string_list *ret,
		    struct error *err)
{
	AUTO(names_clear) struct names names = {0};

	names_load(project, &names);
	for (size_t i = 0; i < words->count; i++) {
		/* `i2kit stop deployment web` */
		if (i + 1 < words->count && is_type(words->items[i]) &&
		    !has_pod(&names.known, words->items[i]))
			continue;
		if (!resolve(&names, words->items[i], ret, err))
			return false;
	}
	return true;
}

char *pod_word_read(const char *project, const char *word, struct error *err)
{
	AUTO(names_clear) struct names names = {0};
	AUTO(string_list_clear) struct string_list found = STRING_LIST_INIT;

	names_load(project, &names);
	return resolve(&names, word, &found, err) && found.count > 0 ? xstrdup(found.items[0])
								     : NULL;
}

uint16_t pod_word_port_of(const struct project_plan *plan, const char *word, uint16_t port)
{
	size_t size = strcspn(word, "/");
	AUTO_FREE char *first = xstrndup(word, size);

	if (word[size] == '\0' || !IS_ONE_OF(service_types, word, size) ||
	    project_plan_find(plan, first) != NULL)
		return port;
	AUTO_FREE char *name = xstrndup(word + size + 1, strcspn(word + size + 1, "/"));
	for (size_t i = 0; i < plan->service_count; i++) {
		const struct service_plan *service = &plan->services[i];
		for (size_t k = 0; k < service->port_count; k++) {
			if (strcmp(service->name, name) == 0 && service->ports[k].port == port &&
			    !service->ports[k].is_udp)
				return service->ports[k].target_port;
		}
	}
	return port;
}

uint16_t pod_word_port(const char *project, const char *word, uint16_t port)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;

	return project_plan_load(project, &plan, &ignored) ? pod_word_port_of(&plan, word, port)
							   : port;
}
