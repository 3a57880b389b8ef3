/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_PLAN_H
#define I2KIT_CLOUD_AWS_STACK_STACK_PLAN_H

/*
 * From an application and its releases to one CloudFormation template. Pure: the same input gives
 * the same bytes.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/sha256.h"
#include "manifest/app.h"

struct stack_subnet {
	const char *id;
	const char *zone; /* "eu-west-1a" */
};

/* Where the stack goes. All borrowed. */
struct stack_target {
	const char *project;
	const char *region;
	const char *stack;		    /* its name */
	const char *instance_type;	    /* where the pod names none; NULL: t3.micro */
	const char *vpc;		    /* NULL: a VPC is made */
	const char *vpc_cidr;		    /* of the given one */
	const struct stack_subnet *subnets; /* of the given one, in different zones */
	size_t subnet_count;
	const char *const
		*public_subnets; /* ids for public load balancers, NULL-terminated; NULL: subnets */
	const char *const *security_groups; /* added to every instance, NULL-terminated, or NULL */
	const char *instance_profile;	    /* name or ARN; NULL: a least-privileged role is made */
	const char *key_pair;		    /* NULL: none */
	const char *hosted_zone;	    /* "example.com" or "Z…"; NULL: no public names */
	bool is_zone_id;		    /* hosted_zone is "Z…" */
	const char *domain;	 /* public names are SERVICE.DOMAIN; NULL: SERVICE.PROJECT.ZONE */
	const char *certificate; /* ARN, where a port names none */
	unsigned log_days;	 /* 0: 30 */
};

/* One pod's release. All borrowed. */
struct stack_release {
	const char *pod;
	const char *image; /* "ami-…" */
	const char *image_digest;
	const char *config_digest;
	const char *user_data;	       /* with STACK_VOLUME(claim) where a volume's id goes */
	const char *const *parameters; /* SSM names the pod reads, NULL-terminated, or NULL */
};

/* What stands in user data for the id of the EBS volume of a claim: "@volume:CLAIM@". */
#define STACK_VOLUME_START "@volume:"
#define STACK_VOLUME_END   "@"

#define STACK_TEMPLATE_MAX 51200 /* what CreateChangeSet takes in its body */

/*
 * ERROR_UNSUPPORTED names what of the application AWS cannot do as asked; ERROR_INVALID what is
 * missing (a certificate, a second subnet). *ret is owned.
 */
MUST_CHECK bool stack_template_make(const struct app *app, const struct stack_target *target,
				    const struct stack_release *releases, size_t count, char **ret,
				    struct error *err);

/* "my-web" → "MyXWeb": different names give different logical ids. Owned. */
char *stack_logical_id(const char *name, const char *suffix);
/* The logical id of a pod's Auto Scaling group, which signals go to. Owned. */
char *stack_group_id(const char *pod);

#endif
