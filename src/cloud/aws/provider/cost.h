/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_COST_H
#define I2KIT_CLOUD_AWS_PROVIDER_COST_H

#include "cloud/aws/stack/stack_instance.h"

/*
 * What stands costs by the month in dollars: instances with their root disks, volumes, load
 * balancers, zones and public addresses; not traffic, not logs. 0: an instance type's price is not
 * known. Of STACK_PRICES_OF.
 */
double cost_a_month(const struct app *app, const struct stack_target *target);

#endif
