/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_TEMPLATE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_TEMPLATE_H

/* From an application and its releases to one CloudFormation template. Pure. */

#include <stddef.h>

#include "base/error.h"

struct app;
struct stack_release;
struct stack_target;

#define STACK_TEMPLATE_MAX ((size_t)1024 * 1024) /* what CloudFormation takes, from a bucket */
#define STACK_BODY_MAX	   51200		 /* what it takes in a request */
#define STACK_MAX_PAUSE_S  3600 /* the longest that a rolling update waits for signals */

/*
 * ERROR_UNSUPPORTED names what of the application AWS cannot do as asked; ERROR_INVALID what is
 * missing (a certificate, a second subnet). *ret is owned.
 */
MUST_CHECK bool stack_template_make(const struct app *app, const struct stack_target *target,
				    const struct stack_release *releases, size_t count, char **ret,
				    struct error *err);

#endif
