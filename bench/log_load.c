/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_load PROJECT PODS MEGABYTES: writes lines of about 100 bytes into the log store of PROJECT
 * (under XDG_DATA_HOME) for so many pods in turn, in messages as the agent hands them on, then
 * reads them all back merged. Prints MB/s written, MB/s read, lines lost.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "local/logs/log_reader.h"
#include "local/logs/log_store.h"
#include "local/logs/log_store_append.h"

#define BATCH	 128
#define MAX_PODS 64

static uint64_t sequences[MAX_PODS];

static uint64_t write_batch(struct log_store *store, uint64_t pod)
{
	struct log_entry entries[BATCH];
	static char texts[BATCH][128];
	char instance[32];
	char name[32];
	uint64_t bytes = 0;

	(void)snprintf(name, sizeof(name), "pod%" PRIu64, pod);
	(void)snprintf(instance, sizeof(instance), "pod%" PRIu64 "-0", pod);
	for (size_t i = 0; i < BATCH; i++) {
		int size =
			snprintf(texts[i], sizeof(texts[i]),
				 "10.77.1.5 - - [25/Nov/2026:02:06:26] \"GET /index.html?n=%" PRIu64
				 " HTTP/1.1\" 200 612 \"-\" \"curl/7.88\"",
				 sequences[pod]);
		entries[i] = (struct log_entry){.guest_sequence = ++sequences[pod],
						.time_ns = clock_wall_ns(),
						.container = "nginx",
						.text = texts[i],
						.size = (size_t)size};
		bytes += (uint64_t)size;
	}
	if (!log_store_append(store, name, instance, "boot", entries, BATCH, NULL))
		exit(1);
	return bytes;
}

int main(int argc, char **argv)
{
	struct log_store *store;
	struct log_reader *reader;
	struct log_line line;
	uint64_t pods;
	uint64_t megabytes;
	uint64_t written = 0;
	uint64_t read = 0;
	uint64_t lines = 0;
	uint64_t start;
	uint64_t write_us;
	uint64_t total = 0;

	if (argc != 4 || !parse_u64(argv[2], 1, MAX_PODS, &pods) ||
	    !parse_u64(argv[3], 1, 100000, &megabytes)) {
		(void)fprintf(stderr, "usage: log_load PROJECT PODS MEGABYTES\n");
		return 2;
	}
	store = log_store_open(argv[1], NULL, NULL);
	if (store == NULL)
		return 1;
	start = clock_monotonic_us();
	for (uint64_t i = 0; written < megabytes * 1000000; i++)
		written += write_batch(store, i % pods);
	write_us = clock_monotonic_us() - start;
	for (uint64_t i = 0; i < pods; i++)
		total += sequences[i];
	log_store_close(store);
	reader = log_reader_open(argv[1], NULL, NULL, NULL);
	start = clock_monotonic_us();
	while (reader != NULL && log_reader_next(reader, &line)) {
		read += line.size;
		lines++;
	}
	(void)printf("written %.1f MB/s, read %.1f MB/s, %" PRIu64 " of %" PRIu64
		     " lines kept under the quota\n",
		     (double)written / (double)write_us,
		     (double)read / (double)(clock_monotonic_us() - start), lines, total);
	log_reader_close(reader);
	return 0;
}
