/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_PROCESS_H
#define I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_PROCESS_H

/* Credentials that a program prints: credential_process, and its JSON wherever else it is met. */

#include <stddef.h>

#include "base/error.h"

struct aws_credentials;

/* An argv of shell words; JSON on stdout. */
MUST_CHECK bool aws_credentials_from_process(const char *command, struct aws_credentials *ret,
					     struct error *err);
/* Reads {"AccessKeyId","SecretAccessKey",token_key,expiry_key}. Bounded, strict. */
MUST_CHECK bool aws_credentials_from_json(const char *text, size_t size, const char *token_key,
					  struct aws_credentials *ret, struct error *err);

#endif
