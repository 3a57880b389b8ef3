/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/view_pod.h"

#include <string.h>

#include "local/client/verdict.h"
#include "tui/pod_parts.h"

enum { FAILURES_SHOWN = 3, EVENTS_SHOWN = 50 };

static void add_addresses(struct page *page, const struct model *model,
			  const struct instance_status *instance)
{
	bool has_any = false;
	page_pair(page, "address", STYLE_NORMAL, "%s",
		  instance->address ? instance->address : "none of its own (session mode)");
	for (size_t i = 0; i < model->status.port_count; i++) {
		const struct port_status *port = &model->status.ports[i];
		if (!port_status_serves(port, instance->pod) || port->host_port == 0)
			continue;
		page_pair(page, has_any ? "" : "published", STYLE_OK, "%s:%u → %u/%s", port->host,
			  (unsigned)port->host_port, (unsigned)port->target_port,
			  port->is_udp ? "udp" : "tcp");
		has_any = true;
	}
	has_any = false;
	for (size_t i = 0; i < model->status.route_count; i++) {
		const struct route_status *route = &model->status.routes[i];
		const char *url = route->http_url != NULL ? route->http_url : route->https_url;
		if (!route_status_serves(route, instance->pod) || url == NULL)
			continue;
		page_pair(page, has_any ? "" : "routes", STYLE_OK, "%s → %s", url, route->target);
		has_any = true;
	}
}

static void add_load(struct page *page, const struct model *model,
		     const struct instance_status *instance)
{
	const struct load_history *load = model_find_load(model, instance->name);
	char used[SHORT_SIZE];
	char all[SHORT_SIZE];

	if (load == NULL || load->count == 0 || instance->memory_used_bytes == 0)
		return;
	draw_size(used, instance->memory_used_bytes);
	draw_size(all, instance->memory_bytes);
	int row = page_row(page);
	page->line--;
	page_pair(page, "load", STYLE_NORMAL, "cpu %3u%%",
		  (unsigned)load->cpu_percent[load->count - 1]);
	if (row < 0)
		return;
	int column = page->left + 21;
	draw_spark(page->canvas, row, column, SPARK_SIZE / 2, STYLE_OK, load->cpu_percent,
		   load->count, 100);
	column += SPARK_SIZE / 2 + 3;
	column = canvas_textf(page->canvas, row, column, -1, STYLE_NORMAL, "memory %s of %s ", used,
			      all);
	draw_spark(page->canvas, row, column, SPARK_SIZE / 2,
		   (struct style){.colour = COLOUR_MAGENTA}, load->memory_percent, load->count,
		   100);
}

static void add_summary(struct page *page, const struct model *model,
			const struct instance_status *instance)
{
	char age[AGE_SIZE];
	char memory[SHORT_SIZE];

	draw_age(age, model, instance->created_ns);
	draw_size(memory, instance->memory_bytes);
	page_pair(page, "state", draw_state_style(instance), "%s %s%s%s", draw_state_sign(instance),
		  instance_state_text(instance), instance->reason ? ": " : "",
		  instance->reason ? instance->reason : "");
	page_pair(page, "vm", STYLE_NORMAL, "%s, %u cpu, %s memory, age %s, %s start",
		  instance->is_kvm ? "kvm" : "tcg", instance->cpu_count, memory, age,
		  instance->is_warm ? "warm" : "cold");
	if (instance->vm_restarts > 0)
		page_pair(page, "", STYLE_WARNING, "started again %u times", instance->vm_restarts);
	add_load(page, model, instance);
	add_addresses(page, model, instance);
	page_pair(page, "image", STYLE_NORMAL, "%s", DIGEST_TEXT(&instance->release.image));
	page_pair(page, "config", STYLE_NORMAL, "%s", DIGEST_TEXT(&instance->release.config));
	if (instance->is_synced)
		page_pair(page, "", STYLE_WARNING, "* synced: not the image; not for promote");
	else if (instance->is_dirty)
		page_pair(page, "", STYLE_WARNING,
			  "* dirty: live mounts or pushed files touched it; not for promote");
}

void view_pod(struct page *page, const struct model *model)
{
	const struct instance_status *instance = model_find_instance(model, model->detail_instance);

	if (page->canvas != NULL && model->detail_instance != NULL)
		draw_rule(page->canvas, RULE_ROW, STYLE_TITLE, model->detail_instance);
	if (instance == NULL) {
		page_line(page, STYLE_WARNING, "%s is gone; Esc goes back",
			  model->detail_instance ? model->detail_instance : "it");
		return;
	}
	add_summary(page, model, instance);
	page_heading(page, "CONTAINERS");
	pod_add_containers(page, instance, true);
	page_heading(page, "PROBES");
	if (instance->probe_count == 0)
		page_line(page, STYLE_DIM, "none has answered");
	pod_add_probes(page, instance, FAILURES_SHOWN);
	page_heading(page, "BOOT");
	pod_add_boot(page, instance);
	page_heading(page, "EVENTS, newest first");
	pod_add_events(page, model, instance, EVENTS_SHOWN);
}
