/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_REHEARSAL_RUN_H
#define I2KIT_CLI_REHEARSAL_RUN_H

/*
 * Joins a machine of local/ with the cloud that cloud/ plays for it: each pod's disk is booted as
 * the cloud would boot it, and has passed when its own readiness signal arrived.
 */

#include "base/json_writer.h"
#include "cli/verb.h"
#include "cloud/promote.h"
#include "cloud/rehearsal.h"
#include "local/vm/rehearsal_vm.h"

#define REHEARSAL_TIMEOUT_OPTION                                                                   \
	{                                                                                          \
		"timeout", 0, OPTION_VALUE, "TIME", "how long it may take (3m)", COMPLETE_NONE     \
	}
#define REHEARSAL_FIRMWARE_OPTION                                                                  \
	{                                                                                          \
		"firmware", 0, OPTION_VALUE, "bios|uefi|both", "what starts the disk (both)",      \
			COMPLETE_FORMAT                                                            \
	}

struct rehearsal_request {
	const struct invocation *invocation;
	const struct cloud_rehearsal_table *cloud;
	const struct string_list *pods; /* names; empty or NULL: all */
	const char *stack;
	const char *region; /* or NULL */
	const struct environment *environment;
	bool has_bios;
	bool has_uefi;
	bool holds; /* until Ctrl-C, once ready */
	uint64_t timeout_ms;
	uint64_t memory_bytes;
	const struct rehearsal_port *ports;
	size_t port_count;
	struct json_writer *json; /* within a list: objects are added; NULL: lines on stdout */
};

/* "bios", "uefi", "both" or NULL, and --timeout. */
MUST_CHECK bool rehearsal_request_read(struct rehearsal_request *request, struct error *err);
/* One after the other; ends with the first one that fails. */
MUST_CHECK bool rehearsal_run_all(const struct rehearsal_request *request,
				  const struct promotion *promotion, struct error *err);

#endif
