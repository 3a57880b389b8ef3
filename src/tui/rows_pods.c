/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/rows_pods.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "local/client/verdict.h"
#include "tui/draw.h"
#include "tui/table.h"

enum pod_column {
	POD_NAME,
	POD_STATE,
	POD_READY,
	POD_RESTARTS,
	POD_EXIT,
	POD_AGE,
	POD_CPU,
	POD_CPU_BARS,
	POD_MEMORY,
	POD_MEMORY_BARS,
	POD_PORTS,
	POD_IMAGE,
};

/* "✗ CrashLoopBackOff": so wide is the longest state that one meets. */
enum { STATE_WIDTH = 18, NAME_LEAST = 8, NARROW = 80 };

static const struct column wide_columns[] = {
	[POD_NAME] = {"POD", COLUMN_NAME, 48, 0, 0, NAME_LEAST},
	[POD_STATE] = {"STATE", COLUMN_LEFT, 20, 0, STATE_WIDTH},
	[POD_READY] = {"READY", COLUMN_RIGHT, 0, 3, 5},
	[POD_RESTARTS] = {"RESTARTS", COLUMN_RIGHT, 0, 0},
	[POD_EXIT] = {"EXIT", COLUMN_RIGHT, 0, 0, 4},
	[POD_AGE] = {"AGE", COLUMN_RIGHT, 0, 2, 5},
	[POD_CPU] = {"CPU", COLUMN_RIGHT, 0, 5, 4},
	[POD_CPU_BARS] = {"", COLUMN_SPARK, 12, 9},
	[POD_MEMORY] = {"MEM", COLUMN_RIGHT, 0, 6, 5},
	[POD_MEMORY_BARS] = {"", COLUMN_SPARK, 12, 10},
	[POD_PORTS] = {"PORTS", COLUMN_LEFT, 28, 7},
	[POD_IMAGE] = {"IMAGE", COLUMN_LEFT, 0, 8, 8},
};

/* What is the matter comes first, and of a name as much as there is room for. */
static const struct column narrow_columns[] = {
	[POD_NAME] = {"POD", COLUMN_NAME, 48, 0, 0, NAME_LEAST},
	[POD_STATE] = {"STATE", COLUMN_LEFT, STATE_WIDTH, 0, STATE_WIDTH},
	[POD_READY] = {"READY", COLUMN_RIGHT, 0, 3, 5},
	[POD_RESTARTS] = {"RST", COLUMN_RIGHT, 0, 0, 3},
	[POD_EXIT] = {"EXIT", COLUMN_RIGHT, 0, 0, 4},
	[POD_AGE] = {"AGE", COLUMN_RIGHT, 0, 4, 5},
	[POD_CPU] = {"CPU", COLUMN_RIGHT, 0, 5, 4},
	[POD_CPU_BARS] = {"", COLUMN_SPARK, SPARK_LEAST, 9},
	[POD_MEMORY] = {"MEM", COLUMN_RIGHT, 0, 6, 5},
	[POD_MEMORY_BARS] = {"", COLUMN_SPARK, SPARK_LEAST, 10},
	[POD_PORTS] = {"PORTS", COLUMN_LEFT, 28, 7},
	[POD_IMAGE] = {"IMAGE", COLUMN_LEFT, 0, 8, 8},
};
static const uint8_t narrow_order[] = {
	POD_STATE, POD_RESTARTS, POD_EXIT,   POD_NAME,	      POD_READY, POD_AGE,
	POD_CPU,   POD_CPU_BARS, POD_MEMORY, POD_MEMORY_BARS, POD_PORTS, POD_IMAGE,
};

void draw_count_containers(const struct instance_status *instance, unsigned *ret_ready,
			   unsigned *ret_all)
{
	*ret_ready = 0;
	*ret_all = 0;
	for (size_t i = 0; i < instance->container_count; i++) {
		if (instance->containers[i].is_init)
			continue;
		(*ret_all)++;
		*ret_ready += instance->containers[i].is_ready ? 1 : 0;
	}
}

char *draw_ports(const struct project_status *status, const char *pod)
{
	struct strbuf out = STRBUF_INIT;
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		if (!port_status_serves(port, pod) || port->host_port == 0)
			continue;
		strbuf_appendf(&out, "%s%u→%u%s", out.size ? " " : "", (unsigned)port->host_port,
			       (unsigned)port->target_port, port->is_udp ? "/udp" : "");
	}
	return strbuf_take(&out);
}

static void set_load(struct table_row *row, const struct model *model,
		     const struct instance_status *instance)
{
	const struct load_history *load = model_find_load(model, instance->name);
	char used[SHORT_SIZE];

	if (instance->memory_used_bytes > 0) {
		draw_size(used, instance->memory_used_bytes);
		table_set(row, POD_MEMORY, STYLE_NORMAL, "%s", used);
		table_set_number(row, POD_MEMORY, (int64_t)instance->memory_used_bytes);
	}
	if (load == NULL || load->count == 0)
		return;
	unsigned percent = load->cpu_percent[load->count - 1];
	table_set(row, POD_CPU, percent >= 90 ? STYLE_WARNING : STYLE_NORMAL, "%u%%", percent);
	table_set_number(row, POD_CPU, percent);
	row->fields[POD_CPU_BARS] = (struct table_field){.style = STYLE_OK,
							 .bars = load->cpu_percent,
							 .bar_count = load->count,
							 .bar_limit = 100};
	row->fields[POD_MEMORY_BARS] = (struct table_field){.style = {.colour = COLOUR_MAGENTA},
							    .bars = load->memory_percent,
							    .bar_count = load->count,
							    .bar_limit = 100};
}

static void set_state(struct table_row *row, const struct instance_status *instance)
{
	table_set(row, POD_STATE, draw_state_style(instance), "%s %s", draw_state_sign(instance),
		  instance_state_text(instance));
	table_set_number(row, POD_STATE, -(int64_t)instance->state);
}

void draw_exit(struct table_row *row, size_t column, const struct instance_status *instance)
{
	const struct container_status *failed = NULL;

	(void)instance_is_looping(instance, &failed);
	for (size_t i = 0; failed == NULL && i < instance->container_count; i++) {
		if (instance->containers[i].exit_code > 0)
			failed = &instance->containers[i];
	}
	if (failed == NULL || failed->exit_code < 0)
		return;
	table_set(row, column, failed->state == CONTAINER_RUNNING ? STYLE_WARNING : STYLE_ERROR,
		  "%d", failed->exit_code);
	table_set_number(row, column, failed->exit_code);
}

static void add_instance(struct table *table, const struct model *model,
			 const struct pod_status *pod, const struct instance_status *instance)
{
	struct table_row *row = table_add(table, 0, instance->name);
	AUTO_FREE char *ports = draw_ports(&model->status, pod->name);
	unsigned restarts = instance->restarts + instance->vm_restarts;
	unsigned ready = 0;
	unsigned all = 0;
	char age[AGE_SIZE];

	row->pod = pod;
	row->instance = instance;
	row->is_marked = string_list_has(&model->marked, instance->name);
	draw_count_containers(instance, &ready, &all);
	draw_age(age, model, instance->created_ns);
	table_set(row, POD_NAME, STYLE_BOLD, "%s", instance->name);
	set_state(row, instance);
	if (all > 0)
		table_set(row, POD_READY, ready == all ? STYLE_NORMAL : STYLE_WARNING, "%u/%u",
			  ready, all);
	else /* the guest has not said what it runs */
		table_set(row, POD_READY, STYLE_DIM, "-");
	table_set(row, POD_RESTARTS, restarts ? STYLE_WARNING : STYLE_DIM, "%u", restarts);
	table_set_number(row, POD_RESTARTS, restarts);
	draw_exit(row, POD_EXIT, instance);
	table_set(row, POD_AGE, STYLE_NORMAL, "%s", age);
	table_set_number(row, POD_AGE, instance->created_ns);
	set_load(row, model, instance);
	table_set(row, POD_PORTS, STYLE_NORMAL, "%s", ports);
	table_set(row, POD_IMAGE, instance->is_dirty ? STYLE_WARNING : STYLE_DIM, "%.7s%s",
		  DIGEST_HEX(&instance->release.image), instance->is_dirty ? "*" : "");
}

/* "Job, 2 of 3 complete, 1 active" */
static char *describe_job(const struct pod_status *pod)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	strbuf_append(&text, "Job");
	if (pod->message != NULL)
		strbuf_appendf(&text, ", %s", pod->message);
	else if (pod->desired != 1)
		strbuf_appendf(&text, ", %u of %u complete", pod->ready, pod->desired);
	if (pod->active > 0)
		strbuf_appendf(&text, ", %u active", pod->active);
	return strbuf_take(&text);
}

char *draw_pod_text(const struct pod_status *pod)
{
	if (pod->cron.schedule != NULL)
		return xasprintf("CronJob %s", pod->message != NULL ? pod->message : "");
	if (pod->is_job)
		return describe_job(pod);
	return xstrdup(pod->message	? pod->message
		       : pod->is_failed ? "failed"
		       : pod->desired	? "waiting"
					: "scaled to 0");
}

static void add_idle(struct table *table, const struct pod_status *pod)
{
	struct table_row *row = table_add(table, 0, pod->name);
	AUTO_FREE char *message = draw_pod_text(pod);
	bool is_complete = pod->is_job && pod->job_end == JOB_COMPLETE;
	struct style style = pod->is_failed ? STYLE_ERROR : is_complete ? STYLE_OK : STYLE_DIM;
	const char *sign = pod->is_failed ? "✗" : is_complete ? "✓" : "○";

	row->pod = pod;
	table_set(row, POD_NAME, STYLE_BOLD, "%s", pod->name);
	if (table->order != NULL) { /* the pane below has it whole */
		table_set(row, POD_STATE, style, "%s %s", sign, message);
		return;
	}
	row->note = xasprintf("%s %s", sign, message);
	row->note_style = style;
}

static int by_name(const void *a, const void *b)
{
	const struct table_row *left = a;
	const struct table_row *right = b;
	return strverscmp(left->key, right->key);
}

void rows_of_pods(struct table *table, const struct model *model)
{
	const struct project_status *status = &model->status;

	bool is_narrow = model->columns < NARROW;

	table->columns = is_narrow ? narrow_columns : wide_columns;
	table->column_count = ARRAY_SIZE(wide_columns);
	table->order = is_narrow ? narrow_order : NULL;
	for (size_t p = 0; p < status->pod_count; p++) {
		const struct pod_status *pod = &status->pods[p];
		bool has_instance = false;
		for (size_t i = 0; i < status->instance_count; i++) {
			if (strcmp(status->instances[i].pod, pod->name) != 0)
				continue;
			has_instance = true;
			add_instance(table, model, pod, &status->instances[i]);
		}
		/* A Job of several pods has a line beside theirs: how far it is. */
		if (!has_instance || (pod->is_job && pod->desired != 1))
			add_idle(table, pod);
	}
	if (table->row_count > 1)
		qsort(table->rows, table->row_count, sizeof(*table->rows), by_name);
}
