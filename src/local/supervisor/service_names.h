/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SERVICE_NAMES_H
#define I2KIT_LOCAL_SUPERVISOR_SERVICE_NAMES_H

/*
 * The names by which pods find each other. What becomes JSON are the lists INSTANCE.hosts, proxies
 * and serviceEnv of doc/formats.md §4; all results are owned.
 */

#include <stdint.h>

#include "base/strbuf.h"
#include "local/plan/project_plan.h"

struct supervisor;

/* The service's own address, as guests see it. */
char *services_address(const struct supervisor *supervisor, const struct service_plan *service);
char *services_hosts_json(const struct supervisor *supervisor);
char *services_proxies_json(const struct supervisor *supervisor);
void services_put_proxy(struct strbuf *out, const char *ip, uint16_t port, const char *name);
/* Sends both to all guests when they changed. */
void services_push_hosts(struct supervisor *supervisor);

char *services_env_json(const struct supervisor *supervisor); /* service_env.c */

#endif
