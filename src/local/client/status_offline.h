/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_STATUS_OFFLINE_H
#define I2KIT_LOCAL_CLIENT_STATUS_OFFLINE_H

#include "base/error.h"
#include "local/plan/state.h"

/*
 * A project's status without its supervisor: the plan's pods and what libvirt runs of them. A
 * project that is not up has no pods; that is no error.
 */
MUST_CHECK bool status_offline(const char *project, struct project_status *ret, struct error *err);

MUST_CHECK bool client_list_projects(struct string_list *ret, struct error *err);

#endif
