/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_builds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "image/build/image_make.h"

static const struct container_spec *container_at(const struct pod_spec *pod, size_t index)
{
	return index < pod->init_container_count
		       ? &pod->init_containers[index]
		       : &pod->containers[index - pod->init_container_count];
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

bool image_builds_make(const struct invocation *invocation, struct store *store,
		       const struct pod_spec *pod, const struct progress *progress,
		       struct error *err)
{
	const struct arguments *args = invocation->args;
	const char *named = arguments_value(args, "builder");
	struct lines lines = {.progress = progress};
	struct image_make_options options = {
		.builder = named != NULL ? named : getenv("I2KIT_BUILDER"),
		.always = arguments_flag(args, "build"),
		.has_no_cache = arguments_flag(args, "no-cache"),
		.pulls = is_asked(arguments_value(args, "pull"), "always"),
		.line = arguments_flag(args, "quiet") ? NULL : on_line,
		.arg = &lines,
	};

	if (arguments_flag(args, "no-build"))
		return true;
	for (size_t i = 0; i < pod->init_container_count + pod->container_count; i++) {
		const struct container_spec *container = container_at(pod, i);
		bool was_made = false;
		lines.name = container->name;
		if (container->build != NULL &&
		    !image_make(store, container, &options, progress, &was_made, err))
			return error_prefix(err, "pod '%s'", pod->name);
	}
	return true;
}
