/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/receipt_wait.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "local/client/client.h"
#include "release/receipt.h"

static bool is_whole(const struct project_status *status, const char *pod)
{
	const struct pod_status *found = project_status_pod(status, pod);

	return found != NULL && found->desired > 0 && found->ready >= found->desired;
}

/* The pod of an instance that is ready and whose release has no receipt yet; NULL: there is none. */
static const char *find_unproved(const struct project_status *status, const char *project)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		AUTO(receipt_clear) struct receipt receipt = {0};
		AUTO(error_clear) struct error problem = ERROR_INIT;
		if (instance->is_ready && is_whole(status, instance->pod) &&
		    !receipt_find(project, instance->pod, &instance->release, &receipt, &problem) &&
		    problem.kind == ERROR_NOT_FOUND)
			return instance->pod;
	}
	return NULL;
}

void receipt_wait(const struct invocation *invocation, const char *project)
{
	enum { STEP_MS = 200, PATIENCE_MS = 60000 };
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	AUTO_PTR(loop) struct loop *loop = loop_new(&ignored);
	AUTO_PTR(client)
	struct client *client = loop != NULL ? client_open(loop, project, &ignored) : NULL;
	uint64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;
	bool is_said = false;

	while (client != NULL && !interrupt_is_set() && clock_monotonic_ms() < end_ms) {
		AUTO(project_status_clear) struct project_status status = {0};
		if (!client_status(client, &status, &ignored) || !status.is_supervised)
			return;
		const char *pod = find_unproved(&status, project);
		if (pod == NULL)
			return;
		if (!is_said)
			output_note(invocation,
				    "%s is ready; its disk is still being read for the receipt",
				    pod);
		is_said = true;
		loop_step(loop, STEP_MS);
	}
}
