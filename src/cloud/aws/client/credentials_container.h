/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_CONTAINER_H
#define I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_CONTAINER_H

/* Credentials that a container is given. Leaves *ret_found false outside of one. */

#include "base/error.h"

struct aws_credentials;
struct http_client;

MUST_CHECK bool aws_credentials_from_container(struct http_client *http,
					       struct aws_credentials *ret, bool *ret_found,
					       struct error *err);

#endif
