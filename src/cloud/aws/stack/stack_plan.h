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
#include "cloud/aws/stack/stack_rule_order.h"
#include "manifest/app.h"
#include "manifest/environment.h"
#include "wire/release_id.h"

struct stack_subnet {
	const char *id;
	const char *zone; /* "eu-west-1a" */
};

/* A claim's EBS volume that is there already. All borrowed. */
struct stack_volume {
	const char *claim;
	const char *logical_id; /* as the template that made it has it */
	const char *zone;
	uint64_t size_gib;
	/* As it was made; to say something else would replace it. */
	const char *snapshot; /* or NULL */
	const char *kms_key;  /* or NULL */
};

/* The load balancer, by its logical id, that a service is behind already. All borrowed. */
struct stack_place {
	const char *service;
	const char *balancer; /* STACK_NO_BALANCER: its names lead to the instances */
};
#define STACK_NO_BALANCER ""

/* Where the stack goes. All borrowed. */
struct stack_target {
	const char *project;
	const char *environment; /* or NULL */
	const char *region;
	const char *stack;	   /* its name */
	const char *domain_inside; /* the private zone: stack_private_domain() */
	const char *instance_type; /* where the pod names none; NULL: by its limits */
	const char *vpc;	   /* NULL: a VPC is made */
	enum environment_network private_network; /* of the VPC that is made */
	const struct stack_subnet *subnets;	  /* of instances; one a zone, sorted by zone */
	size_t subnet_count;
	const struct stack_subnet *public_subnets; /* of public load balancers; likewise */
	size_t public_subnet_count;
	const char *const *security_groups; /* added to every instance, NULL-terminated, or NULL */
	const char *instance_profile;	    /* name or ARN; NULL: a least-privileged role is made */
	const char *role;		  /* what CloudFormation makes the stack as; ARN or NULL */
	const char *permissions_boundary; /* of that role: a policy's ARN, or NULL */
	const char *kms_key;		  /* ARN; NULL: Amazon's own */
	const char *key_pair;		  /* NULL: none */
	const char *hosted_zone;	  /* "example.com" or "Z…"; NULL: no public names */
	bool is_zone_id;		  /* hosted_zone is "Z…" */
	const char *domain;	 /* public names are SERVICE.DOMAIN; NULL: SERVICE.PROJECT.ZONE */
	const char *certificate; /* ARN, where a port names none */
	unsigned log_days;
	bool shares_balancers; /* new services do, where they can */
	bool names_instances;  /* names of new internal services lead to them, where they can */
	bool is_isolated;      /* the instances' subnets have no way out to Route 53 */
	const struct stack_place *places;
	size_t place_count;
	const struct stack_rule *rules; /* of listeners, that are there */
	size_t rule_count;
	bool is_balancer_health;	    /* a balancer's opinion replaces instances */
	const struct stack_volume *volumes; /* that are there */
	size_t volume_count;
	const struct key_value *restore; /* claim → snapshot, for volumes that are not there */
	size_t restore_count;
};

/* One pod's release. All borrowed. */
struct stack_release {
	const char *pod;
	const char *image; /* "ami-…" */
	struct release_id id;
	const char *receipt_tag;       /* or NULL */
	const char *user_data;	       /* with STACK_VOLUME(claim) where a volume's id goes */
	const char *const *parameters; /* SSM paths the pod reads below, NULL-terminated, or NULL */
};

/* What stands in user data for the id of the EBS volume of a claim: "@volume:CLAIM@". */
#define STACK_VOLUME_START "@volume:"
#define STACK_VOLUME_END   "@"

#endif
