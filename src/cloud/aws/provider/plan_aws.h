/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_PLAN_AWS_H
#define I2KIT_CLOUD_AWS_PROVIDER_PLAN_AWS_H

/*
 * What a promotion or a rollback would do. Everything is worked out here from what the account has;
 * nothing is sent but questions.
 */

#include "cloud/aws/client/parameter.h"
#include "cloud/aws/provider/aws_cloud.h"
#include "cloud/aws/provider/network.h"
#include "cloud/aws/provider/route_rules.h"
#include "cloud/aws/provider/volumes.h"

/* cloud_plan.detail. */
struct plan_detail {
	struct cloud_scope scope;   /* a copy */
	struct network network;	    /* of a promotion */
	char *kms_key;		    /* owned; ARN of provider.kms_key; NULL: Amazon's own */
	struct volume_list volumes; /* that are there */
	struct key_value *places;   /* owned; service → the load balancer that it is behind */
	size_t place_count;
	struct route_rule_list rules;	   /* of listeners, that are there */
	struct volume_list removed;	   /* of them, those that the plan removes */
	struct cloud_pod_status *old_pods; /* owned; as the stack says of itself */
	size_t old_pod_count;
	struct key_value *tags; /* owned; of the stack */
	size_t tag_count;
	struct parameter_list puts;	    /* filled by plan_make_template() */
	char *template_text;		    /* owned; a rollback's */
	enum environment_switch protection; /* what of the stack's is to be switched, or left */
	char *note;			    /* owned; for the record */
};

bool aws_plan(struct cloud *cloud, const struct cloud_deployment *deployment, bool wait,
	      const struct progress *progress, struct cloud_plan *ret, struct error *err);
bool aws_plan_rollback(struct cloud *cloud, const struct cloud_scope *scope, unsigned number,
		       bool wait, const struct progress *progress, struct cloud_plan *ret,
		       struct error *err);
void aws_free_plan(struct cloud_plan *plan);

/* The template of a deployment with the detail's network and volumes, owned, and what must be in
 * the Parameter Store for it. Images that are not there yet have a name that no image has. */
MUST_CHECK bool plan_make_template(struct cloud *cloud, const struct cloud_deployment *deployment,
				   struct plan_detail *detail, char **ret, struct error *err);

#endif
