/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_USER_DATA_H
#define I2KIT_CLOUD_AWS_STACK_USER_DATA_H

/*
 * The release document of a pod as EC2 user data (doc/formats.md §4 and §11): secrets by reference
 * to SSM, and the whole configuration by reference where it is too long for user data. Pure.
 */

#include "base/error.h"
#include "base/sha256.h"
#include "cloud/aws/client/parameter.h"
#include "manifest/app.h"
#include "wire/release_id.h"

#define USER_DATA_MAX 16384

struct user_data {
	char *text;		    /* owned; ASCII; with STACK_VOLUME and STACK_ZONE marks */
	struct parameter_list puts; /* what must be in SSM before an instance starts */
	struct string_list paths;   /* below which the pod's parameters are, and nobody else's */
};
void user_data_clear(struct user_data *data);

struct user_data_input {
	const struct app *app;
	const struct pod_spec *pod;
	const char *config_json; /* CONFIG, secret values in base64 */
	struct release_id id;
	const char *stack;
	const char *region;
	const char *kms_key;		 /* ARN; NULL: Amazon's own */
	const struct string_list *named; /* services whose names lead to instances; or NULL */
};

MUST_CHECK bool user_data_make(const struct user_data_input *input, struct user_data *ret,
			       struct error *err);

#endif
