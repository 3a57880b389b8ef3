/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/develop_form.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/build_spec.h"
#include "manifest/compose/read_words.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

const char *const watch_action_words[WATCH_ACTIONS] = {"rebuild", "sync", "restart", "sync+restart",
						       "sync+exec"};

static void read_action(struct loader *loader, const struct yaml_node *node, void *target)
{
	const char *text = node->kind == YAML_SCALAR ? node->text : "";

	for (size_t i = 0; i < ARRAY_SIZE(watch_action_words); i++) {
		if (strcmp(text, watch_action_words[i]) == 0) {
			((struct watch_rule *)target)->action = (enum watch_action)i;
			return;
		}
	}
	loader_error(loader, node, "rebuild, sync, restart, sync+restart or sync+exec",
		     "action: there is no '%.40s'", text);
}

static void read_exec_command(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind == YAML_MAP || node->item_count > LIST_MAX)
		read_text_list(loader, node, &((struct watch_rule *)target)->command);
	else
		compose_read_words(loader, node, &((struct watch_rule *)target)->command);
}

/* {NAME: value} or [NAME=value]; one without a value has that of who watches, as in Compose. */
static void add_variable(struct loader *loader, const struct yaml_node *node, const char *name,
			 const char *value_or_null, struct watch_rule *rule)
{
	const char *value = value_or_null != NULL ? value_or_null : getenv(name);

	if (name[0] == '\0' || strchr(name, '=') != NULL)
		loader_error(loader, node, "NAME=value", "environment: this is no NAME=value");
	else if (value != NULL)
		string_list_addf(&rule->command_env, "%s=%s", name, value);
}

static void read_exec_environment(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind == YAML_SCALAR || node->pair_count + node->item_count > LIST_MAX) {
		loader_error(loader, node, "{NAME: value} or [NAME=value]",
			     "environment: a map or a list is wanted here");
		return;
	}
	for (size_t i = 0; i < node->pair_count; i++) {
		AUTO_FREE char *value = NULL;
		if (!yaml_is_null(node->pairs[i].value))
			read_scalar(loader, node->pairs[i].value, &value);
		add_variable(loader, node, node->pairs[i].key->text, value, target);
	}
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		const char *text = item->kind == YAML_SCALAR ? item->text : "";
		const char *equals = strchr(text, '=');
		AUTO_FREE char *name = xstrndup(text, strcspn(text, "="));
		add_variable(loader, item, name, equals != NULL ? equals + 1 : NULL, target);
	}
}

#define AT(member) offsetof(struct watch_rule, member)
static const struct field exec_list[] = {
	{"command", FIELD_USED, read_exec_command, 0, NULL,
	 "a list, or one line that is split as a shell does", .takes = "list of texts, or text"},
	{"environment", FIELD_USED, read_exec_environment, 0, NULL, "over the container's",
	 .takes = "map or list of texts"},
	{"privileged", FIELD_USED, read_bool, AT(command_is_privileged), NULL,
	 "whatever the container is", .takes = "true or false, or text"},
	{"user", FIELD_USED, read_text, AT(command_user), NULL, "default: the container's"},
	{"working_dir", FIELD_USED, read_text, AT(command_folder), NULL,
	 "default: the container's"}};
static const struct field_set exec_fields = {"watch command", exec_list, ARRAY_SIZE(exec_list),
					     .is_open = true};

static void read_exec(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &exec_fields, target);
}

static const struct field watch_list[] = {
	{"action", FIELD_USED, read_action, 0, NULL,
	 "rebuild, sync, restart, sync+restart, sync+exec", .takes = "text"},
	{"exec", FIELD_USED, read_exec, 0, &exec_fields, "of sync+exec"},
	{"ignore", FIELD_USED, read_text_list, AT(ignore), NULL, "patterns as in .dockerignore",
	 .takes = "list of texts, or text"},
	{"include", FIELD_USED, read_text_list, AT(include), NULL, "patterns; default: all",
	 .takes = "list of texts, or text"},
	{"initial_sync", FIELD_USED, read_bool, AT(syncs_at_start), NULL,
	 "all is copied when the watch begins", .takes = "true or false, or text"},
	{"path", FIELD_USED, read_text, AT(path), NULL, "the file or folder that is watched"},
	{"target", FIELD_USED, read_text, AT(target), NULL, "where it goes in the container"}};
#undef AT
static const struct field_set watch_fields = {"watch", watch_list, ARRAY_SIZE(watch_list),
					      .is_open = true};

static void read_watch(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;

	if (node->kind != YAML_LIST || node->item_count > LIST_MAX) {
		loader_error(loader, node, "- {action: sync, path: ./src, target: /app}",
			     "watch: a list is wanted here");
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		struct watch_rule *rule = ARRAY_APPEND(container->watches, container->watch_count);
		loader_read_map(loader, node->items[i], &watch_fields, rule);
		if (rule->action == WATCH_SYNC_EXEC && rule->command.count == 0)
			loader_error(loader, node->items[i], "exec: {command: [PROGRAM, …]}",
				     "sync+exec: there is no command");
	}
}

static const struct field develop_list[] = {
	{"watch", FIELD_USED, read_watch, 0, &watch_fields, NULL, .is_list = true}};
const struct field_set develop_form_fields = {"develop", develop_list, ARRAY_SIZE(develop_list),
					      .is_open = true};

void read_develop(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &develop_form_fields, target);
}

bool watch_rule_syncs(const struct watch_rule *rule)
{
	return rule->action != WATCH_REBUILD && rule->action != WATCH_RESTART;
}

/* Compose's own file is checked in compose/consistency.c, as its loader does. */
static void check_rule(struct loader *loader, const struct yaml_node *node,
		       const struct watch_rule *rule)
{
	bool has_target = rule->target != NULL && rule->target[0] == '/';

	if (yaml_get(node, "action") == NULL)
		loader_missing(loader, node, "action", "action: sync");
	if (rule->path == NULL || rule->path[0] == '\0')
		loader_missing(loader, node, "path", "path: ./src");
	if (watch_rule_syncs(rule) && !has_target)
		loader_error(loader, node, "target: /app",
			     "watch: %s wants an absolute target in the container",
			     watch_action_words[rule->action]);
}

void read_develop_form(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	const struct yaml_node *list = node->kind == YAML_MAP ? yaml_get(node, "watch") : NULL;
	size_t before = container->watch_count;
	char real[PATH_MAX];
	const char *folder = loader->app->folder;

	read_develop(loader, node, target);
	if (realpath(folder, real) != NULL)
		folder = real;
	for (size_t i = before; list != NULL && i < container->watch_count; i++) {
		check_rule(loader, list->items[i - before], &container->watches[i]);
		build_path_complete(&container->watches[i].path, folder);
	}
}
