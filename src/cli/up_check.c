/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/up_check.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/process.h"
#include "base/suggest.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/up_end.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/client/egress_check.h"
#include "local/client/port_check.h"
#include "local/plan/volume_folder.h"
#include "local/supervisor/supervisor_start.h"
#include "local/vm/accel.h"
#include "local/vm/share.h"

/* What the project's supervisor has now, if it is up. */
static bool current_status(const char *project, struct project_status *ret)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_CLOSE int running = control_connect(project, &err);
	AUTO_PTR(loop) struct loop *loop = running >= 0 ? loop_new(&err) : NULL;
	AUTO_PTR(client)
	struct client *client = loop != NULL ? client_open(loop, project, &err) : NULL;

	return client != NULL && client_status(client, ret, &err);
}

static bool check_proxy(const struct project_plan *plan, struct error *err)
{
	AUTO_FREE char *program =
		plan->proxy.route_count > 0 ? process_find_program("haproxy") : NULL;

	if (plan->proxy.route_count == 0 || program != NULL)
		return true;
	(void)error_set(err, ERROR_NOT_FOUND, "%s: routes want HAProxy, which is not installed",
			plan->proxy.routes[0].owner);
	return error_hint(err, "sudo apt-get install haproxy; it need not run as a service");
}

bool up_check_ports(const struct invocation *invocation, const struct project_plan *plan,
		    struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};
	const struct arguments *args = invocation->args;
	bool is_up = current_status(plan->project, &status);

	if (!egress_check(plan, err) || !check_proxy(plan, err))
		return false;
	if (port_check_free(plan, is_up ? &status : NULL, err))
		return true;
	if (err->kind != ERROR_EXISTS || !arguments_flag(args, "detach") ||
	    !arguments_flag(args, "wait"))
		return false;
	output_note(invocation, "%s: waiting for it; %s", err->message,
		    err->hint != NULL ? err->hint : "");
	error_clear(err);
	return true;
}

bool up_check_options(const struct arguments *args, struct error *err)
{
	if (arguments_flag(args, "boot") && !arguments_flag(args, "detach")) {
		error_set(err, ERROR_USAGE, "--boot is for pods that stay: it goes with -d");
		return error_hint(err, "i2kit up -d --boot");
	}
	if (!arguments_flag(args, "watch") ||
	    (!arguments_flag(args, "detach") && !arguments_flag(args, "build-only")))
		return true;
	error_set(err, ERROR_USAGE, "--watch needs an i2kit up that stays");
	return error_hint(err, "leave out --detach and --build-only");
}

static bool check_pod(const struct project_plan *plan, const char *option, const char *name,
		      struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	if (project_plan_find(plan, name) != NULL)
		return true;
	for (size_t i = 0; i < plan->pod_count; i++)
		string_list_add(&known, plan->pods[i].name);
	error_set(err, ERROR_USAGE, "--%s: there is no pod '%s'", option, name);
	return suggest_hint(err, name, &known);
}

bool up_check_shared(const struct project_plan *plan, struct error *err)
{
	AUTO_FREE char *program = share_find_program();

	if (project_plan_has_shared(plan) && program == NULL) {
		error_set(err, ERROR_NOT_FOUND,
			  "volumes that several pods share want virtiofsd, which is not installed");
		return error_hint(err, "apt-get install virtiofsd (Debian 12: qemu-system-common)");
	}
	return volume_folders_provide(plan, err);
}

bool up_check_end(const struct arguments *args, const struct project_plan *plan, struct error *err)
{
	static const char *const words[] = {"attach", "no-attach"};
	const struct up_end_wish wish = up_end_wish_read(args);
	bool has_wish = wish.code_from != NULL || wish.aborts_on_exit || wish.aborts_on_failure;

	if (has_wish && (arguments_flag(args, "detach") || arguments_flag(args, "tui") ||
			 arguments_flag(args, "watch"))) {
		error_set(err, ERROR_USAGE,
			  "--exit-code-from and --abort-on-… want an `up` that stays to the end");
		return error_hint(err, "leave out --detach, --tui and --watch");
	}
	if (wish.code_from != NULL && !check_pod(plan, "exit-code-from", wish.code_from, err))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct string_list *names = arguments_values(args, words[i]);
		for (size_t k = 0; names != NULL && k < names->count; k++) {
			if (!check_pod(plan, words[i], names->items[k], err))
				return false;
		}
	}
	return true;
}

bool up_check_accel(const struct project_plan *plan, struct error *err)
{
	AUTO(accel_clear) struct accel accel = {0};

	return strcmp(plan->accel, "kvm") != 0 || accel_choose(plan->accel, &accel, err);
}
