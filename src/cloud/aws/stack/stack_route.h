/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_ROUTE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_ROUTE_H

/*
 * The routes of an app (manifest/route.h) as rules of one application load balancer, which is
 * theirs alone. No Service has its logical ids: those begin with a Service's name and have other
 * ends.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/string_list.h"

struct app;
struct pod_spec;
struct route;
struct stack_target;
struct template_writer;

#define STACK_ROUTES "BalancerRoutes"
/* A rule's logical id: its listener's, and its number in five digits. */
#define STACK_ROUTES_RULE "Rule"
/* An output: the load balancer's own name. */
#define STACK_ROUTES_DOMAIN "BalancerRoutesDomain"
/* A rule's Metadata: what it answers and where it leads, for people. */
#define STACK_ROUTE_TEXT "Route"
#define STACK_ROUTE_GOAL "To"

/* With a certificate, in https too. */
bool stack_routes_have_tls(const struct stack_target *target);
/* What AWS would refuse of them, with the line of the manifest. */
MUST_CHECK bool stack_check_routes(const struct app *app, const struct stack_target *target,
				   struct error *err);
/* The load balancer and all that belongs to it, if there are routes. */
MUST_CHECK bool stack_add_routes(struct template_writer *writer, struct error *err);
/* {"Ref":…} of the target groups of routes to the pod, in "TargetGroupARNs", which is open when
 * is_open; whether it is now. */
bool stack_write_route_targets(struct template_writer *writer, const struct pod_spec *pod,
			       bool is_open);
/* How that load balancer comes in to the pod, as elements of SecurityGroupIngress. */
void stack_write_route_ways(struct template_writer *writer, const struct pod_spec *pod);

/* Host names of routes that are in the hosted zone, and those that are not; added. */
void stack_route_names(const struct app *app, const struct stack_target *target,
		       struct string_list *inside, struct string_list *outside);

#endif
