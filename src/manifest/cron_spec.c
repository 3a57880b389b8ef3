/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/cron_spec.h"

#include <stdlib.h>

#include "base/alloc.h"

const char *const cron_concurrency_words[CRON_CONCURRENCIES] = {
	[CRON_ALLOW] = "Allow", [CRON_FORBID] = "Forbid", [CRON_REPLACE] = "Replace"};

void cron_spec_clear(struct cron_spec *spec)
{
	free(spec->schedule);
	free(spec->time_zone);
	*spec = (struct cron_spec){0};
}

void cron_spec_copy(struct cron_spec *to, const struct cron_spec *from)
{
	cron_spec_clear(to);
	*to = *from;
	to->schedule = xstrdup_or_null(from->schedule);
	to->time_zone = xstrdup_or_null(from->time_zone);
}
