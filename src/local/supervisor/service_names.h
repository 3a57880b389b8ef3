/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SERVICE_NAMES_H
#define I2KIT_LOCAL_SUPERVISOR_SERVICE_NAMES_H

/*
 * The names by which pods find each other: INSTANCE.hosts, proxies and serviceEnv of
 * wire/release_document.h. All results are owned; lists are appended to.
 */

#include <stdint.h>

#include "base/string_list.h"
#include "local/plan/project_plan.h"
#include "wire/release_document.h"

struct supervisor;

/* The service's own address, as guests see it. */
char *services_address(const struct supervisor *supervisor, const struct service_plan *service);
/* As the pod sees them: not those that it shares no network with. */
void services_add_hosts(const struct supervisor *supervisor, const struct pod_plan *viewer,
			struct host_list *ret);
void services_add_proxies(const struct supervisor *supervisor, const struct pod_plan *viewer,
			  struct release *ret);
void services_add_proxy(struct release *ret, const char *ip, uint16_t port, const char *service);
void services_add_env(const struct supervisor *supervisor, const struct pod_plan *viewer,
		      struct string_list *ret);
/* Of Services that lead outside alone; what is NULL is not wanted. */
void services_add_outside(const struct project_plan *plan, struct host_list *hosts,
			  struct release *proxies, struct string_list *env);
/* Sends both to all guests when they changed. */
void services_push_hosts(struct supervisor *supervisor);

#endif
