/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_KEPT_H
#define I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_KEPT_H

/*
 * ~/.aws/cli/cache, where the AWS command line keeps the credentials of roles (assumed with keys or
 * with a web identity) and of SSO profiles, for itself and for every other tool. A file's name is
 * the SHA-1 of what was asked with, as JSON. Format: botocore's CachedCredentialFetcher.
 */

#include "cloud/aws/client/credentials.h"
#include "cloud/aws/client/credentials_role.h"

/*
 * The JSON that names a role's file; owned. A session's name is in it only where the profile gives
 * one. botocore: BaseAssumeRoleCredentialFetcher._create_cache_key.
 */
char *aws_kept_key_of_role(const struct aws_role *role);

/* False: none, or with less than 15 minutes left, as the command line has it. */
bool aws_kept_find(const char *key, struct aws_credentials *ret);
/*
 * provider: "sso", or NULL for roles. account: of 12 digits, or NULL. Where they cannot be kept
 * they are good all the same.
 */
void aws_kept_save(const char *key, const char *provider, const char *account,
		   const struct aws_credentials *credentials);

#endif
