/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/base_note.h"
#include "cli/exec_run.h"
#include "cli/image_builds.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/progress_view.h"
#include "cli/project.h"
#include "cli/project_lock.h"
#include "cli/run_plan.h"
#include "cli/run_target.h"
#include "cli/run_words.h"
#include "cli/vm_options.h"
#include "image/pod/image_build.h"
#include "image/store/store.h"
#include "local/client/port_check.h"
#include "local/plan/project_identity.h"
#include "local/plan/project_plan_json.h"
#include "local/supervisor/supervisor.h"
#include "local/supervisor/supervisor_start.h"
#include "manifest/project_name.h"

#define GONE_TRIES   400
#define GONE_STEP_MS 50
#define BEGIN_TRIES  3 /* of a supervisor that begins anew for a folder that it has to share */

/* What one run is, once all is known. */
struct run {
	const struct invocation *invocation;
	struct run_target target;
	char *project;	  /* in whose network it runs */
	char *name;	  /* of its pod there */
	bool is_own;	  /* the project is there for this run alone */
	bool leaves_none; /* likewise, and for nothing else ever */
	struct project_plan plan;
	struct string_list env;
	struct string_list entrypoint;
	struct string_list argv;
};

static void run_clear(struct run *run)
{
	run_target_clear(&run->target);
	free(run->project);
	free(run->name);
	project_plan_clear(&run->plan);
	string_list_clear(&run->env);
	string_list_clear(&run->entrypoint);
	string_list_clear(&run->argv);
}

static bool is_kept(const struct run *run)
{
	return arguments_flag(run->invocation->args, "keep") ||
	       arguments_flag(run->invocation->args, "no-rm");
}

static char *add_number(const char *name)
{
	uint16_t number = (uint16_t)getpid();

	(void)!getrandom(&number, sizeof(number), 0);
	return xasprintf("%s-%04x", name, number);
}

/* Where it runs, and as what. */
static bool choose_place(struct run *run, struct error *err)
{
	const struct arguments *args = run->invocation->args;
	const char *wanted = arguments_value(args, "name");
	const char *network = arguments_value(args, "network");
	const struct pod_spec *pod = &run->target.app.pods[run->target.pod];
	AUTO_FREE char *numbered = xasprintf("%s-run", pod->name);

	if (wanted != NULL && !project_name_check(wanted, err))
		return error_prefix(err, "--name");
	if (network != NULL && (strcmp(network, "none") == 0 || strcmp(network, "own") == 0))
		network = NULL;
	if (run->target.is_image && network == NULL) {
		AUTO_FREE char *own = xasprintf("run-%s", pod->name);
		run->project = wanted != NULL ? xstrdup(wanted) : add_number(own);
		run->name = xstrdup(pod->name);
		run->is_own = run->leaves_none = true;
		return true;
	}
	if (network != NULL && !run->target.is_image) {
		error_set(err, ERROR_USAGE, "a pod runs in the network of its project");
		return error_hint(err, "--network none, or --project %s", network);
	}
	run->project = xstrdup(network != NULL ? network : run->target.app.project);
	run->name = wanted != NULL ? xstrdup(wanted) : add_number(numbered);
	run->is_own = !project_is_up(run->project);
	if (run->is_own && network != NULL) {
		error_set(err, ERROR_NOT_FOUND, "--network: project '%s' is not up", network);
		return error_hint(err, "i2kit ls lists those that are");
	}
	return true;
}

static bool read_command(struct run *run, struct error *err)
{
	const struct arguments *args = run->invocation->args;
	const struct string_list *rest = arguments_rest(args);
	const struct string_list *env = arguments_values(args, "env");
	const struct string_list *files = arguments_values(args, "env-file");
	const char *entrypoint = arguments_value(args, "entrypoint");

	for (size_t i = 0; i < files->count; i++) {
		if (!run_env_file_read(files->items[i], &run->env, err))
			return false;
	}
	for (size_t i = 0; i < env->count; i++) {
		if (!run_env_read(env->items[i], &run->env, err))
			return error_prefix(err, "-e");
	}
	if (entrypoint != NULL && entrypoint[0] != '\0')
		string_list_add(&run->entrypoint, entrypoint);
	for (size_t i = rest->count > 1 && strcmp(rest->items[1], "--") == 0 ? 2 : 1;
	     i < rest->count; i++)
		string_list_add(&run->argv, rest->items[i]);
	return true;
}

/* An image that names no program has none in its disk; a run brings one. */
static bool build_disk(struct store *store, struct run *run, const struct image_options *options,
		       const struct progress *progress, struct disk_image *ret, struct error *err)
{
	struct pod_spec *pod = &run->target.app.pods[run->target.pod];
	AUTO(error_clear) struct error again = ERROR_INIT;

	if (image_build(store, pod, options, progress, ret, err))
		return true;
	if (err->kind != ERROR_INVALID || !run->target.is_image ||
	    run->argv.count + run->entrypoint.count == 0)
		return false;
	pod->containers[0].has_args = true;
	string_list_add(&pod->containers[0].args, "/bin/sh");
	if (!image_build(store, pod, options, progress, ret, &again))
		return false;
	error_clear(err);
	return true;
}

static bool build(struct run *run, struct error *err)
{
	const struct arguments *args = run->invocation->args;
	const struct string_list *insecure = arguments_values(args, "insecure-registry");
	const struct app *app = &run->target.app;
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(run->invocation);
	struct image_options options = {
		.base = arguments_value(args, "base"),
		.folder = app->folder,
		.insecure_registries = (const char *const *)insecure->items,
	};
	AUTO_FREE struct disk_image *disks = xcalloc(app->pod_count, sizeof(*disks));
	AUTO_FREE struct boot_files *boots = xcalloc(app->pod_count, sizeof(*boots));
	struct disk_image *disk = &disks[run->target.pod];
	struct boot_files *boot = &boots[run->target.pod];
	const struct run_plan_input input = {.target = &run->target,
					     .disks = disks,
					     .boots = boots,
					     .project = run->project,
					     .name = run->name};

	if (store == NULL || !image_options_take_pull(&options, arguments_value(args, "pull"), err))
		return false;
	AUTO(image_builds_clear)
	struct image_builds builds = {.invocation = run->invocation,
				      .store = store,
				      .app = app,
				      .progress = progress_view_progress(view)};
	bool is_made = image_builds_make(&builds, &app->pods[run->target.pod], err) &&
		       build_disk(store, run, &options, progress_view_progress(view), disk, err) &&
		       image_boot_files(store, disk, boot, err) &&
		       run_plan_make(run->invocation, &input, &run->plan, err);
	disk_image_clear(disk);
	boot_files_clear(boot);
	return is_made;
}

static void list_folders(const struct run *run, struct string_list *ret)
{
	for (size_t i = 0; i < run->plan.pods[0].volume_count; i++) {
		const char *path = run->plan.pods[0].volumes[i].host_path;
		if (path != NULL && !string_list_has(ret, path))
			string_list_add(ret, path);
	}
}

/* A project that is there for runs alone, or what is up with the folders that this one is given. */
static bool save_plan(const struct run *run, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};

	if (run->is_own) {
		plan.project = xstrdup(run->project);
		plan.folder = xstrdup(run->target.app.folder);
		plan.uri = xstrdup_or_null(run->plan.uri);
		plan.accel = xstrdup(run->plan.accel);
		plan.firmware = xstrdup(run->plan.firmware);
		plan.bind = xstrdup_or_null(run->plan.bind);
		plan.ends_with_runs = true;
		plan.leaves_nothing = run->leaves_none;
	} else if (!project_plan_load(run->project, &plan, err)) {
		return false;
	}
	list_folders(run, &plan.folders);
	return (!run->is_own && plan.folders.count == 0) || project_plan_save(&plan, err);
}

static bool prepare_project(const struct run *run, struct error *err)
{
	AUTO(project_identity_clear) struct project_identity identity = {0};
	AUTO_CLOSE int lock = project_lock(run->invocation, run->project, err);

	if (lock < 0)
		return false;
	if (run->leaves_none && project_is_up(run->project)) {
		error_set(err, ERROR_EXISTS, "there is a project '%s' already", run->project);
		return error_hint(err, "--name OTHER, or i2kit -p %s down first", run->project);
	}
	project_identity_of(run->invocation, &run->target.app, &identity);
	if (run->leaves_none) {
		free(identity.project);
		identity.project = xstrdup(run->project);
		identity.source = PROJECT_GIVEN;
	}
	return (!run->is_own || project_identity_claim(&identity, err)) && save_plan(run, err);
}

/* What its supervisor may not read yet, another one will. */
static bool run_command(const struct run *run, const struct exec_run *exec, int *ret_code,
			struct error *err)
{
	for (unsigned i = 0; i < BEGIN_TRIES; i++) {
		error_clear(err);
		if (!supervisor_start(run->project, err))
			return false;
		if (exec_run(exec, ret_code, err))
			return true;
		AUTO_CLOSE int running = control_connect(run->project, NULL);
		if (running >= 0 && err->kind != ERROR_NETWORK)
			return false;
	}
	return false;
}

/* A supervisor that was killed in the middle: another one sees that nothing is left. */
static void tidy(const struct run *run)
{
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	AUTO_CLOSE int running = control_connect(run->project, NULL);

	if (running < 0 && project_is_up(run->project) && !supervisor_start(run->project, &ignored))
		output_warning(run->invocation, "%s", ignored.message);
}

/*
 * Whoever comes next by this name finds it free: a supervisor that goes down takes the plan's file
 * along. A name of our own making nobody asks for.
 */
static void wait_until_gone(const struct run *run)
{
	AUTO_CLOSE int lock = project_lock(run->invocation, run->project, NULL);

	for (unsigned i = 0; lock >= 0 && i < GONE_TRIES; i++) {
		AUTO_CLOSE int running = control_connect(run->project, NULL);
		if (running < 0 && !project_is_up(run->project))
			return;
		(void)poll(NULL, 0, GONE_STEP_MS);
	}
}

static void tell_kept(const struct run *run)
{
	output_note(run->invocation, "kept: i2kit -p %s logs %s; i2kit -p %s %s%s removes it",
		    run->project, run->name, run->project, run->leaves_none ? "down" : "stop ",
		    run->leaves_none ? "" : run->name);
}

static int run_it(struct run *run, struct error *err)
{
	const struct arguments *args = run->invocation->args;
	bool is_at_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	bool has_tty = isatty(STDIN_FILENO) && !arguments_flag(args, "no-tty") &&
		       (is_at_terminal || arguments_flag(args, "tty"));
	bool has_input = has_tty || !isatty(STDIN_FILENO) || arguments_flag(args, "interactive");
	int code = 1;

	AUTO_FREE char *text = project_plan_write(&run->plan, err);
	if (text == NULL || !port_check_free(&run->plan, NULL, err) || !prepare_project(run, err))
		return 1;
	const struct exec_run exec = {
		.project = run->project,
		.target = run->name,
		.container = run->target.container,
		.argv = &run->argv,
		.env = &run->env,
		.cwd = arguments_value(args, "workdir"),
		.user = arguments_value(args, "user"),
		.has_tty = has_tty,
		.stdin_fd = has_input && !arguments_flag(args, "no-stdin") ? STDIN_FILENO : -1,
		.plan = text,
		.is_kept = is_kept(run),
		.entrypoint = arguments_value(args, "entrypoint") != NULL ? &run->entrypoint : NULL,
	};
	(void)signal(SIGPIPE, SIG_DFL);
	bool is_run = run_command(run, &exec, &code, err);
	tidy(run);
	if (is_run && is_kept(run))
		tell_kept(run);
	else if (run->is_own && (!run->leaves_none || arguments_value(args, "name") != NULL))
		wait_until_gone(run);
	return is_run ? code : 1;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(run_clear) struct run run = {.invocation = invocation};
	const char *word = arguments_rest(invocation->args)->items[0];

	if (!base_note_can_run(invocation, err) ||
	    !run_target_find(invocation, word, &run.target, err) || !choose_place(&run, err) ||
	    !read_command(&run, err) || !build(&run, err))
		return 1;
	return run_it(&run, err);
}

static const struct option_spec options[] = {
	{"interactive", 'i', OPTION_FLAG, NULL, "pass our input, also from a terminal",
	 COMPLETE_NONE},
	{"tty", 't', OPTION_FLAG, NULL, "give the command a terminal", COMPLETE_NONE},
	{"no-tty", 'T', OPTION_FLAG, NULL, "none, even where there is a terminal", COMPLETE_NONE},
	{"no-stdin", 0, OPTION_FLAG, NULL, "leave our input to others, as in a loop",
	 COMPLETE_NONE},
	{"rm", 0, OPTION_FLAG, NULL, "leave nothing behind (the default)", COMPLETE_NONE},
	{"keep", 0, OPTION_FLAG, NULL, "keep its record and output: ps, why, logs", COMPLETE_NONE},
	{"no-rm", 0, OPTION_FLAG, NULL, "the same", COMPLETE_NONE},
	{"name", 0, OPTION_VALUE, "NAME", "call it so", COMPLETE_NONE},
	{"env", 'e', OPTION_REPEAT, "K[=V]", "set a variable, or pass ours on", COMPLETE_NONE},
	{"env-file", 0, OPTION_REPEAT, "FILE", "variables, one K[=V] a line", COMPLETE_FILE},
	{"volume", 'v', OPTION_REPEAT, "FOLDER:PATH[:ro]", "share a folder or file of this machine",
	 COMPLETE_FILE},
	{"publish", 'p', OPTION_REPEAT, "[IP:]LOCAL:PORT", "publish a port of it here",
	 COMPLETE_NONE},
	{"workdir", 'w', OPTION_VALUE, "FOLDER", "run in this folder of the container",
	 COMPLETE_NONE},
	{"user", 'u', OPTION_VALUE, "USER[:GROUP]", "run as this user", COMPLETE_NONE},
	{"entrypoint", 0, OPTION_VALUE, "PROGRAM", "instead of the image's; \"\" for none",
	 COMPLETE_NONE},
	{"container", 'c', OPTION_VALUE, "NAME", "of a pod (default: the first)",
	 COMPLETE_CONTAINER},
	{"memory", 0, OPTION_VALUE, "SIZE", "of the VM, as in 256M", COMPLETE_NONE},
	{"cpus", 0, OPTION_VALUE, "N", "of the VM", COMPLETE_NONE},
	{"network", 0, OPTION_VALUE, "own|none|PROJECT", "whose services it reaches (own)",
	 COMPLETE_PROJECT},
	MANIFEST_FILE_OPTION,
	MANIFEST_RECURSIVE_OPTION,
	MANIFEST_NAMESPACE_OPTION,
	MANIFEST_PROFILE_OPTION,
	MANIFEST_SUPPLY_OPTIONS,
	PULL_OPTION,
	BUILDER_OPTION,
	{"accel", 0, OPTION_VALUE, "auto|kvm|tcg", "how the VM is run (auto)", COMPLETE_FORMAT},
	CONNECT_OPTION,
	BASE_OPTION,
	INSECURE_REGISTRY_OPTION,
};

const struct verb verb_run = {
	.name = "run",
	.group = VERB_RUN,
	.summary = "one command in a VM of its own, then nothing is left",
	.description =
		"Boots a VM for one command: of an image (a registry's name, oci:FOLDER, an "
		"archive, "
		"docker-daemon:), or of a pod of the manifests here, with its image, environment, "
		"volumes and network, whether the project is up or not: for shells, migrations, "
		"tests. A word that names a pod is the pod; an image named with its tag is never "
		"one.\n\n"
		"The command takes the place of the image's CMD, or of the manifest's `command`; "
		"without one that itself is run. Its exit status is ours, or 128 and the signal "
		"that "
		"ended it; 127 and 126 where it cannot be started. What is piped in reaches it; at "
		"a "
		"terminal it gets one. Signals and the window's size are passed on; Ctrl-C while "
		"the "
		"VM boots ends it.\n\n"
		"When the command is over, or we are gone, however, the VM goes, and all that it "
		"wrote "
		"outside of volumes; --keep keeps its output and how it ended. An image runs in a "
		"project of its own (i2kit ls), or with --network in that of a project that is up. "
		"A pod's init containers and sidecars run as ever, its other containers and probes "
		"do "
		"not. A claim that another VM writes to is not had twice: stop that one, or use "
		"exec.\n\n"
		"A pod is given Secrets and ConfigMaps as `i2kit up` gives them, by --secret, "
		"--secret-file, --config-map and --config-map-file.\n\n"
		"-p and -v are docker's here: --project and --verbose have no letter.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {.metavar = "IMAGE|POD [COMMAND]",
		     .min = 1,
		     .max = 0,
		     .complete = COMPLETE_POD},
	.stops_at_argument = true,
	.example = "i2kit run debian\n"
		   "i2kit run -v .:/src -w /src gcc:13 -- make\n"
		   "i2kit run api -- ./manage.py migrate\n"
		   "i2kit run --secret-file db=dev.env api -- ./manage.py migrate\n"
		   "i2kit run --network shop curlimages/curl -- curl -s http://web\n"
		   "echo hello | i2kit run oci:./image -- cat",
	.run = run,
};
