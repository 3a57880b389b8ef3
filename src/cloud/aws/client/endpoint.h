/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_ENDPOINT_H
#define I2KIT_CLOUD_AWS_CLIENT_ENDPOINT_H

/* Which service speaks what, and where it listens. */

#include "base/error.h"
#include "cloud/aws/client/settings.h"

enum aws_protocol { AWS_QUERY, AWS_EC2_QUERY, AWS_JSON, AWS_REST_JSON, AWS_REST_XML };

struct aws_service {
	const char *name;    /* for messages: "EBS" */
	const char *id;	     /* in AWS_ENDPOINT_URL_<ID> */
	const char *host;    /* first label of the host */
	const char *signing; /* name in the signature's scope */
	const char *version; /* query protocols */
	const char *target;  /* JSON: prefix of X-Amz-Target */
	enum aws_protocol protocol;
	bool is_global;	   /* one endpoint per partition, signed for its main region */
	bool has_gov_fips; /* in GovCloud the plain name is the FIPS one */
	bool is_console;   /* it stands below the console's name: see aws_partition */
};

extern const struct aws_service AWS_EC2;
extern const struct aws_service AWS_EBS;
extern const struct aws_service AWS_CLOUDFORMATION;
extern const struct aws_service AWS_STS;
extern const struct aws_service AWS_AUTOSCALING;
extern const struct aws_service AWS_ELBV2;
extern const struct aws_service AWS_LOGS;
extern const struct aws_service AWS_SSM;
extern const struct aws_service AWS_KMS;
extern const struct aws_service AWS_ROUTE53;
extern const struct aws_service AWS_S3;
extern const struct aws_service AWS_SSO_PORTAL;
extern const struct aws_service AWS_SSO_OIDC;
extern const struct aws_service AWS_SIGNIN;

/* A part of the AWS world with its own names. */
struct aws_partition {
	const char *name;   /* "aws", "aws-cn": in ARNs */
	const char *suffix; /* "amazonaws.com" */
	const char *dualstack_suffix;
	const char *main_region;    /* signs global services */
	const char *console_suffix; /* "aws.amazon.com": where people and Sign-In are */
};
/* Never NULL: an unknown region counts as one of "aws", as the AWS command line has it. */
const struct aws_partition *aws_partition_of(const char *region);

/* Whether text can be a region: letters, digits and dashes only, so it is safe in a host name. */
bool aws_region_is_valid(const char *region);

/* "https://ebs.eu-west-1.amazonaws.com" or what an override says, without a slash at the end.
 * Owned. */
char *aws_endpoint_url(const struct aws_settings *settings, const struct aws_service *service,
		       const char *region);
/* The region in the signature's scope. */
const char *aws_signing_region(const struct aws_service *service, const char *region);

#endif
