/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_PLACE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_PLACE_H

/* Which load balancer a service is behind: its own, one that it shares, or none. */

#include <stddef.h>

#include "base/error.h"

struct app;
struct stack_target;

struct stack_balancer_count {
	size_t inside;
	size_t outside;
};
/* How many load balancers the services have together */
MUST_CHECK bool stack_count_balancers(const struct app *app, const struct stack_target *target,
				      struct stack_balancer_count *ret, struct error *err);
/* An output of a service that shares one: which one. */
#define STACK_SHARED_BALANCER "SharedBalancer"

struct balancer_place {
	char *id;      /* owned; of the load balancer; NULL: the service has none */
	bool is_named; /* it needs none: its names lead to the instances */
	char *group;   /* owned; of its security group */
	bool is_shared;
	bool is_by_host; /* by host names, else by ports */
};
/* One for each service of the app, owned. ERROR_UNSUPPORTED: one would have to move. */
MUST_CHECK bool stack_places_make(const struct app *app, const struct stack_target *target,
				  struct balancer_place **ret, struct error *err);
void stack_places_free(struct balancer_place *places, size_t count);
bool stack_place_is_first(const struct balancer_place *places, size_t index);

#endif
