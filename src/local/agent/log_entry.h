/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_AGENT_LOG_ENTRY_H
#define I2KIT_LOCAL_AGENT_LOG_ENTRY_H

/* A line on its way from a guest's channel into the log store. Borrowed by whoever is given it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_entry {
	uint64_t guest_sequence; /* 0: not from a guest */
	int64_t time_ns; /* the guest's clock; the store keeps it between its last and now */
	uint8_t source;	 /* 0 stdout, 1 stderr, 2 kernel, 3 init */
	bool is_partial;
	const char *container; /* NUL-terminated; checked: a DNS label, or empty */
	const char *text;      /* raw bytes, no NUL at the end */
	size_t size;
};

#endif
