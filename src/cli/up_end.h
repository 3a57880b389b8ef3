/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_UP_END_H
#define I2KIT_CLI_UP_END_H

/* When an `up` that stays ends by itself, and with which exit status. Pure. */

#include <stdbool.h>

#include "cli/arguments.h"
#include "local/plan/state.h"

struct up_end_wish {
	const char *code_from;	/* --exit-code-from: ends with that pod, as it did; or NULL */
	bool aborts_on_exit;	/* --abort-on-container-exit: with the first that ends */
	bool aborts_on_failure; /* --abort-on-container-failure: with the first that fails */
};

/* What the options ask for; borrows their words. */
struct up_end_wish up_end_wish_read(const struct arguments *args);

/*
 * True: it is over. ret_pod is the pod it ends with (borrowed; NULL: all have ended), ret_code what
 * the shell is to see. What is started again has not ended.
 */
bool up_end_reached(const struct up_end_wish *wish, const struct project_status *status,
		    const char **ret_pod, int *ret_code);

#endif
