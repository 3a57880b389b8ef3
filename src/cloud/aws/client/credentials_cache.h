/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_CACHE_H
#define I2KIT_CLOUD_AWS_CLIENT_CREDENTIALS_CACHE_H

/*
 * The files below ~/.aws that the AWS command line keeps between its runs and shares with every
 * other tool: sso/cache (SHA-1 of the session's name or the start URL), cli/cache (SHA-1 of a
 * role's parameters), login/cache (SHA-256 of the login session). Format: botocore's JSONFileCache.
 */

#include "base/json.h"
#include "base/strbuf.h"

/* "~/.aws/FOLDER/NAME.json". Owned. */
char *aws_cache_path(const char *folder, const char *name);
/* NULL: there is none, or it is no JSON object; the command line takes both for "not there". */
struct json_document *aws_cache_read(const char *path);
/*
 * Held until it is closed: two programs that renew one token would each make the other's worthless.
 * The lock is on the folder, so it leaves no file there. -1 where there is no folder, or after ten
 * seconds: then as the command line, which has no lock.
 */
int aws_cache_lock(const char *path);
/* Whole or not at all, for its owner alone; makes the folder. */
MUST_CHECK bool aws_cache_write(const char *path, const struct strbuf *text, struct error *err);

/* A time of such a file: RFC 3339, or with "UTC" for "Z" as botocore writes. 0: none. */
int64_t aws_cache_time(struct json_view view);
/* A text that may go into a header; NULL otherwise. Borrowed. */
const char *aws_cache_secret(struct json_view view);

#endif
