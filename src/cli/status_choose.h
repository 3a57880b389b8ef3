/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_STATUS_CHOOSE_H
#define I2KIT_CLI_STATUS_CHOOSE_H

#include "local/plan/state.h"

/* Leaves what is not of these pods and instances out of a status; no names: nothing. */
void status_choose(struct project_status *status, const struct string_list *names);

#endif
