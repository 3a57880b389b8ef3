/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/build_spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"

static void values_free(struct build_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(values[i].name);
		free(values[i].value);
	}
	free(values);
}

void build_layout_complete(char **place, const char *folder)
{
	static const char prefix[] = BUILD_LAYOUT_PREFIX;

	if (strncmp(*place, prefix, strlen(prefix)) != 0 || (*place)[strlen(prefix)] == '/')
		return;
	char *whole = xasprintf("%s%s/%s", prefix, folder, *place + strlen(prefix));
	free(*place);
	*place = whole;
}

void build_path_complete(char **path, const char *folder)
{
	const char *below = *path;

	if (below == NULL || below[0] == '/')
		return;
	while (strncmp(below, "./", 2) == 0)
		below += 2;
	bool is_folder = below[0] == '\0' || strcmp(below, ".") == 0;
	char *whole = is_folder ? xstrdup(folder) : path_join(folder, below);
	free(*path);
	*path = whole;
}

void build_spec_free(struct build_spec *build)
{
	if (build == NULL)
		return;
	free(build->context);
	free(build->dockerfile);
	free(build->dockerfile_inline);
	free(build->target);
	values_free(build->args, build->arg_count);
	values_free(build->labels, build->label_count);
	values_free(build->contexts, build->context_count);
	for (size_t i = 0; i < build->secret_count; i++) {
		free(build->secrets[i].id);
		free(build->secrets[i].file);
		free(build->secrets[i].value);
	}
	free(build->secrets);
	string_list_clear(&build->ssh);
	string_list_clear(&build->cache_from);
	string_list_clear(&build->cache_to);
	string_list_clear(&build->platforms);
	string_list_clear(&build->tags);
	string_list_clear(&build->extra_hosts);
	string_list_clear(&build->entitlements);
	free(build->network);
	free(build);
}

void watch_rules_free(struct watch_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(rules[i].path);
		free(rules[i].target);
		string_list_clear(&rules[i].ignore);
		string_list_clear(&rules[i].include);
		string_list_clear(&rules[i].command);
		string_list_clear(&rules[i].command_env);
		free(rules[i].command_user);
		free(rules[i].command_folder);
	}
	free(rules);
}
