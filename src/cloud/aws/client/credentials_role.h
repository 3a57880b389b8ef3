/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_ROLE_H
#define I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_ROLE_H

/* Roles that are assumed, by another identity or by a web identity's token. */

#include "base/error.h"

struct aws_credentials;
struct aws_settings;
struct http_client;

/*
 * `source` NULL: a web identity, unsigned. What comes is kept for the next
 * program.
 */
struct aws_role {
	const char *arn;
	const char *session; /* NULL: one is made */
	const char *external_id;
	const char *mfa_serial;
	const char *mfa_code;
	const char *duration_s;
	const char *token_file; /* web identity; external_id, mfa and duration_s are not its */
};
/* What an earlier call, or the AWS command line, kept of a role. False: nothing. */
bool aws_credentials_kept_role(const struct aws_role *role, struct aws_credentials *ret);
MUST_CHECK bool aws_credentials_assume(const struct aws_settings *settings,
				       struct http_client *http, const struct aws_role *role,
				       const struct aws_credentials *source,
				       struct aws_credentials *ret, struct error *err);

#endif
