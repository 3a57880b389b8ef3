/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_target.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/manifest_files.h"
#include "cli/run_words.h"
#include "image/oci/reference.h"
#include "manifest/load.h"

void run_target_clear(struct run_target *target)
{
	app_clear(&target->app);
	free(target->container);
}

static const struct pod_spec *chosen(const struct run_target *target)
{
	return &target->app.pods[target->pod];
}

static bool find_pod(struct run_target *target, const char *name)
{
	for (size_t i = 0; i < target->app.pod_count; i++) {
		if (strcmp(target->app.pods[i].name, name) == 0) {
			target->pod = i;
			return true;
		}
	}
	return false;
}

static bool find_container(struct run_target *target, const char *name, struct error *err)
{
	const struct pod_spec *pod = chosen(target);

	for (size_t i = 0; i < pod->container_count; i++) {
		if (name != NULL && strcmp(pod->containers[i].name, name) != 0)
			continue;
		target->container = xstrdup(pod->containers[i].name);
		return true;
	}
	error_set(err, ERROR_NOT_FOUND, "pod '%s' has no container '%s'", pod->name, name);
	return error_hint(err, "its first one is '%s'", pod->containers[0].name);
}

/* The pod that the word means, or none: POD, POD/CONTAINER, TYPE/POD. */
static bool find_named(struct run_target *target, const char *word, const char **ret_container)
{
	const char *slash = strchr(word, '/');
	AUTO_FREE char *first = xstrndup(word, strcspn(word, "/"));

	*ret_container = NULL;
	if (find_pod(target, first)) {
		*ret_container = slash != NULL ? slash + 1 : NULL;
		return true;
	}
	return slash != NULL && find_pod(target, slash + 1);
}

static bool may_be_pod(const struct invocation *invocation, const char *word)
{
	const struct string_list *files = arguments_values(invocation->args, "file");

	return files->count > 0 ||
	       (strpbrk(word, ":@") == NULL && manifest_files_are_here(invocation->args));
}

/* *ret_is_pod false: it is none, and no error. */
static bool read_pod(const struct invocation *invocation, const char *word,
		     struct run_target *target, bool *ret_is_pod, struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	const char *container = NULL;

	*ret_is_pod = false;
	if (!may_be_pod(invocation, word))
		return true;
	bool is_good = manifest_files_read_pods(invocation, &target->app, &problems, err);
	manifest_files_print(invocation, &problems, is_good);
	if (!is_good)
		return error_hint(err, "an image is named whole where manifests lie: %s:latest",
				  word);
	*ret_is_pod = find_named(target, word, &container);
	if (!*ret_is_pod && arguments_values(invocation->args, "file")->count > 0)
		return manifest_files_no_pod(&target->app, word, err);
	if (container == NULL)
		container = arguments_value(invocation->args, "container");
	return !*ret_is_pod || find_container(target, container, err);
}

/* Nothing of the command line is in it, so that an image has one disk for all its runs. */
static char *write_pod(const char *name, const char *image)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	json_open_object(&json, NULL);
	json_write_text(&json, "apiVersion", "v1");
	json_write_text(&json, "kind", "Pod");
	json_open_object(&json, "metadata");
	json_write_text(&json, "name", name);
	json_close(&json);
	json_open_object(&json, "spec");
	json_write_text(&json, "restartPolicy", "Never");
	json_open_list(&json, "containers");
	json_open_object(&json, NULL);
	json_write_text(&json, "name", name);
	json_write_text(&json, "image", image);
	json_close(&json);
	json_close(&json);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&text);
}

static bool make_pod(const char *image, struct run_target *target, struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(reference_clear) struct reference reference = {0};
	AUTO_FREE char *name = run_pod_name(image);
	AUTO_FREE char *text = write_pod(name, image);
	const struct load_options options = {.folder = "."};

	/* Its own words, before the pod's. */
	if (!reference_parse(image, ".", &reference, err))
		return false;
	app_clear(&target->app);
	if (!app_load_text(&options, "run", text, strlen(text), &target->app, &problems, err))
		return problems.count > 0 ? error_set(err, ERROR_USAGE, "image '%s': %s", image,
						      problems.items[0].message)
					  : false;
	target->is_image = true;
	target->pod = 0;
	return find_container(target, NULL, err);
}

static bool add_volumes(const struct invocation *invocation, struct run_target *target,
			struct error *err)
{
	const struct string_list *words = arguments_values(invocation->args, "volume");
	struct pod_spec *pod = &target->app.pods[target->pod];
	struct container_spec *container = pod->containers;

	while (strcmp(container->name, target->container) != 0)
		container++;
	for (size_t i = 0; i < words->count; i++) {
		AUTO(run_volume_clear) struct run_volume from = {0};
		if (!run_volume_read(words->items[i], &from, err))
			return false;
		for (size_t k = 0; k < container->mount_count; k++) {
			if (strcmp(container->mounts[k].mount_path, from.path) == 0)
				return error_set(err, ERROR_USAGE,
						 "-v: something is mounted on %s already",
						 from.path);
		}
		struct volume *volume = ARRAY_APPEND(pod->volumes, pod->volume_count);
		volume->name = xasprintf("run-%zu", i);
		volume->kind = VOLUME_HOST_PATH;
		volume->default_mode = 0644;
		volume->host_path = xstrdup(from.host_path);
		struct volume_mount *mount =
			ARRAY_APPEND(container->mounts, container->mount_count);
		mount->volume = xstrdup(volume->name);
		mount->mount_path = xstrdup(from.path);
		mount->is_read_only = from.is_read_only;
	}
	return true;
}

static void close_egress(struct egress_policy *egress)
{
	string_list_clear(&egress->names);
	string_list_clear(&egress->cidrs);
	*egress = (struct egress_policy){.is_restricted = true};
}

/* An image has no Secret to be given. */
static bool check_supplies(const struct arguments *args, const char *image, struct error *err)
{
	static const char *const names[] = {"secret", "secret-file", "config-map",
					    "config-map-file", "profile"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (arguments_values(args, names[i])->count == 0)
			continue;
		error_set(err, ERROR_USAGE,
			  "--%s is for a pod of the manifests, and '%s' is an "
			  "image",
			  names[i], image);
		return error_hint(err, "-e NAME=VALUE, --env-file FILE, -v FILE:PATH:ro");
	}
	return true;
}

bool run_target_find(const struct invocation *invocation, const char *word, struct run_target *ret,
		     struct error *err)
{
	AUTO(run_target_clear) struct run_target target = {0};
	const char *network = arguments_value(invocation->args, "network");
	bool is_pod = false;

	if (!read_pod(invocation, word, &target, &is_pod, err) ||
	    (!is_pod &&
	     (!check_supplies(invocation->args, word, err) || !make_pod(word, &target, err))) ||
	    !add_volumes(invocation, &target, err))
		return false;
	if (network != NULL && strcmp(network, "none") == 0)
		close_egress(&target.app.pods[target.pod].egress);
	*ret = target;
	target = (struct run_target){0};
	return true;
}
