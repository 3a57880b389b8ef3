/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/build_form.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/build_spec.h"
#include "manifest/read_value.h"
#include "manifest/service_reference.h"
#include "manifest/yaml_node.h"

static const char layout_prefix[] = BUILD_LAYOUT_PREFIX;

/* {NAME: VALUE}, [NAME=VALUE], [NAME]: one without a value has that of who builds. */
struct value_list {
	struct build_value **items;
	size_t *count;
};

static void add_value(struct value_list *list, const char *name, size_t size, char *value)
{
	struct build_value *made = ARRAY_APPEND(*list->items, *list->count);

	made->name = xstrndup(name, size);
	made->value = value;
}

static void read_values(struct loader *loader, const struct yaml_node *node, struct value_list list)
{
	if (node->kind == YAML_SCALAR || node->pair_count + node->item_count > LIST_MAX) {
		loader_error(loader, node, "{NAME: value} or [NAME=value]",
			     "%s: a map or a list is wanted here", loader->current->name);
		return;
	}
	for (size_t i = 0; i < node->pair_count; i++) {
		const char *name = node->pairs[i].key->text;
		char *value = NULL;
		if (!yaml_is_null(node->pairs[i].value))
			read_scalar(loader, node->pairs[i].value, &value);
		add_value(&list, name, strlen(name), value);
	}
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		const char *text = item->kind == YAML_SCALAR ? item->text : "";
		const char *equals = strchr(text, '=');
		if (text[0] == '\0' || text[0] == '=')
			loader_error(loader, item, "NAME=value", "%s: this is no NAME=value",
				     loader->current->name);
		else
			add_value(&list, text, strcspn(text, "="),
				  equals != NULL ? xstrdup(equals + 1) : NULL);
	}
}

static void read_args(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct build_spec *build = target;
	read_values(loader, node, (struct value_list){&build->args, &build->arg_count});
}

static void read_labels(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct build_spec *build = target;
	read_values(loader, node, (struct value_list){&build->labels, &build->label_count});
}

static void read_contexts(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct build_spec *build = target;
	size_t before = build->context_count;

	read_values(loader, node, (struct value_list){&build->contexts, &build->context_count});
	for (size_t i = before; i < build->context_count; i++) {
		if (build->contexts[i].value == NULL)
			loader_error(loader, node, "NAME: FOLDER, or oci-layout://FOLDER",
				     "additional_contexts: '%.80s' says nothing",
				     build->contexts[i].name);
	}
}

/* As written; environment is a variable's name. */
struct secret_form {
	struct build_secret secret;
	char *environment;
};

static const struct field secret_list[] = {
	{"environment", FIELD_USED, read_text, offsetof(struct secret_form, environment), NULL,
	 "the variable whose value it is"},
	{"file", FIELD_USED, read_text, offsetof(struct secret_form, secret.file), NULL,
	 "the file whose content it is; relative ones start at the manifest"},
	{"id", FIELD_USED, read_text, offsetof(struct secret_form, secret.id), NULL,
	 "what RUN --mount=type=secret,id= asks for"}};
static const struct field_set secret_fields = {"build secret", secret_list,
					       ARRAY_SIZE(secret_list)};

static void read_secret(struct loader *loader, const struct yaml_node *node,
			struct build_spec *build)
{
	struct secret_form form = {0};

	loader_read_map(loader, node, &secret_fields, &form);
	const char *value = form.environment != NULL ? getenv(form.environment) : NULL;
	if (form.secret.id == NULL || (form.secret.file == NULL) == (form.environment == NULL)) {
		loader_error(loader, node,
			     "{id: token, file: ./token} or {id: token, environment: "
			     "TOKEN}",
			     "secrets: each has an id, and a file or a variable");
	} else if (form.environment != NULL && value == NULL) {
		loader_error(loader, node, NULL, "secrets: the variable %.80s is not set",
			     form.environment);
	}
	form.secret.value = xstrdup_or_null(value);
	free(form.environment);
	*ARRAY_APPEND(build->secrets, build->secret_count) = form.secret;
}

static void read_secrets(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_LIST || node->item_count > LIST_MAX) {
		loader_error(loader, node, "- {id: token, file: ./token}",
			     "secrets: a list is wanted here");
		return;
	}
	for (size_t i = 0; i < node->item_count; i++)
		read_secret(loader, node->items[i], target);
}

#define AT(member) offsetof(struct build_spec, member)
static const struct field build_list[] = {
	{"additional_contexts", FIELD_USED, read_contexts, 0, NULL,
	 "what FROM and COPY --from= may name besides: NAME: FOLDER, oci-layout://FOLDER, "
	 "docker-image://IMAGE",
	 .takes = "map or list"},
	{"args", FIELD_USED, read_args, 0, NULL, "values of the Dockerfile's ARG",
	 .takes = "map or list"},
	{"cache_from", FIELD_USED, read_text_list, AT(cache_from), NULL,
	 "images whose layers the builder may take"},
	{"context", FIELD_USED, read_text, AT(context), NULL,
	 "the folder it is built from; default: the manifest's"},
	{"dockerfile", FIELD_USED, read_text, AT(dockerfile), NULL,
	 "below the context; default: Dockerfile"},
	{"dockerfile_inline", FIELD_USED, read_text, AT(dockerfile_inline), NULL,
	 "the Dockerfile itself"},
	{"labels", FIELD_USED, read_labels, 0, NULL, "of the image", .takes = "map or list"},
	{"network", FIELD_USED, read_text, AT(network), NULL, "of RUN: none, host"},
	{"no_cache", FIELD_USED, read_bool, AT(no_cache), NULL,
	 "true: every step anew, every time"},
	{"platforms", FIELD_USED, read_text_list, AT(platforms), NULL, "linux/amd64 alone"},
	{"pull", FIELD_USED, read_bool, AT(pull), NULL,
	 "true: newer base images are asked for, every time"},
	{"secrets", FIELD_USED, read_secrets, 0, &secret_fields,
	 "for RUN --mount=type=secret; never in the image", .is_list = true},
	{"ssh", FIELD_USED, read_text_list, AT(ssh), NULL, "default, or ID=KEYFILE"},
	{"tags", FIELD_USED, read_text_list, AT(tags), NULL, "more names of it in the builder"},
	{"target", FIELD_USED, read_text, AT(target), NULL, "the stage of the Dockerfile"}};
#undef AT
const struct field_set build_form_fields = {"build", build_list, ARRAY_SIZE(build_list)};

static bool is_url(const char *text)
{
	return strstr(text, "://") != NULL || strncmp(text, "git@", 4) == 0;
}

static void make_absolute(char **place, const char *folder)
{
	if (*place != NULL && !is_url(*place))
		build_path_complete(place, folder);
}

/* oci-layout://../base, docker-image://… as it is. */
static void complete_context(char **place, const char *folder)
{
	if (strncmp(*place, layout_prefix, strlen(layout_prefix)) == 0)
		build_layout_complete(place, folder);
	else if (service_reference(*place) == NULL)
		make_absolute(place, folder);
}

static void complete(struct build_spec *build, const char *folder)
{
	if (build->context == NULL)
		build->context = xstrdup(folder);
	make_absolute(&build->context, folder);
	if (!is_url(build->context))
		make_absolute(&build->dockerfile, build->context);
	for (size_t i = 0; i < build->secret_count; i++)
		make_absolute(&build->secrets[i].file, folder);
	for (size_t i = 0; i < build->context_count; i++) {
		if (build->contexts[i].value != NULL)
			complete_context(&build->contexts[i].value, folder);
	}
}

void read_build_form(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	struct build_spec *build = xcalloc(1, sizeof(*build));

	char real[PATH_MAX];
	const char *folder = loader->app->folder;

	container->build = build;
	if (node->kind == YAML_SCALAR)
		read_text(loader, node, &build->context);
	else
		loader_read_map(loader, node, &build_form_fields, build);
	if (build->dockerfile != NULL && build->dockerfile_inline != NULL)
		loader_error(loader, node, "keep one of them",
			     "build: both dockerfile and dockerfile_inline");
	/* Where relative paths start is known before anything is read. */
	complete(build, realpath(folder, real) != NULL ? real : folder);
}
