/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: compose-project [-p NAME] [--profile NAME]… [--env-file FILE]… [-f FILE]…
 *
 * What compose/main.go prints of a project, of what i2kit reads: the two are compared.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "manifest/compose/files.h"
#include "manifest/compose/project.h"
#include "manifest/compose/units.h"

static const char *text_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = yaml_get(map, key);
	return node != NULL && node->kind == YAML_SCALAR ? node->text : "";
}

static bool is_true(const struct yaml_node *map, const char *key)
{
	return strcmp(text_of(map, key), "true") == 0;
}

static void write_words(struct json_writer *json, const char *key, const struct yaml_node *node,
			bool splits)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	const char *rest = NULL;
	if (node == NULL || node->kind == YAML_NULL)
		return;
	if (node->kind == YAML_SCALAR && splits &&
	    !compose_split_words(node->text, &words, &rest, NULL))
		exit(1);
	if (node->kind == YAML_SCALAR && !splits)
		string_list_add(&words, node->text);
	for (size_t i = 0; i < node->item_count; i++)
		string_list_add(&words,
				node->items[i]->kind == YAML_SCALAR ? node->items[i]->text : "");
	json_open_list(json, key);
	for (size_t i = 0; i < words.count; i++)
		json_write_text(json, NULL, words.items[i]);
	json_close(json);
}

static void write_map(struct json_writer *json, const char *key, const struct yaml_node *node)
{
	json_open_object(json, key);
	for (size_t i = 0; node != NULL && i < node->pair_count; i++) {
		if (node->pairs[i].value->kind == YAML_SCALAR)
			json_write_text(json, node->pairs[i].key->text, node->pairs[i].value->text);
	}
	json_close(json);
}

static void write_bytes(struct json_writer *json, const char *key, const struct yaml_node *node)
{
	uint64_t bytes = 0;
	if (node != NULL && node->kind == YAML_SCALAR && !compose_bytes(node, &bytes))
		exit(1);
	json_write_unsigned(json, key, bytes);
}

static void write_milliseconds(struct json_writer *json, const char *key,
			       const struct yaml_node *node)
{
	uint64_t ms = 0;
	if (node == NULL || node->kind != YAML_SCALAR)
		return;
	if (!compose_duration_ms(node->text, &ms))
		exit(1);
	json_write_unsigned(json, key, ms);
}

static void write_number(struct json_writer *json, const char *key, const struct yaml_node *node)
{
	double value = 0;
	if (node != NULL && !compose_number(node, &value))
		exit(1);
	AUTO_FREE char *text = xasprintf("%.3f", value);
	json_write_text(json, key, text);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void write_ports(struct json_writer *json, const struct yaml_node *list)
{
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	for (size_t i = 0; list != NULL && i < list->item_count; i++) {
		const char *protocol = text_of(list->items[i], "protocol");
		string_list_addf(&lines, "%s:%s:%s/%s", text_of(list->items[i], "host_ip"),
				 text_of(list->items[i], "published"),
				 text_of(list->items[i], "target"),
				 protocol[0] != '\0' ? protocol : "tcp");
	}
	if (lines.count > 1)
		qsort(lines.items, lines.count, sizeof(*lines.items), compare_texts);
	json_open_list(json, "ports");
	for (size_t i = 0; i < lines.count; i++)
		json_write_text(json, NULL, lines.items[i]);
	json_close(json);
}

static void write_mounts(struct json_writer *json, const struct yaml_node *list)
{
	json_open_list(json, "mounts");
	for (size_t i = 0; list != NULL && i < list->item_count; i++) {
		const struct yaml_node *item = list->items[i];
		json_open_object(json, NULL);
		json_write_text(json, "type", text_of(item, "type"));
		json_write_text(json, "source", text_of(item, "source"));
		json_write_text(json, "target", text_of(item, "target"));
		json_write_bool(json, "read_only", is_true(item, "read_only"));
		json_write_text(json, "subpath", text_of(yaml_get(item, "volume"), "subpath"));
		json_write_text(json, "image_subpath", text_of(yaml_get(item, "image"), "subpath"));
		json_write_bool(json, "nocopy", is_true(yaml_get(item, "volume"), "nocopy"));
		write_bytes(json, "size", yaml_get(yaml_get(item, "tmpfs"), "size"));
		json_close(json);
	}
	json_close(json);
}

static void write_depends(struct json_writer *json, const struct yaml_node *map)
{
	json_open_object(json, "depends_on");
	for (size_t i = 0; map != NULL && i < map->pair_count; i++) {
		const struct yaml_node *one = map->pairs[i].value;
		json_open_object(json, map->pairs[i].key->text);
		json_write_text(json, "condition", text_of(one, "condition"));
		json_write_bool(json, "restart", is_true(one, "restart"));
		json_write_bool(json, "required", is_true(one, "required"));
		json_close(json);
	}
	json_close(json);
}

static void write_health(struct json_writer *json, const struct yaml_node *node)
{
	const struct yaml_node *test = yaml_get(node, "test");
	if (node == NULL || node->kind != YAML_MAP)
		return;
	json_open_object(json, "health");
	if (test != NULL && test->kind == YAML_SCALAR) {
		json_open_list(json, "test");
		json_write_text(json, NULL, "CMD-SHELL");
		json_write_text(json, NULL, test->text);
		json_close(json);
	} else {
		write_words(json, "test", test, false);
	}
	write_milliseconds(json, "interval", yaml_get(node, "interval"));
	write_milliseconds(json, "timeout", yaml_get(node, "timeout"));
	write_milliseconds(json, "start_period", yaml_get(node, "start_period"));
	json_write_text(json, "retries", text_of(node, "retries"));
	json_write_bool(json, "disable", is_true(node, "disable"));
	json_close(json);
}

static void write_build(struct json_writer *json, const struct yaml_node *node)
{
	if (node == NULL || node->kind != YAML_MAP)
		return;
	json_open_object(json, "build");
	json_write_text(json, "context", text_of(node, "context"));
	json_write_text(json, "dockerfile", text_of(node, "dockerfile"));
	json_write_text(json, "inline", text_of(node, "dockerfile_inline"));
	json_write_text(json, "target", text_of(node, "target"));
	write_map(json, "args", yaml_get(node, "args"));
	write_map(json, "labels", yaml_get(node, "labels"));
	write_map(json, "contexts", yaml_get(node, "additional_contexts"));
	write_words(json, "tags", yaml_get(node, "tags"), false);
	write_words(json, "platforms", yaml_get(node, "platforms"), false);
	write_words(json, "cache_from", yaml_get(node, "cache_from"), false);
	json_close(json);
}

static void write_watch(struct json_writer *json, const struct yaml_node *rule)
{
	const struct yaml_node *exec = yaml_get(rule, "exec");
	json_open_object(json, NULL);
	json_write_text(json, "action", text_of(rule, "action"));
	json_write_text(json, "path", text_of(rule, "path"));
	json_write_text(json, "target", text_of(rule, "target"));
	write_words(json, "ignore", yaml_get(rule, "ignore"), false);
	write_words(json, "include", yaml_get(rule, "include"), false);
	json_write_bool(json, "initial_sync", is_true(rule, "initial_sync"));
	write_words(json, "command", yaml_get(exec, "command"), true);
	json_write_text(json, "user", text_of(exec, "user"));
	json_write_bool(json, "privileged", is_true(exec, "privileged"));
	json_write_text(json, "working_dir", text_of(exec, "working_dir"));
	write_map(json, "environment", yaml_get(exec, "environment"));
	json_close(json);
}

static void write_develop(struct json_writer *json, const struct yaml_node *node)
{
	const struct yaml_node *rules = yaml_get(node, "watch");
	json_open_list(json, "develop");
	for (size_t i = 0; rules != NULL && i < rules->item_count; i++)
		write_watch(json, rules->items[i]);
	json_close(json);
}

static void write_limits(struct json_writer *json, const struct yaml_node *service)
{
	const struct yaml_node *limits =
		yaml_get(yaml_get(yaml_get(service, "deploy"), "resources"), "limits");
	json_open_object(json, "limits");
	write_number(json, "cpus", yaml_get(service, "cpus"));
	write_bytes(json, "memory", yaml_get(service, "mem_limit"));
	write_bytes(json, "reservation", yaml_get(service, "mem_reservation"));
	write_bytes(json, "shm", yaml_get(service, "shm_size"));
	json_write_text(json, "pids", text_of(service, "pids_limit"));
	if (limits != NULL && limits->kind == YAML_MAP) {
		write_number(json, "deploy_cpus", yaml_get(limits, "cpus"));
		write_bytes(json, "deploy_memory", yaml_get(limits, "memory"));
	}
	json_close(json);
}

static void write_files(struct json_writer *json, const char *key, const struct yaml_node *list)
{
	json_open_list(json, key);
	for (size_t i = 0; list != NULL && i < list->item_count; i++) {
		const char *source = text_of(list->items[i], "source");
		const char *target = text_of(list->items[i], "target");
		json_open_object(json, NULL);
		json_write_text(json, "source", source);
		json_write_text(json, "target", target);
		json_close(json);
	}
	json_close(json);
}

static void write_networks(struct json_writer *json, const struct yaml_node *map)
{
	json_open_object(json, "networks");
	for (size_t i = 0; map != NULL && i < map->pair_count; i++) {
		const struct yaml_node *aliases = yaml_get(map->pairs[i].value, "aliases");
		json_open_list(json, map->pairs[i].key->text);
		for (size_t k = 0; aliases != NULL && k < aliases->item_count; k++)
			json_write_text(json, NULL, aliases->items[k]->text);
		json_close(json);
	}
	json_close(json);
}

static void write_texts(struct json_writer *json, const struct yaml_node *service)
{
	static const char *const texts[] = {
		"image",	"restart",     "user",	      "working_dir", "hostname",
		"network_mode", "stop_signal", "pull_policy", "platform",    "container_name"};
	static const char *const bools[] = {"privileged", "read_only", "stdin_open", "tty"};
	static const char *const lists[] = {"cap_add", "cap_drop",  "tmpfs",
					    "expose",  "dns",	    "dns_search",
					    "dns_opt", "group_add", "security_opt"};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		json_write_text(json, texts[i], text_of(service, texts[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bools); i++)
		json_write_bool(json, bools[i], is_true(service, bools[i]));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		write_words(json, lists[i], yaml_get(service, lists[i]), false);
	if (yaml_get(service, "init") != NULL)
		json_write_bool(json, "init", is_true(service, "init"));
	write_words(json, "command", yaml_get(service, "command"), true);
	write_words(json, "entrypoint", yaml_get(service, "entrypoint"), true);
	write_map(json, "environment", yaml_get(service, "environment"));
	write_map(json, "labels", yaml_get(service, "labels"));
	write_map(json, "sysctls", yaml_get(service, "sysctls"));
}

static void write_service(struct json_writer *json, const char *name,
			  const struct yaml_node *service)
{
	const struct yaml_node *scale = yaml_get(service, "scale");
	const struct yaml_node *replicas = yaml_get(yaml_get(service, "deploy"), "replicas");
	const struct yaml_node *count = scale != NULL ? scale : replicas;

	json_open_object(json, name);
	write_texts(json, service);
	write_ports(json, yaml_get(service, "ports"));
	write_mounts(json, yaml_get(service, "volumes"));
	write_depends(json, yaml_get(service, "depends_on"));
	write_health(json, yaml_get(service, "healthcheck"));
	write_networks(json, yaml_get(service, "networks"));
	write_limits(json, service);
	write_build(json, yaml_get(service, "build"));
	write_develop(json, yaml_get(service, "develop"));
	write_files(json, "configs", yaml_get(service, "configs"));
	write_files(json, "secrets", yaml_get(service, "secrets"));
	write_milliseconds(json, "stop_grace_ms", yaml_get(service, "stop_grace_period"));
	json_write_text(json, "replicas", count != NULL ? count->text : "1");
	json_open_object(json, "ulimits");
	const struct yaml_node *limits = yaml_get(service, "ulimits");
	for (size_t i = 0; limits != NULL && i < limits->pair_count; i++) {
		json_open_list(json, limits->pairs[i].key->text);
		json_write_text(json, NULL, text_of(limits->pairs[i].value, "soft"));
		json_write_text(json, NULL, text_of(limits->pairs[i].value, "hard"));
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void write_project(const struct yaml_node *model)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, JSON_PRETTY);
	const struct yaml_node *services = yaml_get(model, "services");
	const struct yaml_node *volumes = yaml_get(model, "volumes");
	const struct yaml_node *networks = yaml_get(model, "networks");

	json_open_object(&json, NULL);
	json_write_text(&json, "name", text_of(model, "name"));
	json_open_object(&json, "services");
	for (size_t i = 0; services != NULL && i < services->pair_count; i++)
		write_service(&json, services->pairs[i].key->text, services->pairs[i].value);
	json_close(&json);
	json_open_object(&json, "volumes");
	for (size_t i = 0; volumes != NULL && i < volumes->pair_count; i++) {
		json_open_object(&json, volumes->pairs[i].key->text);
		json_write_text(&json, "name", text_of(volumes->pairs[i].value, "name"));
		json_write_bool(&json, "external", is_true(volumes->pairs[i].value, "external"));
		json_close(&json);
	}
	json_close(&json);
	json_open_object(&json, "networks");
	for (size_t i = 0; networks != NULL && i < networks->pair_count; i++)
		json_write_bool(&json, networks->pairs[i].key->text,
				is_true(networks->pairs[i].value, "internal"));
	json_close(&json);
	json_close(&json);
	(void)puts(strbuf_text(&text));
}

int main(int argc, char **argv)
{
	AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list profiles = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list env_files = STRING_LIST_INIT;
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(compose_variables_clear) struct compose_variables variables = {0};
	struct compose_context context = {.problems = &problems, .files = &files};
	const char *name = NULL;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "-f") == 0)
			string_list_add(&paths, argv[i + 1]);
		else if (strcmp(argv[i], "-p") == 0)
			name = argv[i + 1];
		else if (strcmp(argv[i], "--profile") == 0)
			string_list_add(&profiles, argv[i + 1]);
		else if (strcmp(argv[i], "--env-file") == 0)
			string_list_add(&env_files, argv[i + 1]);
	}
	if (paths.count == 0 &&
	    !compose_find_default_files(NULL, (const char *const *)environ, &paths))
		return 1;
	AUTO_FREE char *copy = xstrdup(paths.items[0]);
	char *slash = strrchr(copy, '/');
	if (slash != NULL)
		slash[slash == copy ? 1 : 0] = '\0';
	AUTO_FREE char *folder = realpath(slash != NULL ? copy : ".", NULL);
	const struct compose_options options = {.paths = &paths,
						.folder = folder != NULL ? folder : ".",
						.name = name != NULL ? name : "project",
						.is_named = name != NULL,
						.environment = (const char *const *)environ,
						.env_files = &env_files,
						.profiles = &profiles};
	const struct yaml_node *model = compose_load(&context, &options, &variables);
	if (model != NULL)
		write_project(model);
	for (size_t i = 0; i < problems.count; i++)
		(void)fprintf(stderr, "%s:%u:%u: %s\n", problems.items[i].file,
			      problems.items[i].line, problems.items[i].column,
			      problems.items[i].message);
	compose_context_clear(&context);
	return model != NULL ? 0 : 1;
}
