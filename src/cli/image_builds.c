/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_builds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "image/build/image_layout.h"
#include "image/build/image_make.h"
#include "image/oci/image_take.h"
#include "manifest/pod_images.h"
#include "manifest/service_reference.h"

#define MAX_DEPTH 32

void image_builds_clear(struct image_builds *builds)
{
	free(builds->made);
	builds->made = NULL;
	builds->made_count = 0;
}

/* What the builder says goes by, as other progress does; it is no result. */
struct lines {
	const struct progress *progress;
	const char *name;
};

static void on_line(const char *line, void *arg)
{
	const struct lines *lines = arg;

	progress_note(lines->progress, lines->name, line);
}

static bool is_asked(const char *value, const char *word)
{
	return value != NULL && strcmp(value, word) == 0;
}

struct building {
	struct image_builds *builds;
	struct image_make_options options;
	struct lines lines;
	const struct container_spec *under_way[MAX_DEPTH]; /* each waits for the next one's image */
	size_t depth;
};

/* A Compose service is a container of its name, whatever pod it is in. */
static const struct container_spec *find_container(const struct app *app, const char *name)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		for (size_t k = 0; k < pod_images_count(pod); k++) {
			const struct container_spec *container = pod_images_at(pod, k).container;
			if (container != NULL && strcmp(container->name, name) == 0)
				return container;
		}
	}
	return NULL;
}

/* The image as a layout: its place is a part of what the next image is made of. */
static char *place_image(struct building *building, const struct container_spec *container,
			 struct error *err)
{
	AUTO_FREE char *name = image_made_name(container);
	AUTO(oci_image_clear) struct oci_image image = {0};
	const struct image_options options = {0};

	if (name == NULL)
		return xasprintf("docker-image://%s", container->image);
	if (!image_resolve(building->builds->store, name, PULL_NEVER, &options, NULL, &image, err))
		return NULL;
	AUTO_FREE char *folder = NULL;
	return image_layout_write(building->builds->store, &image, &folder, err)
		       ? xasprintf(BUILD_LAYOUT_PREFIX "%s", folder)
		       : NULL;
}

static bool make_container(struct building *building, const struct container_spec *container,
			   struct error *err);

/* The image of the other container is there before it is one's context. */
static bool place_context(struct building *building, const struct build_value *context, char **ret,
			  struct error *err)
{
	const char *name = service_reference(context->value);
	const struct container_spec *other = find_container(building->builds->app, name);

	if (other == NULL)
		return error_set(err, ERROR_NOT_FOUND,
				 "additional context '%s': there is no service '%s'", context->name,
				 name);
	if (!make_container(building, other, err))
		return false;
	*ret = place_image(building, other, err);
	return *ret != NULL;
}

/* With the places of other containers' images instead of their names. */
static bool make_placed(struct building *building, const struct container_spec *container,
			struct error *err)
{
	const struct build_spec *build = container->build;
	AUTO_FREE struct build_value *contexts =
		xcalloc(build->context_count + 1, sizeof(*contexts));
	AUTO(string_list_clear) struct string_list places = STRING_LIST_INIT;
	struct build_spec placed = *build;
	struct container_spec copy = *container;
	bool was_made = false;

	for (size_t i = 0; i < build->context_count; i++) {
		AUTO_FREE char *place = NULL;
		contexts[i] = build->contexts[i];
		if (service_reference(build->contexts[i].value) == NULL)
			continue;
		if (!place_context(building, &build->contexts[i], &place, err))
			return false;
		contexts[i].value = place;
		string_list_take(&places, TAKE_PTR(place));
	}
	placed.contexts = contexts;
	copy.build = &placed;
	building->lines.name = container->name;
	return image_make(building->builds->store, &copy, &building->options,
			  building->lines.progress, &was_made, err);
}

static bool is_made(const struct image_builds *builds, const struct container_spec *container)
{
	size_t i = 0;
	while (i < builds->made_count && builds->made[i] != container)
		i++;
	return i < builds->made_count;
}

static bool make_container(struct building *building, const struct container_spec *container,
			   struct error *err)
{
	if (container->build == NULL || is_made(building->builds, container))
		return true;
	for (size_t i = 0; i < building->depth; i++)
		if (building->under_way[i] == container)
			return error_set(
				err, ERROR_INVALID,
				"the image of '%s' is a context of its own, by way of '%s'",
				container->name, building->under_way[building->depth - 1]->name);
	if (building->depth == MAX_DEPTH)
		return error_set(err, ERROR_FULL, "more than %d images, each a context of the next",
				 MAX_DEPTH);
	building->under_way[building->depth++] = container;
	if (!make_placed(building, container, err))
		return false;
	building->depth--;
	*ARRAY_APPEND(building->builds->made, building->builds->made_count) = container;
	return true;
}

bool image_builds_make(struct image_builds *builds, const struct pod_spec *pod, struct error *err)
{
	const struct arguments *args = builds->invocation->args;
	const char *named = arguments_value(args, "builder");
	struct building building = {
		.builds = builds,
		.options = {.builder = named != NULL ? named : getenv("I2KIT_BUILDER"),
			    .always = arguments_flag(args, "build"),
			    .has_no_cache = arguments_flag(args, "no-cache"),
			    .pulls = is_asked(arguments_value(args, "pull"), "always"),
			    .line = arguments_flag(args, "quiet") ? NULL : on_line},
		.lines = {.progress = builds->progress},
	};

	building.options.arg = &building.lines;
	if (arguments_flag(args, "no-build"))
		return true;
	for (size_t i = 0; i < pod_images_count(pod); i++) {
		const struct container_spec *container = pod_images_at(pod, i).container;
		if (container != NULL && !make_container(&building, container, err))
			return error_prefix(err, "pod '%s'", pod->name);
	}
	return true;
}
