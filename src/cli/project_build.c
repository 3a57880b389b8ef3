/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project_build.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/base_note.h"
#include "cli/disk_view.h"
#include "cli/image_builds.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/pod_words.h"
#include "cli/project.h"
#include "image/pod/image_build.h"
#include "image/store/store.h"
#include "local/client/port_check.h"
#include "local/client/route_certificates.h"
#include "local/plan/cron_runs.h"
#include "local/plan/host_path.h"
#include "local/plan/plan_make.h"
#include "local/plan/plan_options.h"
#include "local/plan/plan_part.h"
#include "local/plan/project_plan_json.h"
#include "local/ports/socket_address.h"
#include "local/vm/volume_disk.h"
#include "manifest/problem.h"

/* A name would have to be looked up each time; what is meant by localhost is the default. */
static bool check_bind(const char *wanted, struct error *err)
{
	struct socket_address address;

	if (wanted == NULL || socket_address_make(wanted, 0, &address, NULL))
		return true;
	error_set(err, ERROR_USAGE, "--bind: '%s' is no IPv4 or IPv6 address", wanted);
	return error_hint(err, "--bind 0.0.0.0, --bind ::1; without it ports are published "
			       "on 127.0.0.1 and ::1, which is localhost");
}

static bool read_options(const struct arguments *args, struct plan_options *ret, struct error *err)
{
	const struct plan_words words = {
		.scales = arguments_values(args, "scale"),
		.publishes = arguments_values(args, "publish"),
		.memory = arguments_value(args, "memory"),
		.cpus = arguments_value(args, "cpus"),
		.accel = arguments_value(args, "accel"),
		.firmware = arguments_value(args, "firmware"),
		.is_cold = arguments_flag(args, "cold"),
		.uri = arguments_value(args, "connect"),
		.bind = arguments_value(args, "bind"),
		.metrics = arguments_value(args, "metrics"),
	};

	return check_bind(words.bind, err) && plan_options_read(&words, ret, err);
}

/* What was built: a disk and its boot files for each pod. */
struct built {
	struct disk_image *disks;
	struct boot_files *boots;
	bool *is_wanted; /* those that the command line names, or all */
	size_t count;
	struct string_list named; /* pods of the command line; empty: all */
};

static void built_clear(struct built *built)
{
	for (size_t i = 0; i < built->count; i++) {
		disk_image_clear(&built->disks[i]);
		boot_files_clear(&built->boots[i]);
	}
	free(built->disks);
	free(built->boots);
	free(built->is_wanted);
	string_list_clear(&built->named);
}

static bool read_app(const struct invocation *invocation, struct app *app, struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	bool is_good = manifest_files_read_both(invocation, app, &problems, err);
	manifest_files_print(invocation, &problems, false);
	if (is_good && app->pod_count == 0) {
		error_set(err, ERROR_NOT_FOUND, "the manifests have no pod");
		return error_hint(err, "i2kit init writes a first one");
	}
	return is_good;
}

/* Which pods are meant; done before anything is built. */
/* What the chosen pods wait for is brought up too; true: there was more. */
static bool add_waited_for(const struct app *app, bool *is_wanted)
{
	bool has_more = false;

	for (size_t i = 0; i < app->pod_count; i++) {
		for (size_t k = 0; is_wanted[i] && k < app->pods[i].wait_count; k++) {
			const struct pod_spec *other = app_find_pod(app, app->pods[i].waits[k].pod);
			if (other == NULL || is_wanted[other - app->pods])
				continue;
			is_wanted[other - app->pods] = true;
			has_more = true;
		}
	}
	return has_more;
}

static bool choose_pods(const struct invocation *invocation, const struct app *app,
			const struct string_list *rebuilt, struct built *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;

	manifest_files_split(invocation->args, &paths, &words);
	if (rebuilt != NULL)
		string_list_copy(&ret->named, rebuilt);
	else if (!pod_words_read(app->project, &words, &ret->named, err))
		return false;
	ret->disks = xcalloc(app->pod_count + 1, sizeof(*ret->disks));
	ret->boots = xcalloc(app->pod_count + 1, sizeof(*ret->boots));
	ret->is_wanted = xcalloc(app->pod_count + 1, sizeof(*ret->is_wanted));
	ret->count = app->pod_count;
	for (size_t i = 0; i < app->pod_count; i++)
		ret->is_wanted[i] =
			ret->named.count == 0 || string_list_has(&ret->named, app->pods[i].name);
	while (rebuilt == NULL && add_waited_for(app, ret->is_wanted))
		continue;
	for (size_t i = 0; i < ret->named.count; i++) {
		if (app_find_pod(app, ret->named.items[i]) == NULL)
			return manifest_files_no_pod(app, ret->named.items[i], err);
	}
	return true;
}

static bool build_pods(const struct invocation *invocation, const struct app *app,
		       const struct progress *progress, struct built *ret, struct error *err)
{
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	const struct string_list *insecure =
		arguments_values(invocation->args, "insecure-registry");
	struct image_options options = {
		.base = arguments_value(invocation->args, "base"),
		.folder = app->folder,
		.insecure_registries =
			insecure != NULL ? (const char *const *)insecure->items : NULL,
	};

	AUTO(image_builds_clear)
	struct image_builds builds = {
		.invocation = invocation, .store = store, .app = app, .progress = progress};

	if (store == NULL ||
	    !image_options_take_pull(&options, arguments_value(invocation->args, "pull"), err))
		return false;
	base_note_age(invocation);
	for (size_t i = 0; i < app->pod_count; i++) {
		if (!ret->is_wanted[i])
			continue;
		if (!image_builds_make(&builds, &app->pods[i], err) ||
		    !image_build(store, &app->pods[i], &options, progress, &ret->disks[i], err) ||
		    !image_boot_files(store, &ret->disks[i], &ret->boots[i], err))
			return false;
	}
	return true;
}

/* up --build-only says what build does. */
static void print_disks(const struct invocation *invocation, const struct app *app,
			const struct built *built)
{
	bool is_json = invocation->output == OUTPUT_JSON;

	for (size_t i = 0; i < app->pod_count; i++) {
		if (built->is_wanted[i])
			disk_view_print(app->pods[i].name, &built->disks[i], built->disks[i].path,
					is_json);
	}
}

/* Services keep the addresses they have in what is up. */
static bool make_plan(const struct app *app, const struct built *built,
		      const struct host_paths *host_paths, const struct plan_options *options,
		      struct project_plan *ret, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan before = {0};
	AUTO(error_clear) struct error absent = ERROR_INIT;
	bool has_before = project_plan_load(app->project, &before, &absent);
	AUTO(string_list_clear) struct string_list certificates = STRING_LIST_INIT;
	const struct plan_input input = {.app = app,
					 .certificates = &certificates,
					 .disks = built->disks,
					 .boots = built->boots,
					 .host_paths = *host_paths,
					 .is_wanted = built->is_wanted,
					 .before = has_before ? &before : NULL};

	if (!route_certificates_make(app, &certificates, err) ||
	    !project_plan_make(&input, options, ret, err))
		return false;
	if (built->named.count > 0) {
		AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
		for (size_t i = 0; i < app->pod_count; i++)
			string_list_add(&known, app->pods[i].name);
		project_plan_join(ret, &before, &known);
	}
	project_plan_keep_former(ret, &before);
	cron_runs_keep(ret, &before);
	return true;
}

/* What a manifest gives to its pods of this machine, beside its own folder, is said. */
static void note_outside(const struct invocation *invocation, const struct app *app,
			 const struct host_paths *paths, const bool *is_wanted)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		if (!is_wanted[i])
			continue;
		const struct pod_spec *pod = &app->pods[i];
		for (size_t k = 0; k < pod->volume_count; k++) {
			const struct host_path *found = host_paths_of(paths, &pod->volumes[k]);
			if (found != NULL && found->is_outside)
				output_note(invocation, "pod '%s' is given %s of this machine",
					    pod->name, found->path);
		}
	}
}

bool project_build(const struct invocation *invocation, const struct string_list *rebuilt,
		   const struct progress *progress, struct project_plan *ret,
		   struct project_identity *ret_identity, struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(project_identity_clear) struct project_identity identity = {0};
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(plan_options_clear) struct plan_options options = {0};
	AUTO(host_paths_clear) struct host_paths host_paths = {0};
	AUTO(built_clear) struct built built = {0};

	/* A mistyped option is one whether there is a manifest or not. */
	if (!read_options(invocation->args, &options, err) || !read_app(invocation, &app, err))
		return false;
	/* Before the work of building: whether the name is to be had, and the options fit. */
	project_identity_of(invocation, &app, &identity);
	if (!project_identity_check(&identity, err) || !plan_options_check(&options, &app, err) ||
	    !choose_pods(invocation, &app, rebuilt, &built, err) ||
	    !host_paths_find(&app, arguments_flag(invocation->args, "follow-links"), &host_paths,
			     err))
		return false;
	note_outside(invocation, &app, &host_paths, built.is_wanted);
	if (!build_pods(invocation, &app, progress, &built, err) ||
	    !make_plan(&app, &built, &host_paths, &options, &plan, err) ||
	    !port_check_plan(&plan, err) || !volume_disk_check(&plan, err))
		return false;
	if (arguments_flag(invocation->args, "build-only"))
		print_disks(invocation, &app, &built);
	*ret = plan;
	plan = (struct project_plan){0};
	*ret_identity = identity;
	identity = (struct project_identity){0};
	return true;
}
