/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_AWS_H
#define I2KIT_GUEST_CLOUD_CLOUD_AWS_H

/* What the files of the Amazon back end share. */

#include "guest/cloud/cloud_backend.h"
#include "guest/cloud/cloud_sign.h"

struct cloud_aws {
	struct guest_cloud cloud; /* first: a struct guest_cloud of ours is one of these */
	char *token;		  /* of the metadata service */
	char *region;
	struct cloud_credentials credentials;
	uint64_t credentials_ms; /* when they were read */
};
struct cloud_aws *cloud_aws_of(struct guest_cloud *cloud);

struct cloud_call {
	const char *service; /* "ssm", "logs", "cloudformation", "ec2", "route53" */
	const char *action;  /* what it is called in wire/instance_calls.h */
	const char *target;  /* JSON services: before the action in X-Amz-Target; else NULL */
	const char *method;  /* NULL: POST */
	const char *path;    /* of a REST service; NULL: a query, "/" */
	const char *query;   /* sorted and escaped; or NULL */
	const char *body;
};
/* *ret is the answer's body, owned. What AWS refuses is an error with its code and message. */
MUST_CHECK bool cloud_call(struct cloud_aws *aws, const struct cloud_call *call, char **ret,
			   struct error *err);

#endif
