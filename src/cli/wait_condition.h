/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_WAIT_CONDITION_H
#define I2KIT_CLI_WAIT_CONDITION_H

/*
 * What `wait --for` waits for, in the words of kubectl: condition=Ready, condition=Complete,
 * condition=Failed (each also =true or =false), delete, create, jsonpath={.state}=Ready. Judged by
 * one status, without a clock or a connection.
 */

#include "base/error.h"
#include "base/string_list.h"
#include "local/plan/state.h"

struct json_path;

enum wait_kind { WAIT_READY, WAIT_COMPLETE, WAIT_FAILED, WAIT_DELETED, WAIT_CREATED, WAIT_JSON };

struct wait_condition {
	enum wait_kind kind;
	bool is_not;		/* =false */
	struct json_path *path; /* WAIT_JSON; owned */
	char *value;		/* that it must be; NULL: anything but nothing */
};
MUST_CHECK bool wait_condition_parse(const char *text, struct wait_condition *ret,
				     struct error *err); /* ERROR_USAGE */
void wait_condition_clear(struct wait_condition *condition);

/* The pods that it can be true of; for a wait without names. */
void wait_condition_list(const struct wait_condition *condition,
			 const struct project_status *status, struct string_list *ret);

enum wait_verdict { WAIT_IS_MET, WAIT_IS_NOT_YET, WAIT_IS_NEVER };
/*
 * Of a pod or an instance. *ret_what, owned: what it is instead. NEVER: a Job that is over, and the
 * other way; *ret_exit_code is then its container's.
 */
enum wait_verdict wait_condition_judge(const struct wait_condition *condition,
				       const struct project_status *status, const char *name,
				       char **ret_what, int *ret_exit_code);

#endif
