/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/start_wait.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "manifest/name_rules.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

const char *const start_condition_words[] = {"started", "healthy", "completed", NULL};
static const char *const compose_words[] = {"service_started", "service_healthy",
					    "service_completed_successfully", NULL};

static const char hint[] = "depends_on: [db], or depends_on: {db: {condition: healthy}}";

static bool find_condition(const char *word, enum start_condition *ret)
{
	for (size_t i = 0; start_condition_words[i] != NULL; i++) {
		if (strcmp(word, start_condition_words[i]) == 0 ||
		    strcmp(word, compose_words[i]) == 0) {
			*ret = (enum start_condition)i;
			return true;
		}
	}
	return false;
}

static void read_condition(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_SCALAR || !find_condition(node->text, target))
		loader_error(loader, node, "started, healthy or completed",
			     "condition: %.60s is none",
			     node->kind == YAML_SCALAR ? node->text : yaml_describe(node));
}

struct wait_reader {
	struct start_wait wait;
	enum tristate required;
};
#define AT(member) (offsetof(struct wait_reader, wait) + offsetof(struct start_wait, member))
static const struct field start_wait_list[] = {
	{"condition", FIELD_USED, read_condition, AT(condition), NULL,
	 "started (the default), healthy: ready, completed: ended well; Compose's words too",
	 "no effect: a note", .takes = "started, healthy or completed"},
	{"required", FIELD_USED, read_tristate, offsetof(struct wait_reader, required), NULL,
	 "false: where it is not there, or failed, nobody waits"},
	{"restart", FIELD_USED, read_bool, AT(restarts), NULL,
	 "true: starts again when that one was replaced by up or restarted", "no effect"}};
#undef AT
const struct field_set start_wait_fields = {"depends_on", start_wait_list,
					    ARRAY_SIZE(start_wait_list)};

static void add(struct loader *loader, struct pod_spec *pod, const struct yaml_node *name,
		const struct start_wait *wait)
{
	for (size_t i = 0; i < pod->wait_count; i++) {
		if (strcmp(pod->waits[i].pod, name->text) == 0)
			loader_error(loader, name, "once is enough",
				     "depends_on: '%.60s' is there twice", name->text);
	}
	struct start_wait *made = ARRAY_APPEND(pod->waits, pod->wait_count);
	*made = *wait;
	made->pod = xstrdup(name->text);
	made->mark = loader_mark(loader, name);
}

static void read_one(struct loader *loader, const struct yaml_node *name,
		     const struct yaml_node *value, struct pod_spec *pod)
{
	struct wait_reader reader = {0};

	if (name->kind != YAML_SCALAR || !name_is_valid(name->text)) {
		loader_error(loader, name, hint, "depends_on: %.60s is no pod's name",
			     name->kind == YAML_SCALAR ? name->text : yaml_describe(name));
		return;
	}
	if (value != NULL && value->kind == YAML_SCALAR && !yaml_is_null(value))
		read_condition(loader, value, &reader.wait.condition);
	else if (!yaml_is_null(value))
		loader_read_map(loader, value, &start_wait_fields, &reader);
	reader.wait.is_optional = reader.required == TRI_FALSE;
	add(loader, pod, name, &reader.wait);
}

void read_depends_on(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->item_count + node->pair_count > LIST_MAX) {
		loader_error(loader, node, NULL, "depends_on: more than %d", LIST_MAX);
		return;
	}
	if (node->kind == YAML_SCALAR)
		read_one(loader, node, NULL, target);
	for (size_t i = 0; i < node->item_count; i++)
		read_one(loader, node->items[i], NULL, target);
	for (size_t i = 0; i < node->pair_count; i++)
		read_one(loader, node->pairs[i].key, node->pairs[i].value, target);
}

/* "db:healthy:restart:optional" */
static void read_word(struct loader *loader, const struct yaml_node *value, const char *word,
		      struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	struct start_wait wait = {0};
	struct yaml_node name = *value;

	string_list_split(&parts, word, ':');
	for (size_t i = 1; i < parts.count; i++) {
		if (strcmp(parts.items[i], "restart") == 0)
			wait.restarts = true;
		else if (strcmp(parts.items[i], "optional") == 0)
			wait.is_optional = true;
		else if (!find_condition(parts.items[i], &wait.condition))
			loader_error(loader, value, "as in db:healthy cache:started:restart",
				     "depends-on: '%.60s' is no condition", parts.items[i]);
	}
	name.text = parts.items[0];
	if (name_is_valid(name.text))
		add(loader, pod, &name, &wait);
	else
		loader_error(loader, value, "as in db:healthy cache",
			     "depends-on: '%.60s' is no pod's name", name.text);
}

void read_depends_on_annotation(struct loader *loader, const struct yaml_node *value,
				struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;

	string_list_split_words(&words, value->text);
	for (size_t i = 0; i < words.count; i++)
		read_word(loader, value, words.items[i], pod);
}

void start_wait_words(const struct pod_spec *pod, struct string_list *ret)
{
	for (size_t i = 0; i < pod->wait_count; i++) {
		const struct start_wait *wait = &pod->waits[i];
		string_list_addf(
			ret, "%s:%s%s%s", wait->pod, start_condition_words[wait->condition],
			wait->restarts ? ":restart" : "", wait->is_optional ? ":optional" : "");
	}
}

/* ---- once all is read ---- */

/* Or may have one: an image's HEALTHCHECK is not known here. */
static bool has_readiness(const struct pod_spec *pod)
{
	for (size_t i = 0; i < pod->container_count; i++) {
		if (pod->containers[i].keeps_image_health)
			return true;
		if (pod->containers[i].readiness.check.type != CHECK_NONE ||
		    pod->containers[i].startup.check.type != CHECK_NONE)
			return true;
	}
	return false;
}

static void check_one(struct loader *loader, const struct pod_spec *pod,
		      const struct start_wait *wait)
{
	const struct app *app = loader->app;
	const struct pod_spec *other = app_find_pod(app, wait->pod);
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	if (other == NULL && (wait->is_optional || loader->has_lost))
		return;
	if (other == NULL) {
		for (size_t i = 0; i < app->pod_count; i++)
			string_list_add(&known, app->pods[i].name);
		const char *nearest = suggest_nearest(wait->pod, &known);
		AUTO_FREE char *which = nearest != NULL ? xasprintf("did you mean '%s'?", nearest)
							: xstrdup("the name of another pod");
		loader_error_at(loader, &wait->mark, which, "depends_on: there is no pod '%s'",
				wait->pod);
		return;
	}
	if (other == pod)
		loader_error_at(loader, &wait->mark, "remove it", "pod '%s' waits for itself",
				pod->name);
	else if (other->cron.schedule != NULL)
		loader_error_at(loader, &wait->mark, "a Job, which runs once, at once",
				"pod '%s' waits for '%s', which runs when its schedule says so",
				pod->name, other->name);
	else if (wait->condition == START_COMPLETED && other->restart_policy == RESTART_ALWAYS)
		loader_error_at(loader, &wait->mark,
				"a Job, restartPolicy: Never or OnFailure, or another condition",
				"pod '%s' waits for the end of '%s', which starts again whenever "
				"it ends",
				pod->name, other->name);
	else if (wait->condition == START_HEALTHY && !has_readiness(other))
		loader_warn_at(loader, &wait->mark,
			       "pod '%s' has no readiness probe: it is healthy as soon as it runs",
			       other->name);
}

/* Depth first; `path` is where we are, states: 0 not seen, 1 on the path, 2 done. */
struct circle_search {
	struct loader *loader;
	unsigned char *states;
	const struct start_wait **path;
	size_t depth;
};

static void say_circle(struct circle_search *search, const struct start_wait *last)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	size_t first = search->depth;

	while (first > 0 && strcmp(search->path[first - 1]->pod, last->pod) != 0)
		first--;
	strbuf_appendf(&text, "'%s'", last->pod);
	for (size_t i = first; i < search->depth; i++)
		strbuf_appendf(&text, " waits for '%s' (%s:%u),", search->path[i]->pod,
			       search->path[i]->mark.file != NULL ? search->path[i]->mark.file : "",
			       search->path[i]->mark.line);
	strbuf_appendf(&text, " which waits for '%s'", last->pod);
	loader_error_at(search->loader, &last->mark, "one of them has to start first",
			"depends_on: %.400s: none of them would ever start", strbuf_text(&text));
}

static void search_from(struct circle_search *search, size_t index)
{
	const struct app *app = search->loader->app;
	const struct pod_spec *pod = &app->pods[index];

	search->states[index] = 1;
	for (size_t i = 0; i < pod->wait_count; i++) {
		const struct start_wait *wait = &pod->waits[i];
		const struct pod_spec *other = app_find_pod(app, wait->pod);
		if (other == NULL || other == pod)
			continue;
		size_t next = (size_t)(other - app->pods);
		if (search->states[next] == 1)
			say_circle(search, wait);
		if (search->states[next] != 0)
			continue;
		search->path[search->depth++] = wait;
		search_from(search, next);
		search->depth--;
	}
	search->states[index] = 2;
}

void check_start_waits(struct loader *loader)
{
	const struct app *app = loader->app;
	AUTO_FREE unsigned char *states = xcalloc(app->pod_count + 1, 1);
	AUTO_FREE const struct start_wait **path =
		xcalloc(app->pod_count + 1, sizeof(struct start_wait *));
	struct circle_search search = {.loader = loader, .states = states, .path = path};

	for (size_t i = 0; i < app->pod_count; i++) {
		for (size_t k = 0; k < app->pods[i].wait_count; k++)
			check_one(loader, &app->pods[i], &app->pods[i].waits[k]);
	}
	for (size_t i = 0; i < app->pod_count; i++) {
		if (states[i] == 0)
			search_from(&search, i);
	}
}
