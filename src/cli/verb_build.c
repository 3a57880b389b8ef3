/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/base_note.h"
#include "cli/build_linuxkit.h"
#include "cli/disk_view.h"
#include "cli/image_builds.h"
#include "cli/manifest_files.h"
#include "cli/progress_view.h"
#include "cli/verb.h"
#include "cli/vm_options.h"
#include "image/pod/disk_export.h"
#include "image/pod/image_build.h"
#include "image/store/store.h"
#include "manifest/app.h"

static const struct option_spec options[] = {
	MANIFEST_OPTIONS,
	MANIFEST_SUPPLY_OPTIONS,
	{"output", 'o', OPTION_VALUE, "FILE|FOLDER", "also write the disk there", COMPLETE_FILE},
	{"format", 0, OPTION_VALUE, "raw|qcow2|kernel+initrd|tar", "of that file (raw)",
	 COMPLETE_FORMAT},
	{"linuxkit", 0, OPTION_FLAG, NULL, "print the LinuxKit document of each pod",
	 COMPLETE_NONE},
	{"linuxkit-file", 0, OPTION_REPEAT, "FILE", "build LinuxKit documents, no pod",
	 COMPLETE_FILE},
	{"json", 0, OPTION_FLAG, NULL, "results as JSON, one object a line", COMPLETE_NONE},
	PULL_OPTION,
	BUILDER_OPTION,
	{"no-build", 0, OPTION_FLAG, NULL, "take images of `build:` as they were", COMPLETE_NONE},
	{"no-cache", 0, OPTION_FLAG, NULL, "of `build:`: every step anew", COMPLETE_NONE},
	BASE_OPTION,
	{"lock-file", 0, OPTION_VALUE, "FILE", "honour and complete this i2kit.lock",
	 COMPLETE_FILE},
	INSECURE_REGISTRY_OPTION,
};

struct request {
	const struct invocation *invocation;
	struct image_options image;
	const char *output; /* or NULL */
	enum disk_format format;
	bool is_folder; /* output is one */
};

static bool parse_format(const char *text, enum disk_format *ret, struct error *err)
{
	if (text == NULL || strcmp(text, "raw") == 0)
		*ret = DISK_RAW;
	else if (strcmp(text, "qcow2") == 0)
		*ret = DISK_QCOW2;
	else if (strcmp(text, "tar") == 0 || strcmp(text, "kernel+initrd") == 0)
		return error_set(err, ERROR_USAGE, "--format %s goes with --linuxkit-file", text);
	else
		return error_set(err, ERROR_USAGE, "--format is raw or qcow2, not '%s'", text);
	return true;
}

/* What would be passed over in silence. */
static bool check_options(const struct arguments *args, struct error *err)
{
	bool is_linuxkit = arguments_flag(args, "linuxkit");

	if (arguments_value(args, "linuxkit-file") != NULL)
		return true;
	if (is_linuxkit && arguments_value(args, "output") != NULL) {
		error_set(err, ERROR_USAGE, "--linuxkit prints, and writes no disk");
		return error_hint(err, "leave -o out: i2kit build --linuxkit >FILE");
	}
	if (!is_linuxkit && arguments_value(args, "format") != NULL &&
	    arguments_value(args, "output") == NULL) {
		error_set(err, ERROR_USAGE, "--format is that of the file which -o names");
		return error_hint(err, "i2kit build -o FILE --format qcow2");
	}
	return true;
}

static bool parse_request(const struct invocation *invocation, struct request *ret,
			  struct error *err)
{
	const struct arguments *args = invocation->args;
	const struct string_list *insecure = arguments_values(args, "insecure-registry");
	struct stat st;
	*ret = (struct request){.invocation = invocation,
				.output = arguments_value(args, "output")};
	ret->image.base = arguments_value(args, "base");
	ret->image.lock_file = arguments_value(args, "lock-file");
	ret->image.insecure_registries =
		insecure == NULL ? NULL : (const char *const *)insecure->items;
	ret->is_folder =
		ret->output != NULL && (ret->output[strlen(ret->output) - 1] == '/' ||
					(stat(ret->output, &st) == 0 && S_ISDIR(st.st_mode)));
	return image_options_take_pull(&ret->image, arguments_value(args, "pull"), err) &&
	       (arguments_value(args, "linuxkit-file") != NULL ||
		parse_format(arguments_value(args, "format"), &ret->format, err)) &&
	       check_options(args, err);
}

static bool build_pod(struct image_builds *builds, const struct request *request,
		      const struct pod_spec *pod, struct error *err)
{
	AUTO(disk_image_clear) struct disk_image image = {0};
	AUTO_FREE char *name =
		xasprintf("%s.%s", pod->name, request->format == DISK_RAW ? "img" : "qcow2");
	AUTO_FREE char *path = request->output == NULL ? NULL
			       : request->is_folder    ? path_join(request->output, name)
						       : xstrdup(request->output);
	if (!image_builds_make(builds, pod, err) ||
	    !image_build(builds->store, pod, &request->image, builds->progress, &image, err) ||
	    (path != NULL && !disk_export(&image, request->format, path, err)))
		return false;
	disk_view_print(pod->name, &image, path == NULL ? image.path : path,
			arguments_flag(request->invocation->args, "json"));
	return true;
}

static bool is_wanted(const struct string_list *names, const struct pod_spec *pod)
{
	return names->count == 0 || string_list_has(names, pod->name);
}

static bool check_names(const struct app *app, const struct request *request, struct error *err)
{
	const struct string_list *names = arguments_rest(request->invocation->args);
	size_t wanted = names->count == 0 ? app->pod_count : names->count;
	for (size_t i = 0; i < names->count; i++)
		if (app_find_pod(app, names->items[i]) == NULL)
			return manifest_files_no_pod(app, names->items[i], err);
	if (wanted > 1 && request->output != NULL && !request->is_folder) {
		(void)error_set(err, ERROR_USAGE, "%zu disks do not go into one file '%s'", wanted,
				request->output);
		return error_hint(err, "name one pod, or give a folder: -o %s/", request->output);
	}
	return !request->is_folder || path_make_folders(request->output, 0755, err);
}

static int run_linuxkit_file(const struct invocation *invocation, const struct request *request,
			     const struct string_list *files, struct error *err)
{
	const struct build_linuxkit_request build = {
		.files = files,
		.output = request->output,
		.format = arguments_value(invocation->args, "format"),
		.options = &request->image};
	if (arguments_rest(invocation->args)->count > 0 ||
	    arguments_flag(invocation->args, "linuxkit")) {
		error_set(err, ERROR_USAGE,
			  "--linuxkit-file builds no pod: leave POD and "
			  "--linuxkit out");
		return 2;
	}
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	if (store == NULL)
		return 1;
	return build_linuxkit_file(store, &build, progress_view_progress(view), err) ? 0 : 1;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	struct request request;
	const struct string_list *files = arguments_values(invocation->args, "linuxkit-file");
	if (!parse_request(invocation, &request, err))
		return 1;
	if (files != NULL && files->count > 0)
		return run_linuxkit_file(invocation, &request, files, err);
	if (!manifest_files_load(invocation, &app, err) || !check_names(&app, &request, err))
		return 1;
	request.image.folder = app.folder;
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	if (store == NULL)
		return 1;
	if (arguments_flag(invocation->args, "linuxkit"))
		return build_linuxkit_print(store, &app, arguments_rest(invocation->args),
					    &request.image, progress_view_progress(view), err)
			       ? 0
			       : 1;
	base_note_age(invocation);
	AUTO(image_builds_clear)
	struct image_builds builds = {.invocation = invocation,
				      .store = store,
				      .app = &app,
				      .progress = progress_view_progress(view)};
	for (size_t i = 0; i < app.pod_count; i++)
		if (is_wanted(arguments_rest(invocation->args), &app.pods[i]) &&
		    !build_pod(&builds, &request, &app.pods[i], err))
			return 1;
	return 0;
}

const struct verb verb_build = {
	.name = "build",
	.group = VERB_IMAGE,
	.summary = "make the disk of each pod, without running it",
	.description =
		"Pulls what is missing, converts layers that are new, and lays each pod out as one "
		"immutable disk: the bytes that up runs and promote ships. The same inputs give "
		"the "
		"same SHA-256 on every machine; with nothing changed it is there at once. A "
		"container "
		"with `build:` has its image made first, by buildah, podman or docker, when its "
		"context, Dockerfile or arguments have changed.\n\n"
		"--linuxkit prints what is built as a LinuxKit document. --linuxkit-file builds "
		"any "
		"LinuxKit document into the file tree that linuxkit itself makes: as tar, as "
		"kernel and initrd (the default), or as a raw disk that boots with BIOS and UEFI; "
		"-o "
		"is then the beginning of the files' names.\n\n--base takes a folder as "
		"scripts/make-base makes it, or a LinuxKit document whose onboot, onshutdown, "
		"services, init images and files are added to the default base.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"POD", 0, 0, COMPLETE_POD},
	.example = "i2kit build -f shop/ -o disks/\ni2kit build web -o web.qcow2 --format qcow2\n"
		   "i2kit build --linuxkit web > web.yml\n"
		   "i2kit build --linuxkit-file my.yml --format tar -o my.tar",
	.run = run,
};
