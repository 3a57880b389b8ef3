/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/project_verb.h"
#include "cli/table.h"
#include "local/plan/status_json.h"

enum { STEP_MS = 100, INTERVAL_MS = 1000 };

static uint64_t cpu_of(const struct instance_status *instance, const char *container)
{
	if (container == NULL)
		return instance->cpu_usec;
	for (size_t i = 0; i < instance->container_count; i++) {
		if (strcmp(instance->containers[i].name, container) == 0)
			return instance->containers[i].cpu_usec;
	}
	return 0;
}

/* CPU between two measurements of one instance or container, in percent of one CPU. */
static void add_cpu(struct table *table, const struct instance_status *then,
		    const struct instance_status *now, const char *container)
{
	int64_t passed_us = then != NULL ? (now->stats_time_ns - then->stats_time_ns) / 1000 : 0;
	uint64_t before = then != NULL ? cpu_of(then, container) : 0;
	uint64_t after = cpu_of(now, container);

	if (then == NULL || then->stats_time_ns == 0 || passed_us <= 0 || after < before)
		table_add_cell(table, STYLE_NONE, "-");
	else
		table_add_cell(table, STYLE_NONE, "%.1f%%",
			       (double)(after - before) * 100.0 / (double)passed_us);
}

static void print_stats(const struct invocation *invocation, const struct project_status *before,
			const struct project_status *now)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
	char used[OUTPUT_SIZE_SIZE];
	char size[OUTPUT_SIZE_SIZE];

	table_add_column(table, "NAME", TABLE_LEFT);
	table_add_column(table, "CPU", TABLE_RIGHT);
	table_add_column(table, "MEMORY", TABLE_RIGHT);
	table_add_column(table, "OF", TABLE_RIGHT);
	table_add_column(table, "CONTAINER", TABLE_LEFT);
	for (size_t i = 0; i < now->instance_count; i++) {
		const struct instance_status *instance = &now->instances[i];
		output_format_size(used, instance->memory_used_bytes);
		output_format_size(size, instance->memory_bytes);
		table_add_cell(table, STYLE_BOLD, "%s", instance->name);
		add_cpu(table, project_status_instance(before, instance->name), instance, NULL);
		table_add_cell(table, STYLE_NONE, "%s", used);
		table_add_cell(table, STYLE_NONE, "%s", size);
		table_add_cell(table, STYLE_NONE, "%s", "");
		for (size_t c = 0; c < instance->container_count; c++) {
			if (instance->containers[c].state != CONTAINER_RUNNING)
				continue;
			output_format_size(used, instance->containers[c].memory_bytes);
			table_add_cell(table, STYLE_DIM, "%s", "");
			add_cpu(table, project_status_instance(before, instance->name), instance,
				instance->containers[c].name);
			table_add_cell(table, STYLE_NONE, "%s", used);
			table_add_cell(table, STYLE_NONE, "%s", "");
			table_add_cell(table, STYLE_NONE, "%s", instance->containers[c].name);
		}
	}
	table_print(table, stdout);
}

static void wait_ms(struct loop *loop, uint64_t ms)
{
	uint64_t end_ms = clock_monotonic_ms() + ms;
	while (!interrupt_is_set() && clock_monotonic_ms() < end_ms)
		loop_step(loop, STEP_MS);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(project_status_clear) struct project_status before = {0};
	bool is_once =
		arguments_flag(invocation->args, "once") || invocation->output == OUTPUT_JSON;

	if (!project_verb_open(invocation, false, &verb, err))
		return 1;
	if (!project_verb_is_up(&verb, err))
		return 1;
	client_watch_stats(verb.client, INTERVAL_MS);
	/* The first measurements are on their way. */
	wait_ms(verb.loop, INTERVAL_MS + INTERVAL_MS / 2);
	if (!client_status(verb.client, &before, err))
		return 1;
	do {
		AUTO(project_status_clear) struct project_status now = {0};
		wait_ms(verb.loop, 2 * INTERVAL_MS);
		if (interrupt_is_set() || !client_status(verb.client, &now, err))
			return err->kind == ERROR_NONE ? 0 : 1;
		if (invocation->output == OUTPUT_JSON) {
			AUTO_FREE char *json = project_status_to_json(&now, true);
			output_document(json);
		} else {
			if (!is_once && invocation->is_interactive)
				(void)fputs("\x1b[H\x1b[J", stdout);
			print_stats(invocation, &before, &now);
		}
		(void)fflush(stdout);
		project_status_clear(&before);
		before = now;
		now = (struct project_status){0};
	} while (!is_once && !interrupt_is_set());
	return 0;
}

static const struct option_spec options[] = {
	{"once", 0, OPTION_FLAG, NULL, "show them once and leave", COMPLETE_NONE},
};

const struct verb verb_stats = {
	.name = "stats",
	.alias = "top",
	.group = VERB_WATCH,
	.summary = "show the CPU and memory that pods use",
	.description =
		"Shows the CPU that the containers of each VM use (100% is one core), the memory "
		"in use inside it, and each container's share; anew every two seconds.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.names = "{.instances[*].name}",
	.example = "i2kit stats\ni2kit stats --once",
	.run = run,
};
