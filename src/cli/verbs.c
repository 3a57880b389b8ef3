/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verbs.h"

#include <string.h>

#include "base/alloc.h"
#include "cli/verb.h"

/* One line here and one in the list below for each verb_NAME.c, both sorted by name. */
extern const struct verb verb_approve;
extern const struct verb verb_attach;
extern const struct verb verb_build;
extern const struct verb verb_complete;
extern const struct verb verb_completion;
extern const struct verb verb_console;
extern const struct verb verb_convert;
extern const struct verb verb_cp;
extern const struct verb verb_debug;
extern const struct verb verb_destroy;
extern const struct verb verb_diff;
extern const struct verb verb_doctor;
extern const struct verb verb_down;
extern const struct verb verb_events;
extern const struct verb verb_exec;
extern const struct verb verb_explain;
extern const struct verb verb_help;
extern const struct verb verb_images;
extern const struct verb verb_init;
extern const struct verb verb_inspect;
extern const struct verb verb_key;
extern const struct verb verb_kill;
extern const struct verb verb_login;
extern const struct verb verb_logout;
extern const struct verb verb_logs;
extern const struct verb verb_ls;
extern const struct verb verb_man;
extern const struct verb verb_metrics;
extern const struct verb verb_pause;
extern const struct verb verb_policy;
extern const struct verb verb_port;
extern const struct verb verb_port_forward;
extern const struct verb verb_promote;
extern const struct verb verb_prune;
extern const struct verb verb_ps;
extern const struct verb verb_pull;
extern const struct verb verb_receipt;
extern const struct verb verb_rehearse;
extern const struct verb verb_relay;
extern const struct verb verb_releases;
extern const struct verb verb_restart;
extern const struct verb verb_rollback;
extern const struct verb verb_run;
extern const struct verb verb_scale;
extern const struct verb verb_sbom;
extern const struct verb verb_schema;
extern const struct verb verb_share;
extern const struct verb verb_start;
extern const struct verb verb_starter;
extern const struct verb verb_stats;
extern const struct verb verb_status;
extern const struct verb verb_stop;
extern const struct verb verb_supervise;
extern const struct verb verb_system;
extern const struct verb verb_tui;
extern const struct verb verb_unpause;
extern const struct verb verb_up;
extern const struct verb verb_validate;
extern const struct verb verb_verify;
extern const struct verb verb_version;
extern const struct verb verb_volume;
extern const struct verb verb_wait;
extern const struct verb verb_watch;
extern const struct verb verb_why;

/* clang-format off */
const struct verb *const verbs[] = {
	&verb_approve,
	&verb_attach,
	&verb_build,
	&verb_complete,
	&verb_completion,
	&verb_console,
	&verb_convert,
	&verb_cp,
	&verb_debug,
	&verb_destroy,
	&verb_diff,
	&verb_doctor,
	&verb_down,
	&verb_events,
	&verb_exec,
	&verb_explain,
	&verb_help,
	&verb_images,
	&verb_init,
	&verb_inspect,
	&verb_key,
	&verb_kill,
	&verb_login,
	&verb_logout,
	&verb_logs,
	&verb_ls,
	&verb_man,
	&verb_metrics,
	&verb_pause,
	&verb_policy,
	&verb_port,
	&verb_port_forward,
	&verb_promote,
	&verb_prune,
	&verb_ps,
	&verb_pull,
	&verb_receipt,
	&verb_rehearse,
	&verb_relay,
	&verb_releases,
	&verb_restart,
	&verb_rollback,
	&verb_run,
	&verb_sbom,
	&verb_scale,
	&verb_schema,
	&verb_share,
	&verb_start,
	&verb_starter,
	&verb_stats,
	&verb_status,
	&verb_stop,
	&verb_supervise,
	&verb_system,
	&verb_tui,
	&verb_unpause,
	&verb_up,
	&verb_validate,
	&verb_verify,
	&verb_version,
	&verb_volume,
	&verb_wait, &verb_watch,
	&verb_why,
};
/* clang-format on */
const size_t verb_count = ARRAY_SIZE(verbs);

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < verb_count; i++) {
		if (strcmp(verbs[i]->name, name) == 0 ||
		    (verbs[i]->alias != NULL && strcmp(verbs[i]->alias, name) == 0))
			return verbs[i];
	}
	return NULL;
}
