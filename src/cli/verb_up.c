/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/boot_unit.h"
#include "cli/image_builds.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/progress_view.h"
#include "cli/project_build.h"
#include "cli/project_follow.h"
#include "cli/project_lock.h"
#include "cli/up_check.h"
#include "cli/up_run.h"
#include "cli/up_watch.h"
#include "cli/verb.h"
#include "cli/vm_options.h"
#include "local/plan/project_plan_json.h"

/* up -d --boot: pods are there after a restart of this machine. */
static bool start_at_boot(const struct invocation *invocation, const struct project_plan *plan,
			  struct error *err)
{
	AUTO_FREE char *path = NULL;

	if (!boot_unit_install(plan->project, plan->folder, &path, err))
		return error_prefix(err, "--boot");
	output_note(invocation, "%s starts '%s' again; i2kit down removes it", path, plan->project);
	if (!boot_unit_systemd_runs())
		output_warning(invocation, "systemd does not run here: nothing reads the unit");
	else if (!boot_unit_lingers())
		output_warning(invocation, "units of a user start at the first login; at boot "
					   "with: loginctl enable-linger");
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_identity_clear) struct project_identity identity = {0};
	AUTO_PTR(up_watch) struct up_watch *watch = NULL;
	uint64_t timeout_ms = 0;

	if (!project_follow_timeout(invocation, &timeout_ms, err) ||
	    !up_check_options(invocation->args, err))
		return 1;
	{
		AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
		if (!project_build(invocation, NULL, progress_view_progress(view), &plan, &identity,
				   err))
			return 1;
	}
	if (arguments_flag(invocation->args, "build-only"))
		return 0;
	if (arguments_flag(invocation->args, "tui") && !isatty(STDOUT_FILENO)) {
		error_set(err, ERROR_UNSUPPORTED, "--tui needs a terminal");
		return error_hint(err, "i2kit up -d, and i2kit ps"), 1;
	}
	if (!up_check_end(invocation->args, &plan, err) || !up_check_accel(&plan, err))
		return 1;
	AUTO_CLOSE int lock = project_lock(invocation, plan.project, err);
	if (lock < 0 || !up_check_ports(invocation, &plan, err) || !up_check_shared(&plan, err) ||
	    !project_identity_claim(&identity, err) || !project_plan_save(&plan, err) ||
	    (arguments_flag(invocation->args, "boot") && !start_at_boot(invocation, &plan, err)))
		return 1;
	if (arguments_flag(invocation->args, "watch") &&
	    (watch = up_watch_new(invocation, &plan, err)) == NULL)
		return 1;
	return up_run(invocation, &plan, timeout_ms, watch, &lock, err);
}

static const struct option_spec options[] = {
	MANIFEST_OPTIONS,
	MANIFEST_SUPPLY_OPTIONS,
	{"detach", 'd', OPTION_FLAG, NULL, "leave the pods running and return", COMPLETE_NONE},
	{"tui", 0, OPTION_FLAG, NULL, "show them in the terminal UI; they run on", COMPLETE_NONE},
	{"wait", 'w', OPTION_FLAG, NULL, "with -d: until all are ready", COMPLETE_NONE},
	{"boot", 0, OPTION_FLAG, NULL, "with -d: again when this machine starts", COMPLETE_NONE},
	{"timeout", 0, OPTION_VALUE, "TIME", "give up waiting after 90s, 10m … (-d: 5m)",
	 COMPLETE_NONE},
	{"exit-code-from", 0, OPTION_VALUE, "POD", "end when it ends, all with it, as it did",
	 COMPLETE_POD},
	{"abort-on-container-exit", 0, OPTION_FLAG, NULL, "end when the first pod ends",
	 COMPLETE_NONE},
	{"abort-on-container-failure", 0, OPTION_FLAG, NULL, "end when the first pod fails",
	 COMPLETE_NONE},
	{"attach", 0, OPTION_REPEAT, "POD", "show its logs, and of no others", COMPLETE_POD},
	{"no-attach", 0, OPTION_REPEAT, "POD", "do not show its logs", COMPLETE_POD},
	{"no-logs", 0, OPTION_FLAG, NULL, "do not show the pods' logs", COMPLETE_NONE},
	{"watch", 0, OPTION_FLAG, NULL, "follow develop.watch, manifests and images",
	 COMPLETE_NONE},
	{"build", 0, OPTION_FLAG, NULL, "build images that did not change, too", COMPLETE_NONE},
	{"no-build", 0, OPTION_FLAG, NULL, "take them as they were", COMPLETE_NONE},
	BUILDER_OPTION,
	{"build-only", 0, OPTION_FLAG, NULL, "build the disks, start nothing", COMPLETE_NONE},
	{"scale", 0, OPTION_REPEAT, "POD=N", "other replicas than the manifest's", COMPLETE_POD},
	{"publish", 0, OPTION_REPEAT, "POD:LOCAL:PORT",
	 "publish a pod's port there; http:LOCAL: routes", COMPLETE_NONE},
	{"bind", 0, OPTION_VALUE, "ADDRESS", "publish on it (127.0.0.1, ::1)", COMPLETE_NONE},
	{"metrics", 0, OPTION_OPTIONAL, "ADDRESS:PORT", "answer GET /metrics (127.0.0.1:9464)",
	 COMPLETE_NONE},
	{"accel", 0, OPTION_VALUE, "auto|kvm|tcg", "how VMs are run (auto)", COMPLETE_FORMAT},
	CONNECT_OPTION,
	{"firmware", 0, OPTION_VALUE, "direct|bios|uefi", "how VMs boot (direct)", COMPLETE_FORMAT},
	{"cold", 0, OPTION_FLAG, NULL, "boot every VM, use and make no templates", COMPLETE_NONE},
	{"memory", 0, OPTION_VALUE, "SIZE", "of every VM, as in 256M", COMPLETE_NONE},
	{"cpus", 0, OPTION_VALUE, "N", "of every VM", COMPLETE_NONE},
	PULL_OPTION,
	{"follow-links", 0, OPTION_FLAG, NULL, "hostPath: links may lead out of the folder",
	 COMPLETE_NONE},
	BASE_OPTION,
	INSECURE_REGISTRY_OPTION,
};

const struct verb verb_up = {
	.name = "up",
	.group = VERB_RUN,
	.summary = "build what is missing and run all pods as VMs",
	.description =
		"Reads the manifests (here, or those named), builds the disk of each pod where it "
		"is "
		"not there yet, and boots one VM for each replica. Then it waits until all are "
		"ready, "
		"shows where the published ports are, and streams the logs all the time; Ctrl-C "
		"stops "
		"the pods. "
		"With -d they go on without it.\n\n"
		"Run again, it converges: pods that did not change are left alone, changed ones "
		"are "
		"replaced one after another (the new one is ready before the old one leaves), "
		"removed "
		"ones stop. A change of configuration alone builds nothing.\n\n"
		"With names of pods only those are built and changed; what else is up stays as it "
		"is. A word is a pod where manifests lie in this folder or are given with -f, and "
		"a path when it has a dot or leads somewhere (./web).\n\n"
		"When all is ready and nothing has happened for 10 s, a template of each pod's VM, "
		"Jobs' aside, "
		"is "
		"made in the background, from which later ones go on instead of booting "
		"(doc/develop.md); --cold boots all, I2KIT_WARM_BUDGET is how much they may "
		"take (1G; 0: none).\n\n"
		"Waiting ends with an error when a pod has failed for good, when one has been "
		"started again three times and still keeps ending, or when libvirt cannot make a "
		"VM; without -d its logs are shown then. Every 15 s it says what it waits for. "
		"With -d it gives up after five minutes (--timeout); a Job that works may take "
		"longer. Jobs are waited for until they have succeeded; where there are only Jobs, "
		"`up` ends with them, and with the exit code of one that failed.\n\n"
		"`up` ends by itself when all pods have ended for good, with the exit code of one "
		"that failed. --exit-code-from ends it when that pod has, with its code, as a test "
		"beside its database wants it; --abort-on-container-exit and "
		"--abort-on-container-failure with the first that ends, or fails. All are stopped "
		"then. A pod that is started again has not ended.\n\n"
		"With --watch it builds and converges by itself whenever a manifest changes, or an "
		"image that lies on this machine (oci:, archives, docker-daemon:), and follows "
		"`develop.watch` as `i2kit watch` does, with the logs beside it. A pod replaced "
		"for its image is dirty, for promote, until a plain `i2kit up` has taken it "
		"over.\n\n"
		"--boot writes a systemd unit, i2kit-PROJECT.service, which starts the pods again "
		"with this machine (root), or with its user's session; `i2kit down` removes it.\n\n"
		"Secrets and ConfigMaps that the manifests only name are given with --secret and "
		"--config-map, as kubectl create takes them: NAME.KEY=VALUE; or NAME=FILE, where "
		"a folder is a key a file and a name that ends in .env a key a line. What is given "
		"wins over what the manifests say.\n\n"
		"-o json prints the project's status as ps does, and without -d then the log "
		"lines, "
		"one object a line; with --build-only the disks.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"MANIFEST|POD", 0, 0, COMPLETE_FILE},
	.has_output = true,
	.names = "{.pods[*].name}",
	.example = "i2kit up\n"
		   "i2kit up -d web\n"
		   "i2kit up -d --wait examples/hello\n"
		   "i2kit up --exit-code-from migrate --no-attach db\n"
		   "i2kit up -f shop/ --scale web=3 --publish db:15432:5432\n"
		   "i2kit up --secret-file db=dev.env --secret-file tls=certs/",
	.run = run,
};
