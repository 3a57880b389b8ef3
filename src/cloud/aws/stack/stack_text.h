/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_TEXT_H
#define I2KIT_CLOUD_AWS_STACK_STACK_TEXT_H

/*
 * A template under way. Pieces are written with ' for " so that they can be read in C; values put
 * in are plain by then (stack_check_plain), except user data, which goes through a JSON writer.
 */

#include "base/strbuf.h"
#include "cloud/aws/stack/stack_plan.h"

struct stack_text {
	const struct app *app;
	const struct stack_target *target;
	struct strbuf resources;
	struct strbuf outputs;
	bool has_volumes;
};

/* 'Id':{…}: fmt is the resource. */
void stack_add(struct stack_text *text, const char *id, const char *fmt, ...) PRINTF_LIKE(3, 4);
void stack_output(struct stack_text *text, const char *id, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* ' → " from byte `from` on. */
void stack_quote(struct strbuf *buf, size_t from);
/* False where text could end a JSON string; what names it in the message. */
MUST_CHECK bool stack_check_plain(const char *what, const char *text, struct error *err);

/* The list of subnets for instances and internal load balancers, or for public ones, as JSON;
 * owned. */
char *stack_subnets(const struct stack_text *text, bool is_public);
/* The VPC as JSON text; owned. */
char *stack_vpc(const struct stack_text *text);

/* stack_network.c */
void stack_add_network(struct stack_text *text);
/* stack_service.c */
MUST_CHECK bool stack_add_service(struct stack_text *text, const struct service *service,
				  struct error *err);
/* Whether it gets a load balancer. */
bool stack_has_balancer(const struct service *service);
/* Appends {'Ref':…} of the target groups that lead to the pod, with commas between. */
void stack_append_target_groups(const struct stack_text *text, const struct pod_spec *pod,
				struct strbuf *out);
/* stack_pod.c */
MUST_CHECK bool stack_add_pod(struct stack_text *text, const struct pod_spec *pod,
			      const struct stack_release *release, struct error *err);

#endif
