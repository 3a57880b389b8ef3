/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_RULE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_RULE_H

/*
 * A route as a rule of an application load balancer: conditions and one action. What such a rule
 * has no word for is refused with the route's own line. Words and limits:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
 */

#include <stdbool.h>

#include "base/error.h"

struct app;
struct json_writer;
struct route;
struct service;
struct service_port;
struct source_mark;

/* "FILE:LINE:COLUMN: " before the message. */
bool stack_rule_place(const struct source_mark *mark, struct error *err);
/* ERROR_UNSUPPORTED: what a rule cannot say. is_https: also on a listener of https. */
MUST_CHECK bool stack_rule_check(const struct route *route, bool is_https, struct error *err);
/* As JSON in the form by which rules are told apart; owned. */
char *stack_rule_conditions(const struct route *route);
/* As a member "Actions". The route was checked, its backends are the app's. */
void stack_rule_write_actions(struct json_writer *json, const struct app *app,
			      const struct route *route);

/* The Service and port that a backend means; false: there is none. */
bool stack_rule_find_port(const struct app *app, const char *service, unsigned port,
			  const struct service **ret, const struct service_port **ret_port);
/* The logical id of their target group; owned. */
char *stack_rule_targets_id(const struct service *service, const struct service_port *port);

#endif
