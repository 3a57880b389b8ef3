/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_H
#define I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_H

/*
 * Who we are for AWS, found where the AWS command line would find it and in its order: environment,
 * assumed role of the profile, web identity, SSO, ~/.aws/credentials, aws login, credential_process,
 * ~/.aws/config, container endpoint, instance metadata.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cloud/aws/client/settings.h"

struct http_client;

struct aws_credentials {
	char *access_key;    /* owned */
	char *secret_key;    /* owned; wiped when freed */
	char *session_token; /* owned; or NULL */
	int64_t expires_ns;  /* since 1970; 0: never */
	char *source;	     /* owned; one phrase for people: "environment", "profile dev (SSO)" */
};

void aws_credentials_clear(struct aws_credentials *credentials);

/* ERROR_DENIED with a hint when no place has any. */
MUST_CHECK bool aws_credentials_find(const struct aws_settings *settings, struct http_client *http,
				     struct aws_credentials *ret, struct error *err);

#endif
