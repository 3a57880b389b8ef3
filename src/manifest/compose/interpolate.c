/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/interpolate.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/compose/template.h"

#define TEXT_MAX ((size_t)16 << 20)

enum cast { CAST_INTEGER, CAST_NUMBER, CAST_BOOL };

struct cast_rule {
	const char *pattern;
	enum cast cast;
};

/* Where a text becomes something else, as for the specification's loader (interpolate.go, types.go). */
static const struct cast_rule rules[] = {
	{"services.*.attach", CAST_BOOL},
	{"services.*.build.no_cache", CAST_BOOL},
	{"services.*.build.privileged", CAST_BOOL},
	{"services.*.build.pull", CAST_BOOL},
	{"services.*.cpu_count", CAST_INTEGER},
	{"services.*.cpu_percent", CAST_NUMBER},
	{"services.*.cpu_period", CAST_INTEGER},
	{"services.*.cpu_quota", CAST_INTEGER},
	{"services.*.cpu_rt_period", CAST_INTEGER},
	{"services.*.cpu_rt_runtime", CAST_INTEGER},
	{"services.*.cpus", CAST_NUMBER},
	{"services.*.cpu_shares", CAST_INTEGER},
	{"services.*.init", CAST_BOOL},
	{"services.*.depends_on.*.required", CAST_BOOL},
	{"services.*.depends_on.*.restart", CAST_BOOL},
	{"services.*.deploy.replicas", CAST_INTEGER},
	{"services.*.deploy.update_config.parallelism", CAST_INTEGER},
	{"services.*.deploy.update_config.max_failure_ratio", CAST_NUMBER},
	{"services.*.deploy.rollback_config.parallelism", CAST_INTEGER},
	{"services.*.deploy.rollback_config.max_failure_ratio", CAST_NUMBER},
	{"services.*.deploy.restart_policy.max_attempts", CAST_INTEGER},
	{"services.*.deploy.placement.max_replicas_per_node", CAST_INTEGER},
	{"services.*.healthcheck.retries", CAST_INTEGER},
	{"services.*.healthcheck.disable", CAST_BOOL},
	{"services.*.oom_kill_disable", CAST_BOOL},
	{"services.*.oom_score_adj", CAST_INTEGER},
	{"services.*.pids_limit", CAST_INTEGER},
	{"services.*.ports.[].target", CAST_INTEGER},
	{"services.*.privileged", CAST_BOOL},
	{"services.*.read_only", CAST_BOOL},
	{"services.*.scale", CAST_INTEGER},
	{"services.*.stdin_open", CAST_BOOL},
	{"services.*.tty", CAST_BOOL},
	{"services.*.ulimits.*", CAST_INTEGER},
	{"services.*.ulimits.*.hard", CAST_INTEGER},
	{"services.*.ulimits.*.soft", CAST_INTEGER},
	{"services.*.env_file.[].required", CAST_BOOL},
	{"services.*.post_start.[].privileged", CAST_BOOL},
	{"services.*.pre_stop.[].privileged", CAST_BOOL},
	{"services.*.volumes.[].bind.create_host_path", CAST_BOOL},
	{"services.*.volumes.[].read_only", CAST_BOOL},
	{"services.*.volumes.[].volume.nocopy", CAST_BOOL},
	{"networks.*.external", CAST_BOOL},
	{"networks.*.internal", CAST_BOOL},
	{"networks.*.attachable", CAST_BOOL},
	{"networks.*.enable_ipv4", CAST_BOOL},
	{"networks.*.enable_ipv6", CAST_BOOL},
	{"volumes.*.external", CAST_BOOL},
	{"secrets.*.external", CAST_BOOL},
	{"configs.*.external", CAST_BOOL},
};

struct filler {
	struct compose_context *context;
	const struct compose_variables *variables;
	bool is_good;
};

static const char *find_variable(const void *owner, const char *name)
{
	return compose_variables_get(((const struct filler *)owner)->variables, name);
}

static bool word_is(const char *text, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcasecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

static bool cast_bool(struct yaml_node *node)
{
	static const char *const yes[] = {"true", "y", "yes", "on", NULL};
	static const char *const no[] = {"false", "n", "no", "off", NULL};
	bool is_yes = word_is(node->text, yes);

	if (!is_yes && !word_is(node->text, no))
		return false;
	node->type = YAML_BOOL;
	node->integer = is_yes ? 1 : 0;
	node->text = is_yes ? "true" : "false";
	return true;
}

static bool cast_integer(struct yaml_node *node)
{
	const char *digits = node->text[0] == '+' ? node->text + 1 : node->text;
	if (!parse_i64(digits, INT64_MIN, INT64_MAX, &node->integer))
		return false;
	node->type = YAML_INTEGER;
	node->text = digits;
	return true;
}

static bool cast_number(struct yaml_node *node)
{
	double value = 0;
	if (cast_integer(node))
		return true;
	const char *digits = node->text[0] == '+' ? node->text + 1 : node->text;
	if (!parse_double(digits, &value))
		return false;
	node->type = YAML_FLOAT;
	node->text = digits;
	return true;
}

static void apply_cast(struct filler *filler, struct yaml_node *node,
		       const struct compose_place *place)
{
	static const char *const wanted[] = {"a whole number", "a number", "true or false"};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!compose_place_matches(place, rules[i].pattern))
			continue;
		bool is_good = rules[i].cast == CAST_BOOL      ? cast_bool(node)
			       : rules[i].cast == CAST_INTEGER ? cast_integer(node)
							       : cast_number(node);
		node->size = strlen(node->text);
		node->is_quoted = node->is_quoted && !is_good;
		if (!is_good)
			compose_error(filler->context, node, NULL,
				      "%s: %s is wanted here, not '%.60s'", place->name,
				      wanted[rules[i].cast], node->text);
		filler->is_good = filler->is_good && is_good;
		return;
	}
}

static void say_unset(struct filler *filler, const struct yaml_node *node,
		      const struct string_list *unset)
{
	struct compose_context *context = filler->context;
	for (size_t i = 0; i < unset->count; i++) {
		const char *name = unset->items[i];
		if (string_list_has(&context->unset, name) || context->unset.count >= PROBLEM_MAX)
			continue;
		string_list_add(&context->unset, name);
		compose_warn(context, node,
			     "the variable %.80s is not set, and empty here; $$ writes a $", name);
	}
}

static void fill_text(struct filler *filler, struct yaml_node *node,
		      const struct compose_place *place)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(TEXT_MAX);
	AUTO(string_list_clear) struct string_list unset = STRING_LIST_INIT;
	const struct template_scope scope = {
		.find = find_variable, .owner = filler, .unset = &unset};

	if (strchr(node->text, '$') == NULL)
		return;
	if (!template_substitute(&scope, node->text, &text, &err)) {
		compose_error(filler->context, node, err.hint, "%s: %s", place->name, err.message);
		filler->is_good = false;
		return;
	}
	say_unset(filler, node, &unset);
	if (text.is_cut) {
		compose_error(filler->context, node, NULL, "%s: more than 16 MiB of text",
			      place->name);
		filler->is_good = false;
		return;
	}
	filler->is_good = compose_count_bytes(filler->context, node, text.size) && filler->is_good;
	if (!filler->is_good)
		return;
	node->text = tree_string(&filler->context->store, strbuf_text(&text));
	node->size = text.size;
}

static void fill(struct filler *filler, struct yaml_node *node, const struct compose_place *place)
{
	if (place != NULL && node->kind == YAML_SCALAR && node->type == YAML_TEXT) {
		fill_text(filler, node, place);
		if (filler->is_good)
			apply_cast(filler, node, place);
	}
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct compose_place below = {place, node->pairs[i].key->text};
		fill(filler, node->pairs[i].value, &below);
	}
	for (size_t i = 0; i < node->item_count; i++) {
		const struct compose_place below = {place, "[]"};
		fill(filler, node->items[i], &below);
	}
}

bool compose_interpolate(struct compose_context *context, struct yaml_node *root,
			 const struct compose_variables *variables)
{
	struct filler filler = {.context = context, .variables = variables, .is_good = true};
	fill(&filler, root, NULL);
	return filler.is_good;
}
