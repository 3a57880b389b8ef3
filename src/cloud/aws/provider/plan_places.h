/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_PLAN_PLACES_H
#define I2KIT_CLOUD_AWS_PROVIDER_PLAN_PLACES_H

/*
 * What leads to each service, by the stack's own template: a load balancer, or names that lead to
 * its instances. That stays so.
 */

#include "cloud/aws/provider/plan_aws.h"

/* Fills detail->places. before: the template that stands; NULL: none. */
MUST_CHECK bool plan_places_find(const struct app *app, const char *before,
				 struct plan_detail *detail, struct error *err);
/* What other ways would save, and what stays as it is all the same. */
MUST_CHECK bool plan_places_note(const struct app *app, const struct stack_target *target,
				 struct cloud_plan *plan, struct error *err);
/* ERROR_UNSUPPORTED: a service that both have would have to change ways. before may be NULL. */
MUST_CHECK bool plan_places_check_rollback(const char *before, const char *after,
					   struct error *err);

#endif
