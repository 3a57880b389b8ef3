/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/check.h"

#include <stdlib.h>

#include "base/alloc.h"

void check_clear(struct check *check)
{
	string_list_clear(&check->command);
	free(check->host);
	free(check->path);
	string_list_clear(&check->headers);
	free(check->service);
	string_list_clear(&check->environment);
	free(check->user);
	free(check->working_dir);
	*check = (struct check){0};
}

void check_copy(struct check *to, const struct check *from)
{
	to->type = from->type;
	string_list_copy(&to->command, &from->command);
	to->host = xstrdup_or_null(from->host);
	to->port = from->port;
	to->path = xstrdup_or_null(from->path);
	to->is_https = from->is_https;
	string_list_copy(&to->headers, &from->headers);
	to->service = xstrdup_or_null(from->service);
	string_list_copy(&to->environment, &from->environment);
	to->user = xstrdup_or_null(from->user);
	to->working_dir = xstrdup_or_null(from->working_dir);
	to->sleep_ms = from->sleep_ms;
}
