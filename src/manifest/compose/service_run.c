/* SPDX-License-Identifier: Apache-2.0 */
/* What a service's container runs, with what around it, and what becomes of it when it ends. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/compose/read_words.h"
#include "manifest/compose/service_parts.h"
#include "manifest/compose/units.h"
#include "manifest/read_value.h"

void compose_read_command(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = &((struct compose_service *)target)->container;
	container->has_args = true;
	compose_read_words(loader, node, &container->args);
}

void compose_read_entrypoint(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = &((struct compose_service *)target)->container;
	container->has_command = true;
	compose_read_words(loader, node, &container->command);
}

/* In a container's environment $(NAME) is filled in; Compose leaves it alone. */
static char *escape_references(const char *text)
{
	AUTO_FREE char *escaped = xcalloc(strlen(text) * 2 + 1, 1);
	size_t length = 0;
	for (const char *at = text; *at != '\0'; at++) {
		if (at[0] == '$' && (at[1] == '(' || at[1] == '$'))
			escaped[length++] = '$';
		escaped[length++] = *at;
	}
	return TAKE_PTR(escaped);
}

void compose_read_environment(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = &((struct compose_service *)target)->container;
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct yaml_node *value = node->pairs[i].value;
		if (value->kind != YAML_SCALAR)
			continue; /* it has no value outside, and is not set */
		if (key->text[0] == '\0') {
			loader_error(loader, value, "NAME: value", "a variable has no name");
			continue;
		}
		struct env_var *env = ARRAY_APPEND(container->env, container->env_count);
		env->name = xstrdup(key->text);
		env->value = escape_references(value->text);
		env->mark = loader_mark(loader, value);
	}
}

void compose_set_restart(struct loader *loader, const struct yaml_node *node,
			 struct compose_service *service, enum restart_policy policy,
			 uint32_t limit)
{
	struct pod_spec *pod = service->pod;
	bool is_same = pod->restart_policy == policy && pod->restart_limit == limit;
	if (!service->is_first && !is_same)
		loader_error(loader, node, "the same restart in both",
			     "service '%s' shares the pod '%s' with others, and restarts otherwise",
			     service->name, pod->name);
	pod->restart_policy = policy;
	pod->restart_limit = limit;
	pod->restart_mark = loader_mark(loader, node);
}

static bool parse_restart(const char *text, enum restart_policy *ret_policy, uint64_t *ret_limit)
{
	if (strcmp(text, "no") == 0 || text[0] == '\0')
		*ret_policy = RESTART_NEVER;
	else if (strcmp(text, "always") == 0 || strcmp(text, "unless-stopped") == 0)
		*ret_policy = RESTART_ALWAYS;
	else if (strcmp(text, "on-failure") == 0 || (strncmp(text, "on-failure:", 11) == 0 &&
						     parse_u64(text + 11, 0, INT32_MAX, ret_limit)))
		*ret_policy = RESTART_ON_FAILURE;
	else
		return false;
	return true;
}

void compose_read_restart(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	enum restart_policy policy = RESTART_NEVER;
	uint64_t limit = 0;

	if (!parse_restart(node->text, &policy, &limit))
		loader_error(loader, node, "no, on-failure, on-failure:3, always or unless-stopped",
			     "restart: '%.40s' is not known", node->text);
	else if (yaml_is_null(yaml_get(yaml_get(service->node, "deploy"), "restart_policy")))
		compose_set_restart(loader, node, service, policy, (uint32_t)limit);
}

void compose_read_pull_policy(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = &((struct compose_service *)target)->container;
	const char *text = node->text;
	bool is_again = strcmp(text, "always") == 0 || strcmp(text, "daily") == 0 ||
			strcmp(text, "weekly") == 0 || strcmp(text, "refresh") == 0 ||
			strncmp(text, "every_", 6) == 0;
	bool is_missing = strcmp(text, "missing") == 0 || strcmp(text, "if_not_present") == 0 ||
			  strcmp(text, "build") == 0 || text[0] == '\0';

	if (is_again)
		container->pull_policy = PULL_ALWAYS;
	else if (strcmp(text, "never") == 0)
		container->pull_policy = PULL_NEVER;
	else if (!is_missing)
		loader_error(loader, node, "always, never, missing, build, daily, weekly",
			     "pull_policy: '%.40s' is not known", text);
}

static struct check *check_at(void *target)
{
	return &((struct probe *)target)->check;
}

static void read_hook_command(struct loader *loader, const struct yaml_node *node, void *target)
{
	compose_read_words(loader, node, &check_at(target)->command);
}

/* {A: b}, [A=b], [A]: one that is not set outside is left out. */
static void read_hook_environment(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct string_list *environment = &check_at(target)->environment;
	(void)loader;
	for (size_t i = 0; i < node->pair_count && i < LIST_MAX; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		if (value->kind == YAML_SCALAR)
			string_list_addf(environment, "%s=%s", node->pairs[i].key->text,
					 value->text);
	}
	for (size_t i = 0; i < node->item_count && i < LIST_MAX; i++) {
		if (strchr(node->items[i]->text, '=') != NULL)
			string_list_add(environment, node->items[i]->text);
	}
}

static void read_hook_user(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &check_at(target)->user);
}

static void read_hook_folder(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &check_at(target)->working_dir);
}

static void read_hook_privileged(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool is_privileged = false;
	(void)target;
	read_bool(loader, node, &is_privileged);
	if (is_privileged)
		loader_error(loader, node, "privileged: true of the service",
			     "a hook has the rights of its container");
}

static const struct field hook_list[] = {
	{"command", FIELD_USED, read_hook_command, 0, NULL, NULL,
	 .takes = "list of texts, or text"},
	{"environment", FIELD_USED, read_hook_environment, 0, NULL, "over the container's",
	 .takes = "map or list of texts"},
	{"privileged", FIELD_USED, read_hook_privileged, 0, NULL,
	 "false: it has its container's rights", .takes = "false"},
	{"user", FIELD_USED, read_hook_user, 0, NULL, "default: the container's", .takes = "text"},
	{"working_dir", FIELD_USED, read_hook_folder, 0, NULL, "default: the container's",
	 .takes = "text"}};
const struct field_set compose_hook_fields = {"hook", hook_list, ARRAY_SIZE(hook_list),
					      .is_open = true};

static void read_one_hook(struct loader *loader, const struct yaml_node *node, struct probe *hook)
{
	hook->check.type = CHECK_EXEC;
	loader_read_map(loader, node, &compose_hook_fields, hook);
	if (hook->check.command.count == 0)
		loader_error(loader, node, "command: [PROGRAM, …]", "%s: the command has no words",
			     loader->current->name);
}

/* The first one stands where that of the other spellings does. */
static void read_hooks(struct loader *loader, const struct yaml_node *node, struct probe *first,
		       struct probe **more, size_t *more_count)
{
	enum { HOOKS_MAX = 100 };
	if (node->item_count > HOOKS_MAX) {
		loader_error(loader, node->items[HOOKS_MAX], NULL, "%s: more than %d commands",
			     loader->current->name, HOOKS_MAX);
		return;
	}
	for (size_t i = 0; i < node->item_count; i++)
		read_one_hook(loader, node->items[i],
			      i == 0 ? first : ARRAY_APPEND(*more, *more_count));
}

void compose_read_post_start(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = &((struct compose_service *)target)->container;
	read_hooks(loader, node, &container->post_start, &container->more_post_starts,
		   &container->more_post_start_count);
}

void compose_read_pre_stop(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = &((struct compose_service *)target)->container;
	read_hooks(loader, node, &container->pre_stop, &container->more_pre_stops,
		   &container->more_pre_stop_count);
}
