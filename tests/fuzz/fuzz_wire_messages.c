/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "wire/event.h"
#include "wire/request.h"
#include "wire/stats.h"

/* What is taken can be said again, and is taken again. */

static void check_event(const uint8_t *bytes, size_t size)
{
	struct guest_event_texts texts;
	struct guest_event event;
	if (!guest_event_read(bytes, size, &texts, &event, NULL))
		return;
	AUTO_FREE char *text = guest_event_write(&event);
	if (!guest_event_read(text, strlen(text), &texts, &event, NULL))
		abort();
}

static void check_stats(const uint8_t *bytes, size_t size)
{
	AUTO(guest_stats_clear) struct guest_stats stats = {0};
	AUTO(guest_stats_clear) struct guest_stats again = {0};
	if (!guest_stats_read(bytes, size, &stats, NULL))
		return;
	AUTO_FREE char *text = guest_stats_write(&stats);
	if (!guest_stats_read(text, strlen(text), &again, NULL))
		abort();
}

static void check_exec(const uint8_t *bytes, size_t size)
{
	AUTO(exec_start_clear) struct exec_start start = {0};
	AUTO(exec_start_clear) struct exec_start again = {0};
	if (!exec_start_read(bytes, size, &start, NULL))
		return;
	AUTO_FREE char *text = exec_start_write(&start, NULL);
	if (text == NULL || !exec_start_read(text, strlen(text), &again, NULL))
		abort();
}

static void check_small(const uint8_t *bytes, size_t size)
{
	AUTO(hello_clear) struct hello hello = {0};
	AUTO(exec_exit_clear) struct exec_exit exit = {0};
	AUTO(tunnel_open_clear) struct tunnel_open open = {0};
	AUTO(file_push_clear) struct file_push push = {0};
	int64_t grace_s;
	(void)!hello_read(bytes, size, &hello, NULL);
	(void)!exec_exit_read(bytes, size, &exit, NULL);
	(void)!tunnel_open_read(bytes, size, &open, NULL);
	(void)!file_push_read(bytes, size, &push, NULL);
	(void)!shutdown_read(bytes, size, &grace_s, NULL);
	AUTO_FREE char *refusal = NULL;
	(void)!template_answer_read(bytes, size, &refusal, NULL);
}

/* The first byte says which reader gets the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (bytes[0] == 'e')
		check_event(bytes + 1, size - 1);
	else if (bytes[0] == 's')
		check_stats(bytes + 1, size - 1);
	else if (bytes[0] == 'x')
		check_exec(bytes + 1, size - 1);
	else
		check_small(bytes + 1, size - 1);
	return 0;
}
