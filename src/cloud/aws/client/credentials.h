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
#include "base/http.h"
#include "cloud/aws/client/settings.h"

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

/*
 * --- the places; each leaves *ret_found false where it does not apply --------------------------
 */

/* credential_process: an argv of shell words; JSON on stdout. credentials_process.c */
MUST_CHECK bool aws_credentials_from_process(const char *command, struct aws_credentials *ret,
					     struct error *err);
/* Reads {"AccessKeyId","SecretAccessKey",token_key,expiry_key}. Bounded, strict. */
MUST_CHECK bool aws_credentials_from_json(const char *text, size_t size, const char *token_key,
					  struct aws_credentials *ret, struct error *err);

/* credentials_sso.c: a token that runs out is renewed, and kept where the command line keeps it. */
MUST_CHECK bool aws_credentials_from_sso(const struct aws_settings *settings, const char *profile,
					 struct http_client *http, struct aws_credentials *ret,
					 bool *ret_found, struct error *err);
/* credentials_login.c: what `aws login` keeps, renewed as long as its session lasts. */
MUST_CHECK bool aws_credentials_from_login(const struct aws_settings *settings, const char *profile,
					   struct http_client *http, struct aws_credentials *ret,
					   bool *ret_found, struct error *err);
/* credentials_container.c */
MUST_CHECK bool aws_credentials_from_container(struct http_client *http,
					       struct aws_credentials *ret, bool *ret_found,
					       struct error *err);
/* metadata.c */
MUST_CHECK bool aws_credentials_from_metadata(const struct aws_settings *settings,
					      struct http_client *http, struct aws_credentials *ret,
					      bool *ret_found, struct error *err);
/* The region instance metadata tells, or NULL. Owned. */
char *aws_region_from_metadata(const struct aws_settings *settings, struct http_client *http);

/*
 * credentials_role.c; `source` NULL: a web identity, unsigned. What comes is kept for the next
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
