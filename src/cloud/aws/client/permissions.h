/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_PERMISSIONS_H
#define I2KIT_CLOUD_AWS_CLIENT_PERMISSIONS_H

/*
 * Every call that i2kit makes, here and in an instance (wire/instance_calls.h), and every action that CloudFormation needs for what a stack holds, in
 * one table: a call that is not in it is not sent (aws_client_sign), so the IAM policies that are
 * made from it (provider/policy.h) cannot lack one. Actions are named as IAM names them; Amazon's
 * Service Authorization Reference says which resources and conditions each one knows.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/json_writer.h"

/* Whose permission it is. */
enum permission_holder {
	PERMISSION_CALLER,     /* who runs i2kit */
	PERMISSION_PROTECTION, /* likewise, where provider.termination_protection is given */
	PERMISSION_KEY,	       /* likewise, where provider.kms_key is given */
	PERMISSION_STACK_KEY,  /* who makes the stack, likewise */
	PERMISSION_POD_KEY,    /* a pod at most, likewise */
	PERMISSION_STACK,     /* who makes the stack's resources: the caller, or the stack's role */
	PERMISSION_NETWORK,   /* likewise, where the stack makes a network of its own */
	PERMISSION_NAT,	      /* likewise, with NAT gateways */
	PERMISSION_ENDPOINTS, /* likewise, with endpoints */
	PERMISSION_ROLES,     /* likewise, where the pods' roles are made */
	PERMISSION_BOUNDED,   /* likewise, where those roles have a permissions boundary */
	PERMISSION_POD,	      /* the most that a pod's own role may ever do */
};

/* On what; the words for people are in permissions.c, the ARNs in provider/policy.c. */
enum permission_resource {
	RESOURCE_ANY,
	RESOURCE_STACK,
	RESOURCE_STACKS, /* of any project */
	RESOURCE_SNAPSHOTS,
	RESOURCE_IMAGES,
	RESOURCE_INSTANCES,
	RESOURCE_VOLUMES,
	RESOURCE_PARAMETERS,
	RESOURCE_ALL_PARAMETERS,
	RESOURCE_LOG_GROUP,
	RESOURCE_ALL_LOG_GROUPS,
	RESOURCE_GROUPS, /* Auto Scaling */
	RESOURCE_ROLES,
	RESOURCE_PROFILES,
	RESOURCE_SERVICE_ROLES,
	RESOURCE_ZONES,
	RESOURCE_BUCKETS,   /* for templates too long for a call */
	RESOURCE_TEMPLATES, /* the stack's, in such a bucket */
	RESOURCE_KEY,	    /* provider.kms_key */
	RESOURCE_COUNT,
};

enum permission_condition {
	CONDITION_NONE,
	CONDITION_OWN_RESOURCE, /* it wears the project's tag */
	CONDITION_OWN_REQUEST,	/* it is made with the project's tag */
	CONDITION_REGION,
	CONDITION_BOUNDED, /* the role has the permissions boundary, where one is given */
	CONDITION_TO_EC2,  /* a role is passed to EC2 alone */
	CONDITION_TO_CLOUDFORMATION,
	CONDITION_VIA_SSM, /* a key is used by SSM for somebody */
	CONDITION_VIA_EC2,
	CONDITION_RECORDS, /* addresses in a zone are written anew or taken away */
	CONDITION_GRANT,   /* a key is lent to a service of Amazon's alone */
	CONDITION_COUNT,
};

struct permission {
	const char *call;   /* "ec2:DescribeImages", of the caller's; NULL: not a call of ours */
	const char *action; /* NULL: the call needs none */
	enum permission_holder holder;
	enum permission_resource resource;
	enum permission_condition condition;
};

extern const struct permission PERMISSIONS[];
extern const size_t PERMISSION_COUNT;

/* The pairs of CONDITION_RECORDS, within an object ForAllValues:StringEquals. */
void permission_write_records(struct json_writer *json);

/* Whether the table knows a call: service as signatures name it, "ec2", and "DescribeImages". */
bool permission_is_known(const char *service, const char *action);

#endif
