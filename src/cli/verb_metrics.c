/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/project_verb.h"
#include "local/plan/metrics.h"

enum { STEP_MS = 50, INTERVAL_MS = 1000, PATIENCE_MS = 3000 };

static bool are_measured(const struct project_status *status)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		bool speaks =
			instance->state == INSTANCE_RUNNING || instance->state == INSTANCE_READY;
		if (speaks && instance->stats_time_ns == 0)
			return false;
	}
	return true;
}

/* Guests measure when they are asked to: until each that speaks has, or there is no patience. */
static bool measure(struct project_verb *verb, struct project_status *ret, struct error *err)
{
	uint64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;

	client_watch_stats(verb->client, INTERVAL_MS);
	for (;;) {
		project_status_clear(ret);
		if (!client_status(verb->client, ret, err))
			return false;
		if (!ret->is_supervised || are_measured(ret) || interrupt_is_set() ||
		    clock_monotonic_ms() >= end_ms)
			return true;
		loop_step(verb->loop, STEP_MS);
	}
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(project_status_clear) struct project_status status = {0};

	if (!project_verb_open(invocation, false, &verb, err) || !project_verb_is_up(&verb, err))
		return 1;
	if (!arguments_flag(invocation->args, "url")) {
		if (!measure(&verb, &status, err))
			return 1;
		AUTO_FREE char *text = metrics_text(&status);
		return fputs(text, stdout) >= 0 ? 0 : 1;
	}
	if (!client_status(verb.client, &status, err))
		return 1;
	if (status.metrics == NULL) {
		error_set(err, ERROR_NOT_FOUND, "project '%s' answers on no metrics port",
			  status.project);
		error_hint(err, "i2kit up -d --metrics; i2kit events says why one did not open");
		return 1;
	}
	(void)printf("http://%s/metrics\n", status.metrics);
	return 0;
}

static const struct option_spec options[] = {
	{"url", 0, OPTION_FLAG, NULL, "print where the port of up --metrics is", COMPLETE_NONE},
};

const struct verb verb_metrics = {
	.name = "metrics",
	.group = VERB_WATCH,
	.summary = "print the project's numbers for Prometheus",
	.description =
		"Prints what is measured of pods, VMs, containers and published ports in the "
		"OpenMetrics text format: readiness, restarts, CPU, memory, disks, network, and "
		"how long each stage of the boot took.\n\n"
		"`i2kit up --metrics` has the same text at http://127.0.0.1:9464/metrics for as "
		"long as the project is up (or at the next free port; --url prints it). It is off "
		"otherwise. examples/metrics has a Prometheus configuration and a Grafana board.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.example = "i2kit metrics\ni2kit up -d --metrics; curl \"$(i2kit metrics --url)\"",
	.run = run,
};
