/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_RECORDS_H
#define I2KIT_CLOUD_AWS_STACK_STACK_RECORDS_H

/*
 * What instances wrote into a stack's private zone. CloudFormation knows nothing of it, and Route
 * 53 deletes no zone that has records: what is left of instances that are gone is taken away here.
 */

#include "cloud/aws/client/client.h"
#include "wire/name_record.h"

/* The zone's id (owned); NULL: the stack has none (yet, or any more). */
MUST_CHECK bool stack_zone_find(struct aws_client *client, const char *stack, char **ret_zone,
				struct error *err);
/* Those of instances; a zone that is gone has none. Added to *ret. */
MUST_CHECK bool stack_records_list(struct aws_client *client, const char *zone,
				   struct name_record_list *ret, struct error *err);
/* Of these instances, those that run or are about to; added to *ret. */
MUST_CHECK bool stack_instances_alive(struct aws_client *client,
				      const struct name_record_list *records,
				      struct string_list *ret, struct error *err);
/* Takes away the records of instances that are gone; how many there were. */
MUST_CHECK bool stack_records_sweep(struct aws_client *client, const char *stack, size_t *ret_count,
				    struct error *err);

#endif
