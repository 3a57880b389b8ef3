/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_CHECK_H
#define I2KIT_CLOUD_AWS_STACK_STACK_CHECK_H

/* What of an application AWS cannot run, found before anything is made. */

#include "base/error.h"

struct app;
struct stack_target;

/* What of an application AWS would refuse, whatever the account */
MUST_CHECK bool stack_check_app(const struct app *app, const struct stack_target *target,
				struct error *err);

#endif
