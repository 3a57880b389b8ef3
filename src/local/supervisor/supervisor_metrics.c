/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/supervisor_metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "local/plan/metrics.h"
#include "local/supervisor/control.h"
#include "local/supervisor/metrics_port.h"
#include "local/supervisor/status.h"
#include "local/supervisor/supervisor_parts.h"

enum { RETRY_MS = 5000 };

struct metrics {
	struct metrics_port *port; /* or NULL */
	char *wanted;		   /* by the plan that was applied last */
	struct loop_timer *retry;  /* somebody else holds the port */
	bool is_said;
};

static char *text_of_now(void *arg)
{
	AUTO(project_status_clear) struct project_status status = {0};
	supervisor_status(arg, &status);
	return metrics_text(&status);
}

static void open_port(struct supervisor *supervisor)
{
	struct metrics *metrics = supervisor->metrics;
	AUTO(error_clear) struct error err = ERROR_INIT;

	metrics->port = metrics_port_open(supervisor->loop, metrics->wanted, 0, text_of_now,
					  supervisor, &err);
	if (metrics->port == NULL) {
		if (!metrics->is_said)
			supervisor_say(supervisor, true, "MetricsPort", supervisor->project, "%s",
				       err.message);
		metrics->is_said = true;
		loop_timer_set(metrics->retry, RETRY_MS);
		return;
	}
	supervisor_say(supervisor, false, "MetricsPort", supervisor->project, "http://%s/metrics",
		       metrics_port_address(metrics->port));
	if (supervisor->control != NULL)
		control_update_stats(supervisor->control);
}

static void on_retry(struct loop_timer *timer, void *arg)
{
	(void)timer;
	open_port(arg);
}

struct metrics *metrics_new(struct supervisor *supervisor)
{
	struct metrics *metrics = xcalloc(1, sizeof(*metrics));
	metrics->retry = loop_add_timer(supervisor->loop, RETRY_MS, on_retry, supervisor);
	loop_timer_cancel(metrics->retry);
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	metrics_port_close(metrics->port);
	loop_timer_remove(metrics->retry);
	free(metrics->wanted);
	free(metrics);
}

void metrics_apply(struct supervisor *supervisor)
{
	struct metrics *metrics = supervisor->metrics;
	const char *wanted = supervisor->plan.metrics;
	bool is_same = metrics->wanted == NULL || wanted == NULL
			       ? metrics->wanted == wanted
			       : strcmp(metrics->wanted, wanted) == 0;

	if (is_same)
		return;
	loop_timer_cancel(metrics->retry);
	metrics_port_close(TAKE_PTR(metrics->port));
	free(metrics->wanted);
	metrics->wanted = xstrdup_or_null(wanted);
	metrics->is_said = false;
	if (wanted != NULL)
		open_port(supervisor);
	else if (supervisor->control != NULL)
		control_update_stats(supervisor->control);
}

const char *metrics_address(const struct supervisor *supervisor)
{
	const struct metrics *metrics = supervisor->metrics;
	return metrics != NULL && metrics->port != NULL ? metrics_port_address(metrics->port)
							: NULL;
}
