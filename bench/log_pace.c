/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_pace PROJECT LINES-A-SECOND LINES: appends lines of three pods to the log store of PROJECT
 * (under XDG_DATA_HOME) as a supervisor would, at that pace (0: as fast as it goes). Every tenth
 * line is JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "local/logs/log_store.h"
#include "local/logs/log_store_append.h"

enum { BATCH = 50, PODS = 3 };

static void wait_until(uint64_t due_us)
{
	uint64_t now_us = clock_monotonic_us();
	if (now_us >= due_us)
		return;
	struct timespec pause = {.tv_sec = (time_t)((due_us - now_us) / 1000000),
				 .tv_nsec = (long)((due_us - now_us) % 1000000 * 1000)};
	(void)nanosleep(&pause, NULL);
}

static bool write_batch(struct log_store *store, uint64_t first)
{
	static char texts[BATCH][192];
	struct log_entry entries[BATCH];
	char pod[16];
	char instance[16];

	(void)snprintf(pod, sizeof(pod), "pod%" PRIu64, first / BATCH % PODS);
	(void)snprintf(instance, sizeof(instance), "%s-0", pod);
	for (uint64_t i = 0; i < BATCH; i++) {
		bool is_json = (first + i) % 10 == 0;
		int size = snprintf(texts[i], sizeof(texts[i]),
				    is_json ? "{\"level\":\"info\",\"msg\":\"request %" PRIu64
					      " done\",\"path\":\"/index.html\",\"ms\":12}"
					    : "10.77.1.5 - - \"GET /index.html?n=%" PRIu64
					      " HTTP/1.1\" 200 612 \"-\" \"curl/7.88\"",
				    first + i);
		entries[i] = (struct log_entry){.guest_sequence = first + i + 1,
						.time_ns = clock_wall_ns(),
						.source = (first + i) % 7 == 0,
						.container = "main",
						.text = texts[i],
						.size = (size_t)size};
	}
	return log_store_append(store, pod, instance, "boot", entries, BATCH, NULL);
}

int main(int argc, char **argv)
{
	uint64_t pace = 0;
	uint64_t lines = 0;

	if (argc != 4 || !parse_u64(argv[2], 0, 10000000, &pace) ||
	    !parse_u64(argv[3], 1, 100000000, &lines)) {
		(void)fprintf(stderr, "usage: log_pace PROJECT LINES-A-SECOND LINES\n");
		return 2;
	}
	struct log_store *store = log_store_open(argv[1], NULL, NULL);
	if (store == NULL)
		return 1;
	uint64_t start_us = clock_monotonic_us();
	for (uint64_t done = 0; done < lines; done += BATCH) {
		if (!write_batch(store, done))
			return 1;
		if (pace > 0)
			wait_until(start_us + (done + BATCH) * 1000000 / pace);
	}
	log_store_close(store);
	return 0;
}
