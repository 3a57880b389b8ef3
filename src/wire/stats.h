/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_STATS_H
#define I2KIT_WIRE_STATS_H

/* A STATS message, doc/formats.md §5: what a pod uses. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct guest_container_stats {
	char name[64]; /* a DNS label */
	uint64_t cpu_usec;
	uint64_t memory_bytes;
	uint64_t read_bytes;
	uint64_t write_bytes;
	uint64_t pids;
};

struct guest_stats {
	int64_t time_ns;
	uint64_t memory_total_bytes;
	uint64_t memory_available_bytes;
	uint64_t memory_used_bytes;
	double load1; /* two decimals */
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	struct guest_container_stats *containers; /* owned */
	size_t container_count;
};
void guest_stats_clear(struct guest_stats *stats);

/* Owned. */
char *guest_stats_write(const struct guest_stats *stats);
MUST_CHECK bool guest_stats_read(const void *bytes, size_t size, struct guest_stats *ret,
				 struct error *err);

#endif
