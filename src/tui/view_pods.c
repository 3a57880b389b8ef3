/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "tui/draw.h"

/* From left to right; what does not fit is left out, the least needed first. */
enum { NAME_WIDTH = 20, STATE_WIDTH = 10, SPARK_WIDTH = 8 };

static void count_containers(const struct instance_status *instance, unsigned *ret_ready,
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

static void append_ports(const struct model *model, const char *pod, struct strbuf *out)
{
	for (size_t i = 0; i < model->status.port_count; i++) {
		const struct port_status *port = &model->status.ports[i];
		if (strcmp(port->service, pod) != 0 || port->host_port == 0)
			continue;
		strbuf_appendf(out, "%s%u→%u%s", out->size ? " " : "", (unsigned)port->host_port,
			       (unsigned)port->target_port, port->is_udp ? "/udp" : "");
	}
}

static int draw_load(struct canvas *canvas, const struct model *model,
		     const struct instance_status *instance, int row, int column)
{
	const struct load_history *load = model_find_load(model, instance->name);
	char used[SHORT_SIZE];

	if (load != NULL && load->count > 0)
		canvas_textf(canvas, row, column, 4, STYLE_NORMAL, "%3u%%",
			     (unsigned)load->cpu_percent[load->count - 1]);
	if (load != NULL)
		draw_spark(canvas, row, column + 5, SPARK_WIDTH, STYLE_OK, load->cpu_percent,
			   load->count, 100);
	column += 5 + SPARK_WIDTH + 1;
	draw_size(used, instance->memory_used_bytes);
	if (instance->memory_used_bytes > 0)
		canvas_textf(canvas, row, column, 5, STYLE_NORMAL, "%5s", used);
	if (load != NULL && canvas->columns >= 110)
		draw_spark(canvas, row, column + 6, SPARK_WIDTH, STYLE_OK, load->memory_percent,
			   load->count, 100);
	return column + 6 + (canvas->columns >= 110 ? SPARK_WIDTH + 1 : 0);
}

static void draw_instance(struct canvas *canvas, const struct model *model,
			  const struct instance_status *instance, int row)
{
	AUTO(strbuf_clear) struct strbuf ports = STRBUF_INIT;
	char age[AGE_SIZE];
	unsigned ready = 0;
	unsigned all = 0;
	int64_t seconds = (model->now_ns - instance->created_ns) / 1000000000;

	count_containers(instance, &ready, &all);
	clock_format_age(age, seconds > 0 ? (uint64_t)seconds : 0);
	canvas_text(canvas, row, 0, 1, STYLE_KEY,
		    string_list_has(&model->marked, instance->name) ? "+" : " ");
	canvas_field(canvas, row, 1, NAME_WIDTH, STYLE_BOLD, instance->name);
	int column = 2 + NAME_WIDTH;
	canvas_field(canvas, row, column, STATE_WIDTH, draw_state_style(instance),
		     instance->reason && instance->state != INSTANCE_READY
			     ? instance->reason
			     : instance_state_name(instance->state));
	column += STATE_WIDTH + 1;
	canvas_textf(canvas, row, column, 5, ready == all && all > 0 ? STYLE_OK : STYLE_WARNING,
		     "%u/%u", ready, all);
	canvas_textf(canvas, row, column + 6, 8, instance->restarts ? STYLE_WARNING : STYLE_NORMAL,
		     "%8u", instance->restarts + instance->vm_restarts);
	canvas_textf(canvas, row, column + 15, 6, STYLE_NORMAL, "%6s", age);
	column = draw_load(canvas, model, instance, row, column + 22);
	if (canvas->columns - column >= 9) {
		canvas_textf(canvas, row, column, 8, STYLE_DIM, "%.7s%s",
			     instance->image_digest[0] ? instance->image_digest + 7 : "",
			     instance->is_dirty ? "*" : "");
		column += 9;
	}
	append_ports(model, instance->pod, &ports);
	canvas_field(canvas, row, column, canvas->columns - column, STYLE_NORMAL,
		     strbuf_text(&ports));
}

static void draw_titles(struct canvas *canvas, const struct model *model, int row)
{
	static const char *const orders[] = {"name", "state", "restarts", "memory", "age"};
	int column = 2 + NAME_WIDTH;

	canvas_text(canvas, row, 1, -1, STYLE_DIM, "NAME");
	canvas_text(canvas, row, column, -1, STYLE_DIM, "STATE");
	column += STATE_WIDTH + 1;
	canvas_text(canvas, row, column, -1, STYLE_DIM, "READY RESTARTS    AGE  CPU");
	column += 22 + 5 + SPARK_WIDTH + 1;
	canvas_text(canvas, row, column, -1, STYLE_DIM, "  MEM");
	column += 6 + (canvas->columns >= 110 ? SPARK_WIDTH + 1 : 0);
	if (canvas->columns - column >= 9) {
		canvas_text(canvas, row, column, -1, STYLE_DIM, "DIGEST");
		column += 9;
	}
	canvas_text(canvas, row, column, -1, STYLE_DIM, "PORTS");
	if (model->lists[VIEW_PODS].sort_column % 5 != 0)
		canvas_textf(canvas, row, 6, NAME_WIDTH - 5, STYLE_DIM, "(by %s)",
			     orders[model->lists[VIEW_PODS].sort_column % 5]);
}

static void draw_empty(struct canvas *canvas, const struct model *model, struct area area)
{
	const char *filter = model->lists[VIEW_PODS].filter;
	if (!model->has_status && model->problem == NULL)
		canvas_text(canvas, area.row + 2, 2, -1, STYLE_DIM, "asking …");
	else if (filter != NULL)
		canvas_textf(canvas, area.row + 2, 2, -1, STYLE_NORMAL,
			     "no pod matches '%s'; Esc shows all", filter);
	else
		canvas_textf(canvas, area.row + 2, 2, -1, STYLE_NORMAL,
			     "no pods in project '%s'; start some with: i2kit up", model->project);
}

void view_pods(struct canvas *canvas, const struct model *model, struct area area)
{
	const struct list_state *list = &model->lists[VIEW_PODS];
	size_t count = 0;
	AUTO_FREE struct pod_row *rows = model_pod_rows(model, &count);

	draw_titles(canvas, model, area.row);
	if (count == 0)
		draw_empty(canvas, model, area);
	for (int line = 0; line + 1 < area.rows; line++) {
		size_t index = list->top + (size_t)line;
		int row = area.row + 1 + line;
		if (index >= count)
			break;
		if (rows[index].instance != NULL) {
			draw_instance(canvas, model, rows[index].instance, row);
		} else {
			canvas_field(canvas, row, 1, NAME_WIDTH, STYLE_BOLD, rows[index].pod->name);
			canvas_textf(canvas, row, 2 + NAME_WIDTH, -1,
				     rows[index].pod->is_failed ? STYLE_ERROR : STYLE_DIM, "%s",
				     rows[index].pod->message	? rows[index].pod->message
				     : rows[index].pod->desired ? "waiting"
								: "scaled to 0");
		}
		if (index == list->selected)
			canvas_highlight(canvas, row, 0, canvas->columns);
	}
}
