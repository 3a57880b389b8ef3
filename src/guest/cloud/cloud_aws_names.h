/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_AWS_NAMES_H
#define I2KIT_GUEST_CLOUD_CLOUD_AWS_NAMES_H

/* Records of Route 53, and which instances EC2 has: what the Amazon back end's table has of names. */

#include "guest/cloud/cloud_backend.h"

MUST_CHECK bool cloud_aws_list_names(struct guest_cloud *cloud, const char *zone,
				     struct name_record_list *ret, struct error *err);
MUST_CHECK bool cloud_aws_change_names(struct guest_cloud *cloud, const char *zone,
				       const struct name_record_list *list, bool is_there,
				       struct error *err);
MUST_CHECK bool cloud_aws_list_alive(struct guest_cloud *cloud, const struct string_list *ids,
				     struct string_list *ret, struct error *err);

#endif
