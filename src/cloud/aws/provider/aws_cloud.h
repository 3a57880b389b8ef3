/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_AWS_CLOUD_H
#define I2KIT_CLOUD_AWS_PROVIDER_AWS_CLOUD_H

/* What the parts of the AWS provider share. */

#include "cloud/aws/client/client.h"
#include "cloud/aws/client/parameter.h"
#include "cloud/provider.h"

struct cloud {
	struct aws_client *client; /* owned */
	char *account;		   /* owned; NULL until asked */
	char *arn;		   /* owned; likewise */
	unsigned parallel;
};

/* provider_stack.c */
bool aws_plan_stack(struct cloud *cloud, const struct cloud_stack *stack,
		    const struct progress *progress, struct cloud_plan *ret, struct error *err);
bool aws_plan_rollback(struct cloud *cloud, const char *stack, unsigned number,
		       const struct progress *progress, struct cloud_plan *ret, struct error *err);
bool aws_apply_plan(struct cloud *cloud, struct cloud_plan *plan, bool wait,
		    const struct progress *progress, struct error *err);
bool aws_drop_plan(struct cloud *cloud, struct cloud_plan *plan, struct error *err);
void aws_free_plan(struct cloud_plan *plan);

/* provider_status.c */
bool aws_status(struct cloud *cloud, const char *project, const char *stack,
		struct cloud_status *ret, struct error *err);
bool aws_details(struct cloud *cloud, struct cloud_status *status, struct error *err);
bool aws_logs(struct cloud *cloud, const char *stack, const char *pod, int64_t since_ns,
	      cloud_log_fn *fn, void *arg, struct error *err);
bool aws_destroy(struct cloud *cloud, const char *project, const char *stack, bool with_images,
		 const struct progress *progress, struct error *err);

/*
 * Records of releases, in SSM below /i2kit/STACK/releases/NUMBER: meta (JSON) and the template in
 * parts of 4 KiB. release_record.c
 */
struct release_record {
	unsigned number;
	const char *note;
	const char *template_text;
	const struct key_value *tags; /* of the stack */
	size_t tag_count;
};
MUST_CHECK bool release_record_save(struct aws_client *client, const char *stack,
				    const struct release_record *record, struct error *err);
MUST_CHECK bool release_record_remove(struct aws_client *client, const char *stack, unsigned number,
				      struct error *err);
bool aws_records(struct cloud *cloud, const char *stack, struct cloud_record_list *ret,
		 struct error *err);
/* *ret_template and *ret_tags are owned. */
MUST_CHECK bool release_record_load(struct aws_client *client, const char *stack, unsigned number,
				    char **ret_template, struct key_value **ret_tags,
				    size_t *ret_tag_count, struct error *err);
/* Reads i2kit:image/POD, i2kit:config/POD, i2kit:receipt/POD out of a stack's tags. */
void stack_tags_to_pods(const struct key_value *tags, size_t count, struct cloud_pod_status **ret,
			size_t *ret_count);

#endif
