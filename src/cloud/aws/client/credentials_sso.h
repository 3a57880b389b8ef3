/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_SSO_H
#define I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_SSO_H

/* Credentials of IAM Identity Center. Leaves *ret_found false where the profile has none. */

#include "base/error.h"

struct aws_credentials;
struct aws_settings;
struct http_client;

/* A token that runs out is renewed, and kept where the command line keeps it. */
MUST_CHECK bool aws_credentials_from_sso(const struct aws_settings *settings, const char *profile,
					 struct http_client *http, struct aws_credentials *ret,
					 bool *ret_found, struct error *err);

#endif
