/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_VERDICT_H
#define I2KIT_LOCAL_CLIENT_VERDICT_H

/*
 * Whether what somebody waits for has come, can still come, or never will: judged by one status,
 * without a clock or a connection. Only instances of the release that the plan names count; those
 * that it replaces are none of anybody's business.
 */

#include "local/plan/state.h"

struct verdict {
	bool is_reached; /* services are ready, Jobs have succeeded */
	bool has_ended;	 /* all of it are Jobs and other pods that end, and have */
	bool is_at_work; /* what is missing are Jobs that run: they may take long */
	char *failure;	 /* owned; why it never will, or NULL */
	bool is_final;	 /* with failure: nobody starts it again */
	int exit_code;	 /* with failure of a pod that ended: its container's; else 1 */
	char *missing;	 /* owned; "web (0 of 1): readiness of nginx: HTTP 404"; NULL: nothing */
};
void verdict_clear(struct verdict *verdict);

/* Of these pods and instances; none: of all. */
void verdict_make(const struct project_status *status, const struct string_list *names,
		  struct verdict *ret);

/*
 * It ends again and again: its VM, or a container of it (then *ret_container). So say `why`, `up`
 * and whoever shows it.
 */
bool instance_is_looping(const struct instance_status *instance,
			 const struct container_status **ret_container_or_null);

/* Of the container that made the pod fail; 1 where none says. */
int instance_exit_code(const struct instance_status *instance);

/*
 * What is the matter with it in one word, as ps and the terminal UI show it: what is wrong with a
 * container says more than the state of its VM. Borrowed from the instance, or static.
 */
const char *instance_state_text(const struct instance_status *instance);

/*
 * Whether all instances that a selector of `logs` names (POD, INSTANCE, either with /CONTAINER)
 * have ended for good; false where none is there.
 */
bool status_has_ended(const struct project_status *status, const struct string_list *selectors);

#endif
