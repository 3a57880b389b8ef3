/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/image_health.h"

#include <string.h>

#include "base/cleanup.h"

enum { WORDS_MAX = 4096 };

static uint64_t milliseconds(struct json_view health, const char *key, uint64_t standard)
{
	static const int64_t ns = 1000000;
	int64_t value = json_view_number(json_view_get(health, key), 0, INT64_MAX, 0);
	return value >= ns ? (uint64_t)(value / ns) : standard;
}

void image_health_fill(struct probe_spec *probe, struct json_view health)
{
	AUTO(string_list_clear) struct string_list test = STRING_LIST_INIT;

	if (!json_view_exists(health) || probe->check.type != CHECK_NONE)
		return;
	json_view_texts(json_view_get(health, "Test"), WORDS_MAX, &test);
	bool is_shell = test.count == 2 && strcmp(test.items[0], "CMD-SHELL") == 0;
	if (!is_shell && (test.count < 2 || strcmp(test.items[0], "CMD") != 0))
		return;
	probe->check.type = CHECK_EXEC;
	if (is_shell) {
		string_list_add(&probe->check.command, "/bin/sh");
		string_list_add(&probe->check.command, "-c");
	}
	for (size_t i = 1; i < test.count; i++)
		string_list_add(&probe->check.command, test.items[i]);
	if (probe->period_ms == 0)
		probe->period_ms = milliseconds(health, "Interval", 30000);
	if (probe->timeout_ms == 0)
		probe->timeout_ms = milliseconds(health, "Timeout", 30000);
	if (probe->failure_threshold == 0)
		probe->failure_threshold =
			(unsigned)json_view_number(json_view_get(health, "Retries"), 0, 1000, 0);
	if (probe->failure_threshold == 0)
		probe->failure_threshold = 3;
	probe->success_threshold = 1;
	probe->grace_ms = -1;
}
