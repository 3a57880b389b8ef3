/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SERVICES_H
#define I2KIT_LOCAL_SUPERVISOR_SERVICES_H

/* Ports of Services: published ones on this machine, and those on the Services' own addresses. */

#include "local/plan/service_slot.h"
#include "local/ports/balancer.h"

struct agent_stream;
struct instance;
struct supervisor;

/* One port of a service as it is listened on now. */
struct port_run {
	const struct service_plan *service; /* both of the plan that is applied */
	const struct port_plan *port;
	char *bind;			/* `hosts` are bound to it */
	struct balancer_port *hosts[2]; /* published: on `bind`, on ::1 beside 127.0.0.1; or NULL */
	struct balancer_port *guest;	/* on the service's own address, or NULL */
	struct balancer_port
		*proxied; /* routes lead to it (proxy.h), without a listener; or NULL */
	char *problem;	  /* why a host port is not there, or NULL */
	bool is_kept;	  /* while a new plan is applied */
};

/* supervisor->plan is new; what stays of the one before, which is still there, stays open. */
void services_apply(struct supervisor *supervisor);
/* Tries again what somebody else held. */
void services_retry(struct supervisor *supervisor);
void services_close(struct supervisor *supervisor);
/* Why the port cannot be used, from inside or outside, or NULL. Owned. */
char *services_problem(const struct supervisor *supervisor, const struct port_run *run);
/* What routes lead to: of that Service and port; or NULL. */
struct balancer_port *services_proxied(const struct supervisor *supervisor, const char *service,
				       uint16_t port);
void services_add(struct supervisor *supervisor, struct instance *instance);
void services_remove(struct supervisor *supervisor, struct instance *instance, unsigned drain_ms);
/* A connection that a program of the instance makes to a Service or another instance. */
/* Whether an egress policy names it: a Service, a pod, or an instance of what it names. */
bool services_may_open(const struct supervisor *supervisor, const struct egress_policy *egress,
		       const char *target);
void services_tunnel(const struct instance *from, struct agent_stream *stream, const char *service,
		     uint16_t port);

#endif
