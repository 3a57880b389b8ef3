/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/environment.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define MAX_VALUE    ((size_t)1 << 20) /* expanding may multiply a text: not past this */

const struct container_image *pod_container(const struct pod_image *pod, const char *name)
{
	for (size_t i = 0; i < pod->container_count; i++) {
		if (strcmp(pod->containers[i].name, name) == 0)
			return &pod->containers[i];
	}
	return NULL;
}

static size_t find_place(const struct string_list *list, const char *name, size_t name_size)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strncmp(list->items[i], name, name_size) == 0 &&
		    list->items[i][name_size] == '=')
			return i;
	}
	return list->count;
}

const char *env_list_find(const struct string_list *environment, const char *name)
{
	size_t place = find_place(environment, name, strlen(name));
	return place < environment->count ? environment->items[place] + strlen(name) + 1 : NULL;
}

/* Takes over the text "K=V". */
static void set_owned(struct string_list *list, char *assignment)
{
	size_t name_size = strcspn(assignment, "=");
	size_t place = find_place(list, assignment, name_size);
	if (assignment[name_size] == '\0') {
		free(assignment); /* a name alone says nothing */
	} else if (place == list->count) {
		string_list_take(list, assignment);
	} else {
		free(list->items[place]);
		list->items[place] = assignment;
	}
}

static void set(struct string_list *list, const char *name, const char *value)
{
	set_owned(list, xasprintf("%s=%s", name, value));
}

static void set_all(struct string_list *list, const struct string_list *assignments)
{
	for (size_t i = 0; i < assignments->count; i++)
		set_owned(list, xstrdup(assignments->items[i]));
}

char *environment_expand(const char *text, const struct string_list *environment)
{
	struct strbuf out = STRBUF_MAX(MAX_VALUE);
	while (*text != '\0') {
		const char *end = text[0] == '$' && text[1] == '(' ? strchr(text, ')') : NULL;
		if (text[0] == '$' && text[1] == '$') {
			strbuf_append_char(&out, '$');
			text += 2;
		} else if (end != NULL) {
			size_t name_size = (size_t)(end - text) - 2;
			size_t place = find_place(environment, text + 2, name_size);
			if (place < environment->count)
				strbuf_append(&out, environment->items[place] + name_size + 1);
			else
				strbuf_append_bytes(&out, text, name_size + 3);
			text = end + 1;
		} else {
			strbuf_append_char(&out, *text++);
		}
	}
	return strbuf_take(&out);
}

/* "metadata.labels['app']": the value of the key in brackets, "" where there is none. */
static char *bracket_value(const struct string_list *pairs, const char *bracket)
{
	size_t size = strlen(bracket);
	if (size < 4 || strncmp(bracket, "['", 2) != 0 || strcmp(bracket + size - 2, "']") != 0)
		return NULL;
	size_t place = find_place(pairs, bracket + 2, size - 4);
	return xstrdup(place < pairs->count ? pairs->items[place] + size - 4 + 1 : "");
}

/* All pairs, as the downward API writes them: key="value" lines. */
static char *pair_lines(const struct string_list *pairs)
{
	struct strbuf out = STRBUF_INIT;
	for (size_t i = 0; i < pairs->count; i++) {
		const char *value = strchr(pairs->items[i], '=');
		strbuf_append_bytes(&out, pairs->items[i], (size_t)(value - pairs->items[i]) + 1);
		strbuf_append_json(&out, value + 1);
		strbuf_append_char(&out, '\n');
	}
	return strbuf_take(&out);
}

/* Those of all instances and this one's own, which win. */
static void merge_pairs(const struct string_list *shared, const struct string_list *own,
			struct string_list *ret)
{
	string_list_copy(ret, own);
	for (size_t i = 0; i < shared->count; i++) {
		const char *pair = shared->items[i];
		if (find_place(own, pair, strcspn(pair, "=")) == own->count)
			string_list_add(ret, pair);
	}
	string_list_sort(ret);
}

char *field_value(const struct pod_image *pod, const struct release *release,
		  const struct env_facts *facts, const char *field)
{
	const struct {
		const char *name;
		const char *value;
	} simple[] = {
		{"metadata.name", release->instance},	{"metadata.namespace", pod->namespace},
		{"metadata.uid", release->uid},		{"spec.nodeName", release->instance},
		{"spec.serviceAccountName", "default"}, {"status.podIP", facts->address},
		{"status.podIPs", facts->address},	{"status.hostIP", facts->address},
		{"status.hostIPs", facts->address}};
	for (size_t i = 0; i < ARRAY_SIZE(simple); i++) {
		if (strcmp(simple[i].name, field) == 0)
			return xstrdup(simple[i].value != NULL ? simple[i].value : "");
	}
	AUTO(string_list_clear) struct string_list all_labels = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list all_annotations = STRING_LIST_INIT;
	merge_pairs(&release->labels, &release->own_labels, &all_labels);
	merge_pairs(&release->annotations, &release->own_annotations, &all_annotations);
	static const char labels[] = "metadata.labels";
	static const char annotations[] = "metadata.annotations";
	if (strcmp(field, labels) == 0)
		return pair_lines(&all_labels);
	if (strcmp(field, annotations) == 0)
		return pair_lines(&all_annotations);
	if (strncmp(field, labels, sizeof(labels) - 1) == 0)
		return bracket_value(&all_labels, field + sizeof(labels) - 1);
	if (strncmp(field, annotations, sizeof(annotations) - 1) == 0)
		return bracket_value(&all_annotations, field + sizeof(annotations) - 1);
	return NULL;
}

/* "1", "1m", "1Mi", "1M": a quantity in thousandths. */
static bool parse_divisor(const char *text, uint64_t *ret_milli)
{
	static const struct {
		const char *suffix;
		uint64_t milli;
	} units[] = {{"m", 1},
		     {"", 1000},
		     {"k", 1000000},
		     {"M", 1000000000},
		     {"G", UINT64_C(1000000000000)},
		     {"Ki", UINT64_C(1000) << 10},
		     {"Mi", UINT64_C(1000) << 20},
		     {"Gi", UINT64_C(1000) << 30}};
	size_t digits = strspn(text, "0123456789");
	AUTO_FREE char *number = xstrndup(text, digits);
	uint64_t value = 0;
	if (!parse_u64(number, 1, 1000000, &value))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(units[i].suffix, text + digits) == 0) {
			*ret_milli = value * units[i].milli;
			return true;
		}
	}
	return false;
}

char *resource_value(const struct container_image *container, const struct env_facts *facts,
		     const char *resource, const char *divisor_or_null, struct error *err)
{
	const uint64_t all_cpus = (uint64_t)facts->cpu_count * 1000;
	const struct {
		const char *name;
		uint64_t value;
		uint64_t fallback;
		bool is_cpu;
	} known[] = {{"limits.cpu", container->cpu_limit_millis, all_cpus, true},
		     {"requests.cpu", container->cpu_request_millis, 0, true},
		     {"limits.memory", container->memory_limit_bytes, facts->memory_bytes, false},
		     {"requests.memory", container->memory_request_bytes, 0, false},
		     {"limits.ephemeral-storage", container->ephemeral_limit_bytes, 0, false},
		     {"requests.ephemeral-storage", container->ephemeral_request_bytes, 0, false}};
	uint64_t divisor = 1000;
	bool has_divisor = divisor_or_null != NULL && strcmp(divisor_or_null, "0") != 0;
	if (has_divisor && !parse_divisor(divisor_or_null, &divisor)) {
		(void)error_set(err, ERROR_INVALID, "divisor '%s' is no quantity", divisor_or_null);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].name, resource) != 0)
			continue;
		uint64_t value = known[i].value > 0 ? known[i].value : known[i].fallback;
		/* Bytes count as wholes, CPUs as thousandths; the answer is rounded up. */
		uint64_t whole = 0;
		if (known[i].is_cpu)
			whole = (value + divisor - 1) / divisor;
		else if (divisor >= 1000)
			whole = (value + divisor / 1000 - 1) / (divisor / 1000);
		else
			whole = value * (1000 / divisor);
		return xasprintf("%" PRIu64, whole);
	}
	(void)error_set(err, ERROR_UNSUPPORTED, "resource '%s' is not known", resource);
	return NULL;
}

static bool is_env_name(const char *text)
{
	return text[0] != '\0' && !isdigit((unsigned char)text[0]) &&
	       strpbrk(text, "= \t\n") == NULL;
}

static bool missing(const char *kind, const char *name, const char *key, struct error *err)
{
	if (key != NULL)
		return error_set(err, ERROR_NOT_FOUND, "%s '%s' has no key '%s'", kind, name, key);
	return error_set(err, ERROR_NOT_FOUND, "there is no %s '%s'", kind, name);
}

static bool add_source(const struct release *release, const struct env_import *source,
		       struct string_list *ret, struct error *err)
{
	const struct release_map *map = release_map(release, source->map, source->is_secret);
	if (map == NULL)
		return source->is_optional ||
		       missing(source->is_secret ? "secret" : "config map", source->map, NULL, err);
	for (size_t i = 0; i < map->entry_count; i++) {
		const struct map_entry *entry = &map->entries[i];
		AUTO_FREE char *name =
			xasprintf("%s%s", source->prefix != NULL ? source->prefix : "", entry->key);
		if (is_env_name(name) && entry->bytes != NULL)
			set(ret, name, entry->bytes);
	}
	return true;
}

/* *ret NULL: an optional one that is absent. */
static bool rule_value(const struct pod_image *pod, const struct release *release,
		       const struct container_image *own, const struct env_facts *facts,
		       const struct env_rule *rule, const struct string_list *so_far, char **ret,
		       struct error *err)
{
	if (rule->kind == ENV_VALUE) {
		*ret = environment_expand(rule->value, so_far);
		return true;
	}
	if (rule->kind == ENV_FIELD) {
		*ret = field_value(pod, release, facts, rule->value);
		return *ret != NULL ||
		       error_set(err, ERROR_UNSUPPORTED, "field '%s' is not known", rule->value);
	}
	if (rule->kind == ENV_RESOURCE) {
		const struct container_image *other =
			rule->container != NULL ? pod_container(pod, rule->container) : own;
		if (other == NULL)
			return missing("container", rule->container, NULL, err);
		*ret = resource_value(other, facts, rule->value, rule->divisor, err);
		return *ret != NULL;
	}
	bool is_secret = rule->kind == ENV_SECRET;
	const struct map_entry *entry =
		config_map_entry(release_map(release, rule->value, is_secret), rule->key);
	if (entry != NULL && entry->bytes != NULL) {
		*ret = xstrdup(entry->bytes);
		return true;
	}
	return rule->is_optional ||
	       missing(is_secret ? "secret" : "config map", rule->value, rule->key, err);
}

bool environment_make(const struct pod_image *pod, const struct release *release,
		      const struct container_image *container, const struct env_facts *facts,
		      struct string_list *ret, struct error *err)
{
	set(ret, "PATH", DEFAULT_PATH);
	set(ret, "HOSTNAME", facts->hostname);
	if (container->has_tty)
		set(ret, "TERM", "xterm");
	set_all(ret, &container->env);
	set_all(ret, &release->service_env);
	const struct container_config *config = release_container(release, container->name);
	if (config == NULL)
		return true;
	for (size_t i = 0; i < config->source_count; i++) {
		if (!add_source(release, &config->sources[i], ret, err))
			return false;
	}
	for (size_t i = 0; i < config->env_count; i++) {
		AUTO_FREE char *value = NULL;
		const struct env_rule *rule = &config->env[i];
		if (!rule_value(pod, release, container, facts, rule, ret, &value, err))
			return error_prefix(err, "env '%s'", rule->name);
		if (value != NULL)
			set(ret, rule->name, value);
	}
	return true;
}
