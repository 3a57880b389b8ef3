/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "tui/draw.h"

/* The lines of the detail screen, scrolled by the list's top: only what falls into the area shows.
 */
struct page {
	struct canvas *canvas;
	struct area area;
	int line; /* the next one, from 0 */
	int top;
};

static int page_row(struct page *page)
{
	int row = page->area.row + page->line - page->top;
	bool is_shown = page->line >= page->top && row < page->area.row + page->area.rows;
	page->line++;
	return is_shown ? row : -1;
}

static void add_line(struct page *page, struct style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void add_line(struct page *page, struct style style, const char *fmt, ...)
{
	va_list args;
	int row = page_row(page);
	AUTO(strbuf_clear) struct strbuf unused = STRBUF_INIT;
	if (row < 0)
		return;
	char text[1024];
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	canvas_field(page->canvas, row, 1, page->area.columns - 1, style, text);
}

static void add_title(struct page *page, const char *title)
{
	page_row(page);
	add_line(page, STYLE_BOLD, "%s", title);
}

static const char *state_word(const struct container_status *container)
{
	static const char *const words[] = {"waiting", "running", "ended"};
	return container->reason ? container->reason : words[container->state];
}

static void add_containers(struct page *page, const struct instance_status *instance)
{
	char memory[SHORT_SIZE];

	add_title(page, "CONTAINERS");
	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *container = &instance->containers[i];
		draw_size(memory, container->memory_bytes);
		struct style style = container->is_ready		     ? STYLE_OK
				     : container->state == CONTAINER_RUNNING ? STYLE_WARNING
									     : STYLE_NORMAL;
		add_line(page, style, "  %-20s %-18s %-9s restarts %u  memory %s%s%s",
			 container->name, state_word(container),
			 container->is_ready ? "ready" : "not ready", container->restarts, memory,
			 container->is_init ? "  (init)" : "",
			 container->exit_code > 0 ? "  last exit not 0" : "");
		if (container->message != NULL)
			add_line(page, STYLE_DIM, "    %s", container->message);
	}
}

static void add_probes(struct page *page, const struct instance_status *instance)
{
	char when[RFC3339_SIZE];

	add_title(page, "PROBES, newest first");
	if (instance->probe_count == 0)
		add_line(page, STYLE_DIM, "  none has answered");
	for (size_t i = instance->probe_count; i > 0; i--) {
		const struct probe_result *probe = &instance->probes[i - 1];
		clock_format_rfc3339(when, probe->time_ns, 0);
		add_line(page, probe->is_ok ? STYLE_OK : STYLE_ERROR, "  %.8s %s %-10s %s  %s",
			 when + 11, probe->is_ok ? "ok  " : "FAIL", probe->probe, probe->container,
			 probe->message ? probe->message : "");
	}
}

static void add_boot(struct page *page, const struct instance_status *instance)
{
	uint64_t last = 0;
	add_title(page, "BOOT");
	for (size_t i = 0; i < instance->stage_count; i++) {
		const struct boot_stage *stage = &instance->stages[i];
		add_line(page, STYLE_NORMAL, "  %-12s %7.2f s  +%.2f s", stage->name,
			 (double)stage->since_start_ms / 1000.0,
			 (double)(stage->since_start_ms - last) / 1000.0);
		last = stage->since_start_ms;
	}
}

static void add_events(struct page *page, const struct model *model,
		       const struct instance_status *instance)
{
	char age[AGE_SIZE];
	size_t shown = 0;

	add_title(page, "EVENTS, newest first");
	for (size_t i = model->event_count; i > 0 && shown < 50; i--) {
		const struct project_event *event = &model->events[i - 1];
		if (strncmp(event->object, instance->name, strlen(instance->name)) != 0)
			continue;
		int64_t seconds = (model->now_ns - event->time_ns) / 1000000000;
		clock_format_age(age, seconds > 0 ? (uint64_t)seconds : 0);
		add_line(page, event->is_warning ? STYLE_WARNING : STYLE_NORMAL, "  %6s %-12s %s",
			 age, event->type, event->message);
		shown++;
	}
}

static void add_summary(struct page *page, const struct model *model,
			const struct instance_status *instance)
{
	char age[AGE_SIZE];
	char memory[SHORT_SIZE];
	AUTO_FREE char *address = model_pod_address(model, instance->pod);
	int64_t seconds = (model->now_ns - instance->created_ns) / 1000000000;

	clock_format_age(age, seconds > 0 ? (uint64_t)seconds : 0);
	draw_size(memory, instance->memory_bytes);
	add_line(page, STYLE_BOLD, "%s", instance->name);
	add_line(page, draw_state_style(instance), "state    %s%s%s",
		 instance_state_name(instance->state), instance->reason ? ": " : "",
		 instance->reason ? instance->reason : "");
	add_line(page, STYLE_NORMAL, "vm       %s, %u cpu, %s memory, age %s, uuid %s",
		 instance->is_kvm ? "kvm" : "tcg", instance->cpu_count, memory, age,
		 instance->uuid ? instance->uuid : "");
	add_line(page, STYLE_NORMAL, "address  %s  forwarded %s",
		 instance->address ? instance->address : "(none in session mode)",
		 address ? address : "(none)");
	add_line(page, STYLE_NORMAL, "release  image  %s%s", instance->image_digest,
		 instance->is_dirty ? "  * dirty: not for promote" : "");
	add_line(page, STYLE_NORMAL, "         config %s", instance->config_digest);
}

void view_pod(struct canvas *canvas, const struct model *model, struct area area)
{
	const struct instance_status *instance = model_find_instance(model, model->detail_instance);
	struct page page = {.canvas = canvas, .area = area, .top = (int)model->lists[VIEW_POD].top};

	if (instance == NULL) {
		canvas_textf(canvas, area.row + 1, 1, -1, STYLE_WARNING,
			     "%s is gone; Esc goes back",
			     model->detail_instance ? model->detail_instance : "it");
		return;
	}
	add_summary(&page, model, instance);
	add_containers(&page, instance);
	add_probes(&page, instance);
	add_boot(&page, instance);
	add_events(&page, model, instance);
}
