/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_CALL_H
#define I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_CALL_H

/*
 * A call to a service that gives out credentials, and so cannot ask for a signature with them: SSO's
 * tokens and roles, aws login's tokens.
 */

#include "base/es256.h"
#include "base/http.h"
#include "cloud/aws/client/settings.h"

struct aws_open_call {
	const char *what; /* for messages: "SSO token" */
	const char *url;
	const char *header;		   /* "Name: value", or NULL */
	const char *body;		   /* JSON, to be posted; NULL: a GET */
	const struct es256_key *proof_key; /* proves in a DPoP header that we have it; or NULL */
};

/*
 * True when an answer came, whatever its status. Tried again where none came, the service was at
 * fault or it asks for patience: three times at most.
 */
MUST_CHECK bool aws_open_call_send(const struct aws_settings *settings, struct http_client *http,
				   const struct aws_open_call *call, struct http_response *ret,
				   struct error *err);

#endif
