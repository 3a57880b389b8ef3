/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the services, images, events and jobs screens. */
#include "tui/rows_lists.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "tui/draw.h"
#include "tui/table.h"

static void set_columns(struct table *table, const struct column *columns, size_t count)
{
	table->columns = columns;
	table->column_count = count;
}

/* ---- services ---- */

static void set_port_note(struct table_row *row, size_t column, const struct port_status *port)
{
	if (port->problem != NULL)
		table_set(row, column, STYLE_ERROR, "✗ %s", port->problem);
	else if (port->parked > 0)
		table_set(row, column, STYLE_WARNING, "%" PRIu64 " waiting for a pod",
			  port->parked);
	else if (port->wanted_host_port != 0 && port->wanted_host_port != port->host_port)
		table_set(row, column, STYLE_DIM, "moved from %u",
			  (unsigned)port->wanted_host_port);
}

static const struct pod_status *pod_behind(const struct model *model,
					   const struct port_status *port)
{
	for (size_t i = 0; i < model->status.pod_count; i++) {
		if (port_status_serves(port, model->status.pods[i].name))
			return &model->status.pods[i];
	}
	return NULL;
}

static void add_port(struct table *table, const struct model *model, size_t index)
{
	const struct port_status *port = &model->status.ports[index];
	AUTO_FREE char *key = xasprintf("%s %u %d", port->service, (unsigned)port->service_port,
					port->is_udp ? 1 : 0);
	AUTO_FREE char *pods = string_list_join(&port->pods, " ");
	struct table_row *row = table_add(table, index, key);

	row->pod = pod_behind(model, port);
	table_set(row, 0, STYLE_BOLD, "%s", port->service);
	if (port->outside != NULL) {
		table_set(row, 1, STYLE_DIM, "outside");
		if (port->service_port != 0)
			table_set(row, 2, STYLE_NORMAL, "%u/%s", (unsigned)port->service_port,
				  port->is_udp ? "udp" : "tcp");
		table_set(row, 3, STYLE_NORMAL, "→ %s", port->outside);
		return;
	}
	if (port->host_port != 0)
		table_set(row, 1, port->problem ? STYLE_ERROR : STYLE_OK, "%s:%u", port->host,
			  (unsigned)port->host_port);
	else
		table_set(row, 1, STYLE_DIM, "%s",
			  port->problem || port->wanted_host_port ? "not bound" : "inside only");
	table_set(row, 2, STYLE_NORMAL, "%u→%u/%s", (unsigned)port->service_port,
		  (unsigned)port->target_port, port->is_udp ? "udp" : "tcp");
	table_set(row, 3, STYLE_NORMAL, "%s", pods);
	table_set(row, 4, port->backends ? STYLE_NORMAL : STYLE_WARNING, "%u", port->backends);
	table_set_number(row, 4, port->backends);
	table_set(row, 5, STYLE_NORMAL, "%" PRIu64, port->connections);
	table_set_number(row, 5, (int64_t)port->connections);
	table_set(row, 6, STYLE_NORMAL, "%" PRIu64, port->total_connections);
	table_set_number(row, 6, (int64_t)port->total_connections);
	set_port_note(row, 7, port);
}

void rows_of_services(struct table *table, const struct model *model)
{
	static const struct column columns[] = {
		{"SERVICE", COLUMN_NAME, 28, 0, 0, 8}, {"ADDRESS", COLUMN_LEFT, 24, 0},
		{"PORT", COLUMN_LEFT, 0, 2},	       {"PODS", COLUMN_LEFT, 24, 5},
		{"READY", COLUMN_RIGHT, 0, 1},	       {"OPEN", COLUMN_RIGHT, 0, 3, 5},
		{"TOTAL", COLUMN_RIGHT, 0, 4, 7},      {"", COLUMN_LEFT, 0, 0},
	};
	set_columns(table, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < model->status.port_count; i++)
		add_port(table, model, i);
}

/* ---- images ---- */

void rows_of_images(struct table *table, const struct model *model)
{
	static const struct column columns[] = {
		{"IMAGE", COLUMN_NAME, 60, 0, 0, 16}, {"DIGEST", COLUMN_LEFT, 0, 1},
		{"LAYERS", COLUMN_RIGHT, 0, 3},	      {"SIZE", COLUMN_RIGHT, 0, 2},
		{"PULLED", COLUMN_LEFT, 0, 4},	      {"FROM", COLUMN_LEFT, 40, 5},
	};
	const struct answer *answer = &model->answers[ASK_IMAGES];

	set_columns(table, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < answer->row_count; i++) {
		const char *digest = answer_cell(answer, i, "digest");
		const char *pulled = answer_cell(answer, i, "pulled");
		struct table_row *row = table_add(table, i, answer_cell(answer, i, "reference"));
		uint64_t bytes = 0;
		char size[SHORT_SIZE] = "";
		table_set(row, 0, STYLE_BOLD, "%s", row->key);
		table_set(row, 1, STYLE_DIM, "%.12s",
			  strncmp(digest, "sha256:", 7) == 0 ? digest + 7 : digest);
		table_set(row, 2, STYLE_NORMAL, "%s", answer_cell(answer, i, "layers"));
		if (parse_u64(answer_cell(answer, i, "sizeBytes"), 0, INT64_MAX, &bytes)) {
			draw_size(size, bytes);
			table_set(row, 3, STYLE_NORMAL, "%s", size);
			table_set_number(row, 3, (int64_t)bytes);
		}
		/* "2026-11-26T13:45:10.123Z": to the minute is enough */
		if (strlen(pulled) >= 16)
			table_set(row, 4, STYLE_NORMAL, "%.10s %.5s", pulled, pulled + 11);
		table_set(row, 5, STYLE_DIM, "%s", answer_cell(answer, i, "source"));
	}
}

/* ---- events ---- */

/* "web-0/nginx" is about web-0. */
static const struct instance_status *instance_of(const struct model *model, const char *object)
{
	AUTO_FREE char *name = xstrndup(object, strcspn(object, "/"));
	return model_find_instance(model, name);
}

void rows_of_events(struct table *table, const struct model *model)
{
	static const struct column columns[] = {
		{"AGE", COLUMN_RIGHT, 0, 0, 5}, {"", COLUMN_LEFT, 0, 0},
		{"TYPE", COLUMN_LEFT, 18, 0},	{"OBJECT", COLUMN_NAME, 30, 1},
		{"MESSAGE", COLUMN_LEFT, 0, 0},
	};
	set_columns(table, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < model->event_count; i++) {
		const struct project_event *event = &model->events[i];
		struct style style = event->is_warning ? STYLE_WARNING : STYLE_NORMAL;
		AUTO_FREE char *key = xasprintf("%" PRIu64, event->sequence);
		struct table_row *row = table_add(table, i, key);
		char age[AGE_SIZE];
		row->instance = instance_of(model, event->object);
		draw_age(age, model, event->time_ns);
		table_set(row, 0, STYLE_DIM, "%s", age);
		table_set_number(row, 0, event->time_ns);
		table_set(row, 1, style, "%s", event->is_warning ? "!" : " ");
		table_set(row, 2, style, "%s", event->type);
		table_set(row, 3, STYLE_BOLD, "%s", event->object);
		table_set(row, 4, style, "%s", event->message);
	}
}

/* ---- jobs ---- */

void rows_of_jobs(struct table *table, const struct model *model)
{
	static const struct column columns[] = {
		{"STATE", COLUMN_LEFT, 0, 0, 10},
		{"TIME", COLUMN_RIGHT, 0, 1, 6},
		{"COMMAND", COLUMN_LEFT, 0, 0},
	};
	set_columns(table, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < model->job_count; i++) {
		const struct job *job = &model->jobs[i];
		AUTO_FREE char *key = xasprintf("%u", job->number);
		struct table_row *row = table_add(table, i, key);
		int64_t end_ns = job->is_running ? model->now_ns : job->ended_ns;
		int64_t seconds = (end_ns - job->started_ns) / 1000000000;
		char age[AGE_SIZE];
		clock_format_age(age, seconds > 0 ? (uint64_t)seconds : 0);
		if (job->is_running)
			table_set(row, 0, STYLE_WARNING, "◐ running");
		else if (job->exit_status == 0)
			table_set(row, 0, STYLE_OK, "✓ done");
		else
			table_set(row, 0, STYLE_ERROR, "✗ failed %d", job->exit_status);
		table_set(row, 1, STYLE_NORMAL, "%s", age);
		table_set_number(row, 1, seconds);
		table_set(row, 2, STYLE_BOLD, "%s", job->command);
	}
}
