/* SPDX-License-Identifier: Apache-2.0 */
/* build and develop.watch: manifest/build_spec.h. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/compose/service_parts.h"
#include "manifest/compose/units.h"
#include "manifest/develop_form.h"
#include "manifest/read_value.h"

/* The build being read, and where its secrets stand. */
struct build_reader {
	struct build_spec *build;
	const struct yaml_node *model;
};

static void read_values(const struct yaml_node *node, struct build_value **values, size_t *count)
{
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		struct build_value *one = ARRAY_APPEND(*values, *count);
		one->name = xstrdup(node->pairs[i].key->text);
		one->value = value->kind == YAML_SCALAR ? xstrdup(value->text) : NULL;
	}
}

static void read_args(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct build_spec *build = ((struct build_reader *)target)->build;
	(void)loader;
	read_values(node, &build->args, &build->arg_count);
}

static void read_labels(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct build_spec *build = ((struct build_reader *)target)->build;
	(void)loader;
	read_values(node, &build->labels, &build->label_count);
}

static void read_contexts(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct build_spec *build = ((struct build_reader *)target)->build;
	char real[PATH_MAX];
	const char *folder = realpath(loader->app->folder, real);

	read_values(node, &build->contexts, &build->context_count);
	/* The specification's loader leaves the builder's own transports alone. */
	for (size_t i = 0; i < build->context_count && folder != NULL; i++) {
		if (build->contexts[i].value != NULL)
			build_layout_complete(&build->contexts[i].value, folder);
	}
}

static void read_context(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &((struct build_reader *)target)->build->context);
}

static void read_dockerfile(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &((struct build_reader *)target)->build->dockerfile);
}

static void read_inline(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &((struct build_reader *)target)->build->dockerfile_inline);
}

static void read_target(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &((struct build_reader *)target)->build->target);
}

static void read_network(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &((struct build_reader *)target)->build->network);
}

static void read_tags(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text_list(loader, node, &((struct build_reader *)target)->build->tags);
}

static void read_platforms(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text_list(loader, node, &((struct build_reader *)target)->build->platforms);
}

static void read_cache_from(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text_list(loader, node, &((struct build_reader *)target)->build->cache_from);
}

static void read_cache_to(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text_list(loader, node, &((struct build_reader *)target)->build->cache_to);
}

static void read_no_cache(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &((struct build_reader *)target)->build->no_cache);
}

static void read_pull(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &((struct build_reader *)target)->build->pull);
}

static void read_shm(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (!compose_bytes(node, &((struct build_reader *)target)->build->shm_bytes))
		loader_error(loader, node, "64m", "shm_size: it is no number of bytes");
}

static void read_hosts(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct build_spec *build = ((struct build_reader *)target)->build;
	(void)loader;
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++)
		string_list_add(&build->extra_hosts, node->items[i]->text);
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		const char *name = node->pairs[i].key->text;
		if (value->kind == YAML_SCALAR)
			string_list_addf(&build->extra_hosts, "%s=%s", name, value->text);
		for (size_t k = 0; value->kind == YAML_LIST && k < value->item_count; k++)
			string_list_addf(&build->extra_hosts, "%s=%s", name, value->items[k]->text);
	}
}

static void read_ssh(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct build_spec *build = ((struct build_reader *)target)->build;
	(void)loader;
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		if (value->kind == YAML_SCALAR)
			string_list_addf(&build->ssh, "%s=%s", node->pairs[i].key->text,
					 value->text);
		else
			string_list_add(&build->ssh, node->pairs[i].key->text);
	}
}

static void read_secrets(struct loader *loader, const struct yaml_node *node, void *target)
{
	const struct build_reader *reader = target;
	(void)loader;
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *source = yaml_get(node->items[i], "source");
		const struct yaml_node *id = yaml_get(node->items[i], "target");
		if (source == NULL || source->kind != YAML_SCALAR)
			continue;
		const struct yaml_node *secret =
			yaml_get(yaml_get(reader->model, "secrets"), source->text);
		const struct yaml_node *file = yaml_get(secret, "file");
		const struct yaml_node *value = yaml_get(secret, "x-#value");
		struct build_secret *one =
			ARRAY_APPEND(reader->build->secrets, reader->build->secret_count);
		one->id = xstrdup(id != NULL && id->kind == YAML_SCALAR ? id->text : source->text);
		one->file = file != NULL && file->kind == YAML_SCALAR ? xstrdup(file->text) : NULL;
		one->value =
			value != NULL && value->kind == YAML_SCALAR ? xstrdup(value->text) : NULL;
	}
}

static const char of_builder[] = "the builder's own default is used";
static const struct field build_list[] = {
	{"additional_contexts", FIELD_USED, read_contexts, 0, NULL,
	 "NAME: folder, URL, docker-image://IMAGE or service:NAME",
	 .takes = "map or list of texts"},
	{"args", FIELD_USED, read_args, 0, NULL, "ARG of the Dockerfile",
	 .takes = "map or list of texts"},
	{"cache_from", FIELD_USED, read_cache_from, 0, NULL, NULL, .takes = "list of texts"},
	{"cache_to", FIELD_USED, read_cache_to, 0, NULL, NULL, .takes = "list of texts"},
	{"context", FIELD_USED, read_context, 0, NULL, "a folder, or the URL of a repository",
	 .takes = "text"},
	{"dockerfile", FIELD_USED, read_dockerfile, 0, NULL, "default Dockerfile, in the context",
	 .takes = "text"},
	{"dockerfile_inline", FIELD_USED, read_inline, 0, NULL, "its text", .takes = "text"},
	{"entitlements", FIELD_REFUSED, NULL, 0, NULL,
	 "builds run without privileges; take it out"},
	{"extra_hosts", FIELD_USED, read_hosts, 0, NULL, NULL, .takes = "map or list of texts"},
	{"isolation", FIELD_NO_EFFECT, NULL, 0, NULL, of_builder},
	{"labels", FIELD_USED, read_labels, 0, NULL, "of the image",
	 .takes = "map or list of texts"},
	{"network", FIELD_USED, read_network, 0, NULL, "of RUN: none, host …", .takes = "text"},
	{"no_cache", FIELD_USED, read_no_cache, 0, NULL, NULL, .takes = "true or false, or text"},
	{"no_cache_filter", FIELD_NO_EFFECT, NULL, 0, NULL, "no_cache builds all stages anew"},
	{"platforms", FIELD_USED, read_platforms, 0, NULL, "linux/amd64 is the one that runs here",
	 .takes = "list of texts"},
	{"privileged", FIELD_REFUSED, NULL, 0, NULL, "builds run without privileges; take it out"},
	{"provenance", FIELD_NO_EFFECT, NULL, 0, NULL, "i2kit's receipts say what ran"},
	{"pull", FIELD_USED, read_pull, 0, NULL, "asks for newer base images",
	 .takes = "true or false, or text"},
	{"sbom", FIELD_NO_EFFECT, NULL, 0, NULL, of_builder},
	{"secrets", FIELD_USED, read_secrets, 0, NULL, "RUN --mount=type=secret, of the top's",
	 .takes = "list"},
	{"shm_size", FIELD_USED, read_shm, 0, NULL, NULL, .takes = "bytes"},
	{"ssh", FIELD_USED, read_ssh, 0, NULL, "default, or ID=KEY",
	 .takes = "map or list of texts"},
	{"tags", FIELD_USED, read_tags, 0, NULL, "further names of the image",
	 .takes = "list of texts"},
	{"target", FIELD_USED, read_target, 0, NULL, "the stage to stop at", .takes = "text"},
	{"ulimits", FIELD_NO_EFFECT, NULL, 0, NULL, of_builder}};
const struct field_set compose_build_fields = {"build", build_list, ARRAY_SIZE(build_list),
					       .is_open = true};

/* Inside of a folder it is a path below it. */
static void settle_dockerfile(struct build_spec *build)
{
	bool is_folder = build->context != NULL && build->context[0] == '/';
	if (build->dockerfile == NULL || build->dockerfile[0] == '/' || !is_folder)
		return;
	char *whole = path_join(build->context, build->dockerfile);
	free(build->dockerfile);
	build->dockerfile = whole;
}

void compose_read_build(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	struct build_reader reader = {.model = service->model};

	build_spec_free(service->container.build);
	service->container.build = xcalloc(1, sizeof(*service->container.build));
	reader.build = service->container.build;
	loader_read_map(loader, node, &compose_build_fields, &reader);
	settle_dockerfile(service->container.build);
}

void compose_read_develop(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_develop(loader, node, &((struct compose_service *)target)->container);
}
