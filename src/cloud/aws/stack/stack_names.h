/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_NAMES_H
#define I2KIT_CLOUD_AWS_STACK_STACK_NAMES_H

/*
 * Services whose names lead to the instances themselves: each instance writes its address into the
 * private zone while its pod is ready (guest/cloud/cloud_names.h). Pure.
 */

#include "base/error.h"
#include "base/string_list.h"

struct app;
struct pod_spec;
struct service;
struct stack_target;
struct template_writer;

/* An output of such a service: the name. */
#define STACK_INSTANCE_NAME "InstanceName"
/* What stands in user data for the id of the private zone. */
#define STACK_ZONE_MARK "@zone:private@"

/* Why a service's names cannot lead to its instances, in words; NULL: they can. */
const char *stack_names_refusal(const struct stack_target *target, const struct service *service);
/* The services whose names do; added to *ret. */
MUST_CHECK bool stack_named_services(const struct app *app, const struct stack_target *target,
				     struct string_list *ret, struct error *err);
/* The names of these services that lead to an instance of the pod; added to *ret. */
void stack_pod_names(const struct app *app, const struct string_list *services,
		     const struct pod_spec *pod, const char *domain_inside,
		     struct string_list *ret);
/* The same for a template's services. */
void stack_list_names(const struct template_writer *writer, const struct pod_spec *pod,
		      struct string_list *ret);

#endif
