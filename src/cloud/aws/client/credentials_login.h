/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_LOGIN_H
#define I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_LOGIN_H

/* Credentials of `aws login`. Leaves *ret_found false where nobody logged in. */

#include "base/error.h"

struct aws_credentials;
struct aws_settings;
struct http_client;

/* What `aws login` keeps, renewed as long as its session lasts. */
MUST_CHECK bool aws_credentials_from_login(const struct aws_settings *settings, const char *profile,
					   struct http_client *http, struct aws_credentials *ret,
					   bool *ret_found, struct error *err);

#endif
