/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_ENVIRONMENT_H
#define I2KIT_MANIFEST_ENVIRONMENT_H

/*
 * environment.yml: the target of promote, apart from the manifests so that they stay the same
 * everywhere.
 *
 *	provider:
 *	  type: aws
 *	  region: eu-central-1
 *	  instance_type: t3.small
 *	  subnets: [subnet-0a1b2c3d, subnet-1a2b3c4d]
 *	  hosted_zone: example.com.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/string_list.h"
#include "manifest/app.h"
#include "manifest/problem.h"

struct field_set;

/* What a promotion does to a switch of the account's. */
enum environment_switch { SWITCH_LEFT, SWITCH_ON, SWITCH_OFF };

/* How instances reach out of the network that is made. */
enum environment_network {
	NETWORK_PUBLIC, /* by addresses of their own */
	NETWORK_NAT,
	NETWORK_NAT_PER_ZONE,
	NETWORK_ENDPOINTS, /* the cloud's own services alone */
};

/* AWS's own keys: environment_aws.c. */
struct environment_aws {
	char *vpc;
	struct string_list subnets;
	struct string_list public_subnets; /* for load balancers; empty: subnets */
	char *certificate;		   /* of https and ssl ports that name none */
	char *instance_profile;		   /* IAM; none: a least-privilege one is made */
	char *role;			   /* CloudFormation makes the stack as it; ARN */
	char *kms_key;			   /* of what is encrypted: an ARN, or alias/NAME */
	char *permissions_boundary;	   /* of the roles that are made; ARN */
	uint32_t log_retention_days;	   /* default 14 */
	bool shares_balancers;		   /* new services, by port and by host name */
	bool names_instances;		   /* new internal services, where they can */
	bool is_balancer_health;	   /* a balancer's opinion replaces instances */
	enum environment_network private_network;
	enum environment_switch termination_protection; /* not given: as it is */
};

/* OpenStack's: environment_openstack.c. */
struct environment_openstack {
	char *network;
	char *external_network; /* where floating IPs come from */
	bool has_open_secrets;	/* secrets may be where every member of the project can read them */
};

/* NULL text and empty lists mean "not given". */
struct environment {
	char *file;			 /* owned; as given */
	char *name;			 /* "production"; for people and tags */
	struct string_list trusted_keys; /* whose receipts count: release/trusted_keys.h */
	uint32_t require_approvals;	 /* people who must have approved a release; 0: nobody */
	const char *type;		 /* provider.type, a static text; NULL: there was no file */
	char *region;
	char *profile;	     /* aws: of ~/.aws/config; openstack: entry of clouds.yaml */
	char *instance_type; /* pods without one of their own; openstack: flavor */
	struct string_list security_groups; /* added to the ones that are made */
	struct string_list availability_zones;
	char *hosted_zone;	   /* DNS zone public services get their names in */
	char *domain;		   /* below the zone; names are POD.DOMAIN */
	char *key_pair;		   /* SSH key; none: no key */
	struct key_value *restore; /* claim → what its removal left behind */
	size_t restore_count;
	struct key_value *tags; /* on everything that is made */
	size_t tag_count;
	struct environment_aws aws;
	struct environment_openstack openstack;
};
void environment_clear(struct environment *environment);

/*
 * Strict: unknown keys, wrong types and keys of the other provider are problems with file, line and
 * column, all in one run. On failure err summarises and *ret is untouched. A file that is not there
 * is ERROR_NOT_FOUND.
 */
MUST_CHECK bool environment_load(const char *path, struct environment *ret,
				 struct problem_list *problems, struct error *err);

/* The default: environment.yml or .yaml in folder, owned; NULL when there is none. */
char *environment_find(const char *folder);

/* A provider's own keys stand in a file of its own, each the base of another. */
extern const struct field_set environment_fields;
extern const struct field_set environment_provider_fields;

#endif
