/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_METADATA_H
#define I2KIT_CLOUD_AWS_CLIENT_METADATA_H

/* What EC2's instance metadata says of the machine this runs on. */

#include "base/error.h"

struct aws_credentials;
struct aws_settings;
struct http_client;

MUST_CHECK bool aws_credentials_from_metadata(const struct aws_settings *settings,
					      struct http_client *http, struct aws_credentials *ret,
					      bool *ret_found, struct error *err);
/* The region instance metadata tells, or NULL. Owned. */
char *aws_region_from_metadata(const struct aws_settings *settings, struct http_client *http);

#endif
