/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_CONTROL_ACTS_H
#define I2KIT_LOCAL_SUPERVISOR_CONTROL_ACTS_H

/* What clients ask the supervisor to do with pods. */

#include "base/error.h"
#include "local/supervisor/control_request.h"

struct supervisor;

/* Those requests that end at once, and are answered so. */
MUST_CHECK bool control_act(struct supervisor *supervisor, const struct control_request *request,
			    struct error *err);

#endif
