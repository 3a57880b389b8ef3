/* SPDX-License-Identifier: Apache-2.0 */
/* INSTANCE/runs of the log store: what is read, written and read again is the same. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/logs/log_runs.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(log_runs_clear) struct log_runs runs = {0};
	AUTO(log_runs_clear) struct log_runs again = {0};
	AUTO_FREE char *text = xstrndup((const char *)bytes, size);
	log_runs_parse(&runs, text);
	AUTO_FREE char *written = log_runs_text(&runs);
	AUTO_FREE char *copy = xstrdup(written);
	log_runs_parse(&again, copy);
	AUTO_FREE char *twice = log_runs_text(&again);
	if (strcmp(written, twice) != 0)
		abort();
	for (size_t i = 0; i < runs.count; i++)
		(void)log_runs_is_previous(&runs, runs.items[i].container, 1, size, 0);
	return 0;
}
