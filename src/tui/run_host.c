/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/run_host.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/string_list.h"
#include "tui/runner.h"

enum { PROC_MAX = 1 << 20 };

/* /proc/stat: "cpu  user nice system idle iowait irq softirq steal …" in ticks */
static void read_cpu(struct runner *runner, struct event *ret)
{
	AUTO_FREE char *text = NULL;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	uint64_t total = 0;
	uint64_t idle = 0;
	size_t field = 0;

	if (!file_read("/proc/stat", PROC_MAX, &text, NULL, NULL))
		return;
	text[strcspn(text, "\n")] = '\0';
	string_list_split(&words, text, ' ');
	for (size_t i = 1; i < words.count && field < 8; i++) {
		uint64_t ticks = 0;
		if (!parse_u64(words.items[i], 0, UINT64_MAX, &ticks))
			continue;
		total += ticks;
		if (field == 3 || field == 4)
			idle += ticks;
		field++;
	}
	uint64_t busy = total - idle;
	if (runner->last_total != 0 && total > runner->last_total)
		ret->percent =
			(unsigned)((busy - runner->last_busy) * 100 / (total - runner->last_total));
	runner->last_busy = busy;
	runner->last_total = total;
}

/* /proc/meminfo: "MemAvailable:   123456 kB" */
static uint64_t memory_field(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	char digits[24];
	uint64_t kib = 0;

	if (at == NULL)
		return 0;
	at += strlen(name);
	at += strspn(at, ": \t");
	size_t length = strspn(at, "0123456789");
	if (length == 0 || length >= sizeof(digits))
		return 0;
	memcpy(digits, at, length);
	digits[length] = '\0';
	return parse_u64(digits, 0, UINT64_MAX / 1024, &kib) ? kib * 1024 : 0;
}

void runner_measure_host(struct runner *runner, struct event *ret)
{
	AUTO_FREE char *text = NULL;

	read_cpu(runner, ret);
	if (!file_read("/proc/meminfo", PROC_MAX, &text, NULL, NULL))
		return;
	ret->memory_total = memory_field(text, "MemTotal");
	uint64_t available = memory_field(text, "MemAvailable");
	ret->memory_used = ret->memory_total > available ? ret->memory_total - available : 0;
}
