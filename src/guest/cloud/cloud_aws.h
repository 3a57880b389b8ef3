/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_AWS_H
#define I2KIT_GUEST_CLOUD_CLOUD_AWS_H

/*
 * What the cloud agent asks of AWS: instance metadata (version 2, with a token) and the few calls
 * that the instance's role allows. Temporary failures are tried again with growing pauses.
 */

#include "guest/cloud/cloud_sign.h"

#include "base/error.h"

struct cloud_aws {
	char *token;	   /* of the metadata service */
	char *instance_id; /* "i-0123…" */
	char *region;
	char *endpoint; /* in place of the services' own, or NULL (rehearsal) */
	struct cloud_credentials credentials;
	uint64_t credentials_ms; /* when they were read */
};
void cloud_aws_clear(struct cloud_aws *aws);

/* Waits up to two minutes for the metadata service; reads token, instance id and region. */
MUST_CHECK bool cloud_aws_open(struct cloud_aws *ret, struct error *err);
/* "latest/…" below the metadata service; *ret owned. ERROR_NOT_FOUND for 404. */
MUST_CHECK bool cloud_metadata(const struct cloud_aws *aws, const char *path, char **ret,
			       struct error *err);

struct cloud_call {
	const char *service; /* "ssm", "logs", "cloudformation", "ec2", "secretsmanager" */
	const char *target;  /* JSON services: X-Amz-Target; NULL: a query in body */
	const char *body;
};
/* *ret is the answer's body, owned. What AWS refuses is an error with its code and message. */
MUST_CHECK bool cloud_call(struct cloud_aws *aws, const struct cloud_call *call, char **ret,
			   struct error *err);

#endif
