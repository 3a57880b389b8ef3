/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_NETWORK_H
#define I2KIT_CLOUD_AWS_PROVIDER_NETWORK_H

/* Which subnets of a network that is there a stack uses. */

#include "cloud/aws/client/client.h"
#include "cloud/aws/stack/stack_plan.h"
#include "manifest/environment.h"

struct network {
	char *vpc;		      /* owned; NULL: one is made */
	struct stack_subnet *subnets; /* owned; of instances, one a zone, by zone */
	size_t count;
	struct stack_subnet *public_subnets; /* owned; of public load balancers, likewise */
	size_t public_count;
	struct string_list names; /* what they point to */
	bool is_isolated;	  /* no way out was found for the instances */
};
void network_clear(struct network *network);

/*
 * What environment.yml names, or one subnet a zone of the VPC that it names, by their route tables:
 * those with a way to an internet gateway for public load balancers, those with another way out for
 * instances; where a VPC has one kind alone, that one for both.
 */
MUST_CHECK bool network_find(struct aws_client *client, const struct environment *environment,
			     struct network *ret, struct error *err);

#endif
