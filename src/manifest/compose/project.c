/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/project.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/compose/canonical.h"
#include "manifest/compose/consistency.h"
#include "manifest/compose/document.h"
#include "manifest/compose/normal.h"
#include "manifest/compose/template.h"

/* The files' documents, read before anything is made of them: the name is filled into all. */
struct source {
	const char *file;
	struct yaml_node **trees; /* owned */
	size_t count;
};
struct sources {
	struct source *items; /* owned */
	size_t count;
};

static void sources_clear(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		free((void *)sources->items[i].trees);
	free(sources->items);
}

static bool is_true(const char *text)
{
	return text != NULL && (strcmp(text, "1") == 0 || strcasecmp(text, "true") == 0 ||
				strcasecmp(text, "t") == 0);
}

/* What is set outside goes before .env, or before the files of --env-file. */
static bool read_environment(struct compose_context *context, const struct compose_options *options,
			     struct compose_variables *ret)
{
	AUTO(compose_variables_clear) struct compose_variables own = {0};
	AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
	bool is_good = true;

	compose_variables_add_environment(ret, options->environment);
	const char *said = compose_variables_get(ret, "COMPOSE_ENV_FILES");
	AUTO_FREE char *standard = path_join(options->folder, ".env");
	if (options->env_files != NULL && options->env_files->count > 0)
		string_list_copy(&files, options->env_files);
	else if (said != NULL && said[0] != '\0')
		string_list_split(&files, said, ',');
	else if (path_exists(standard) &&
		 !is_true(compose_variables_get(ret, "COMPOSE_DISABLE_ENV_FILE")))
		string_list_add(&files, standard);
	for (size_t i = 0; i < files.count && is_good; i++)
		is_good = compose_read_env_file(context, files.items[i], NULL, ret, false, &own);
	compose_variables_complete(ret, &own);
	return is_good;
}

static bool read_sources(struct compose_context *context, const struct compose_options *options,
			 struct sources *ret)
{
	const struct string_list *paths = options->paths;
	bool is_good = true;
	for (size_t i = 0; i < paths->count; i++) {
		struct source *source = ARRAY_APPEND(ret->items, ret->count);
		source->file = compose_keep_name(context, paths->items[i]);
		bool is_text = options->text != NULL &&
			       (paths->count == 1 || strcmp(paths->items[i], "-") == 0);
		bool is_read = is_text ? compose_parse_trees(context, paths->items[i],
							     options->text, strlen(options->text),
							     &source->trees, &source->count)
				       : compose_read_trees(context, paths->items[i], NULL,
							    &source->trees, &source->count);
		is_good = is_read && is_good;
	}
	return is_good;
}

static const char *find_variable(const void *owner, const char *name)
{
	return compose_variables_get(owner, name);
}

/* "My_Shop" is my_shop for Compose. */
static char *normalize_name(const char *text)
{
	AUTO_FREE char *name = xcalloc(strlen(text) + 1, 1);
	size_t length = 0;
	for (const char *at = text; *at != '\0'; at++) {
		char c = (char)tolower((unsigned char)*at);
		bool is_good =
			(c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
		if (is_good && (length > 0 || (c != '_' && c != '-')))
			name[length++] = c;
	}
	return TAKE_PTR(name);
}

/* That of the last file that says one. Owned. */
static char *choose_name(const struct compose_options *options, const struct sources *sources,
			 const struct compose_variables *variables)
{
	const char *said = NULL;
	for (size_t i = 0; i < sources->count; i++) {
		for (size_t k = 0; k < sources->items[i].count; k++) {
			const char *name = tree_get_text(sources->items[i].trees[k], "name");
			said = name != NULL && name[0] != '\0' ? name : said;
		}
	}
	const char *outside = compose_variables_get(variables, "COMPOSE_PROJECT_NAME");
	if (!options->is_named && outside != NULL && outside[0] != '\0')
		return normalize_name(outside);
	if (options->is_named || said == NULL)
		return xstrdup(options->name);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(1000);
	const struct template_scope scope = {.find = find_variable, .owner = variables};
	if (!template_substitute(&scope, said, &text, NULL))
		return xstrdup(options->name); /* said when the file is filled in */
	AUTO_FREE char *name = normalize_name(strbuf_text(&text));
	return xstrdup(name[0] != '\0' ? name : options->name);
}

static void add_profiles(const struct compose_options *options,
			 const struct compose_variables *variables, struct string_list *ret)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	const char *said = compose_variables_get(variables, "COMPOSE_PROFILES");

	if (options->profiles != NULL)
		string_list_copy(ret, options->profiles);
	if (ret->count == 0 && said != NULL)
		string_list_split(&words, said, ',');
	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i] + strspn(words.items[i], " ");
		AUTO_FREE char *trimmed = xstrndup(word, strcspn(word, " "));
		if (trimmed[0] != '\0')
			string_list_add(ret, trimmed);
	}
}

/* A service with nothing in it, as `web:` alone writes it. */
static bool check_services(struct compose_context *context, const struct yaml_node *model)
{
	const struct yaml_node *services = tree_get(model, "services");
	bool is_good = true;
	for (size_t i = 0; services != NULL && i < services->pair_count; i++) {
		if (services->pairs[i].value->kind == YAML_MAP)
			continue;
		compose_error(context, services->pairs[i].key,
			      "image: nginx:1.25, or build: FOLDER",
			      "service '%s' has nothing in it", services->pairs[i].key->text);
		is_good = false;
	}
	return is_good;
}

static struct yaml_node *finish(struct compose_context *context,
				const struct compose_options *options, const char *name,
				const struct compose_variables *variables, struct yaml_node *model)
{
	AUTO(string_list_clear) struct string_list profiles = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list left_out = STRING_LIST_INIT;
	const struct compose_scope scope = {.folder = options->folder, .variables = variables};

	compose_settle_model(context, &scope, model);
	add_profiles(options, variables, &profiles);
	if (options->named != NULL)
		compose_add_profiles_of(model, options->named, &profiles);
	if (!check_services(context, model) || !compose_make_maps(context, model))
		return NULL;
	compose_choose_profiles(model, &profiles, &left_out);
	bool is_good = compose_normalize(context, model, name, variables);
	is_good = compose_check_consistency(context, model, &left_out) && is_good;
	tree_set_text(&context->store, model, "name", name);
	return is_good ? model : NULL;
}

struct yaml_node *compose_load(struct compose_context *context,
			       const struct compose_options *options,
			       struct compose_variables *ret_variables)
{
	AUTO(sources_clear) struct sources sources = {0};
	struct yaml_node *model = tree_new(&context->store, YAML_MAP, NULL);
	bool is_good = read_environment(context, options, ret_variables);

	if (!read_sources(context, options, &sources) || !is_good)
		return NULL;
	AUTO_FREE char *name = choose_name(options, &sources, ret_variables);
	(void)compose_variables_set(ret_variables, "COMPOSE_PROJECT_NAME", name, NULL, 0);
	for (size_t i = 0; i < sources.count; i++) {
		const struct compose_scope scope = {.folder = options->folder,
						    .variables = ret_variables,
						    .file = sources.items[i].file};
		if (!compose_add_file(context, &scope, NULL, sources.items[i].trees,
				      sources.items[i].count, &model))
			return NULL;
	}
	if (model->pair_count == 0) {
		const struct yaml_node place = {
			.file = sources.items != NULL ? sources.items[0].file : NULL};
		compose_error(context, &place, "services: {web: {image: nginx}}",
			      "the Compose file is empty");
		return NULL;
	}
	return finish(context, options, name, ret_variables, model);
}
