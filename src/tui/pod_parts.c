/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/pod_parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static int longest_container(const struct instance_status *instance)
{
	int longest = 8;
	for (size_t i = 0; i < instance->container_count; i++) {
		const char *name = instance->containers[i].name;
		int width = canvas_width(name, strlen(name));
		longest = width > longest ? width : longest;
	}
	return longest > 24 ? 24 : longest;
}

static void add_reasons(struct page *page, const struct container_status *container)
{
	if (container->message != NULL)
		page_line(page, STYLE_DIM, "    %s", container->message);
}

void pod_add_containers(struct page *page, const struct instance_status *instance, bool has_details)
{
	int width = longest_container(instance);
	char memory[SHORT_SIZE];

	for (size_t i = 0; i < instance->container_count; i++) {
		const struct container_status *container = &instance->containers[i];
		AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
		strbuf_appendf(&text, "%s %-*s  %-17s", draw_container_sign(container), width,
			       container->name, draw_container_word(container));
		if (container->is_init)
			strbuf_append(&text, " init     ");
		else
			strbuf_append(&text, container->is_ready ? " ready    " : " not ready");
		if (container->memory_bytes > 0) {
			draw_size(memory, container->memory_bytes);
			strbuf_appendf(&text, " %5s", memory);
		} else {
			strbuf_append(&text, "      ");
		}
		if (container->restarts > 0)
			strbuf_appendf(&text, "  restarts %u", container->restarts);
		if (container->exit_code > 0)
			strbuf_appendf(&text, "  last exit %d", container->exit_code);
		page_line(page, draw_container_style(container), "%s", text.data);
		if (has_details)
			add_reasons(page, container);
	}
}

/* ---- probes ---- */

static bool is_same_probe(const struct probe_result *a, const struct probe_result *b)
{
	return strcmp(a->container, b->container) == 0 && strcmp(a->probe, b->probe) == 0;
}

static bool is_first_of_its_kind(const struct instance_status *instance, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (is_same_probe(&instance->probes[i], &instance->probes[index]))
			return false;
	}
	return true;
}

static void add_course(struct page *page, const struct instance_status *instance,
		       const struct probe_result *kind)
{
	enum { COURSE = 24 };
	const struct probe_result *last = kind;
	AUTO(strbuf_clear) struct strbuf course = STRBUF_INIT;
	size_t all = 0;
	size_t seen = 0;

	for (size_t i = 0; i < instance->probe_count; i++)
		all += is_same_probe(&instance->probes[i], kind) ? 1 : 0;
	for (size_t i = 0; i < instance->probe_count; i++) {
		const struct probe_result *probe = &instance->probes[i];
		if (!is_same_probe(probe, kind))
			continue;
		last = probe;
		if (all - seen++ <= COURSE)
			strbuf_append(&course, probe->is_ok ? "✓" : "✗");
	}
	page_line(page, last->is_ok ? STYLE_OK : STYLE_ERROR, "%s %s %s  %s  %s",
		  last->is_ok ? "✓" : "✗", kind->container, kind->probe, course.data,
		  last->message ? last->message : "");
}

void pod_add_probes(struct page *page, const struct instance_status *instance, size_t failures)
{
	char when[RFC3339_SIZE];

	for (size_t i = 0; i < instance->probe_count; i++) {
		if (is_first_of_its_kind(instance, i))
			add_course(page, instance, &instance->probes[i]);
	}
	for (size_t i = instance->probe_count; i > 0 && failures > 0; i--) {
		const struct probe_result *probe = &instance->probes[i - 1];
		if (probe->is_ok)
			continue;
		clock_format_rfc3339(when, probe->time_ns, 0);
		page_line(page, STYLE_DIM, "    %.8s ✗ %s %s: %s", when + 11, probe->container,
			  probe->probe, probe->message ? probe->message : "");
		failures--;
	}
}

/* ---- boot ---- */

static uint64_t boot_total(const struct instance_status *instance)
{
	return instance->stage_count > 0
		       ? instance->stages[instance->stage_count - 1].since_start_ms
		       : 0;
}

static void draw_bar(struct page *page, int row, int column, int width, uint64_t from, uint64_t to,
		     uint64_t total)
{
	if (row < 0 || width < 10 || total == 0)
		return;
	int left = (int)(from * (uint64_t)width / total);
	int right = (int)(to * (uint64_t)width / total);
	if (right > width)
		right = width;
	if (left >= right)
		left = right > 0 ? right - 1 : 0;
	for (int i = 0; i < width; i++) {
		bool is_inside = i >= left && i <= right - (right > left ? 1 : 0);
		canvas_text(page->canvas, row, column + i, 1, is_inside ? STYLE_OK : STYLE_DIM,
			    is_inside ? "█" : "·");
	}
}

void pod_add_boot(struct page *page, const struct instance_status *instance)
{
	enum { TEXT_WIDTH = 34, BAR_MAX = 60 };
	uint64_t total = boot_total(instance);
	uint64_t last = 0;
	int width = page->area.columns - page->left - TEXT_WIDTH - 3;

	for (size_t i = 0; i < instance->stage_count; i++) {
		const struct boot_stage *stage = &instance->stages[i];
		int line = page->line;
		page_line(page, STYLE_NORMAL, "%-12s %7.2f s  +%.2f s", stage->name,
			  (double)stage->since_start_ms / 1000.0,
			  (double)(stage->since_start_ms - last) / 1000.0);
		page->line = line;
		draw_bar(page, page_row(page), page->left + TEXT_WIDTH,
			 width > BAR_MAX ? BAR_MAX : width, last, stage->since_start_ms, total);
		last = stage->since_start_ms;
	}
}

void pod_add_boot_line(struct page *page, const struct instance_status *instance)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	uint64_t last = 0;

	if (instance->stage_count == 0)
		return;
	strbuf_appendf(&text, "boot %.2f s:", (double)boot_total(instance) / 1000.0);
	for (size_t i = 0; i < instance->stage_count; i++) {
		const struct boot_stage *stage = &instance->stages[i];
		if (stage->since_start_ms >= last + 50)
			strbuf_appendf(&text, " %s %.2f", stage->name,
				       (double)(stage->since_start_ms - last) / 1000.0);
		last = stage->since_start_ms;
	}
	page_line(page, STYLE_DIM, "%s", text.data);
}

/* ---- events ---- */

/* "web-0" and "web-0/nginx", not "web-01". */
static bool is_about(const struct project_event *event, const char *instance)
{
	size_t length = strlen(instance);
	return strncmp(event->object, instance, length) == 0 &&
	       (event->object[length] == '\0' || event->object[length] == '/');
}

void pod_add_events(struct page *page, const struct model *model,
		    const struct instance_status *instance, size_t most)
{
	char age[AGE_SIZE];
	size_t shown = 0;

	for (size_t i = model->event_count; i > 0 && shown < most; i--) {
		const struct project_event *event = &model->events[i - 1];
		if (!is_about(event, instance->name))
			continue;
		draw_age(age, model, event->time_ns);
		page_line(page, event->is_warning ? STYLE_WARNING : STYLE_NORMAL, "%7s %s %-17s %s",
			  age, event->is_warning ? "!" : " ", event->type, event->message);
		shown++;
	}
	if (shown == 0)
		page_line(page, STYLE_DIM, "no events");
}
