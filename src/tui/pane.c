/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/pane.h"

#include <string.h>

#include "tui/page.h"
#include "tui/pod_parts.h"
#include "tui/table.h"

enum { TWO_COLUMNS = 100 };

/* The left or right part of a pane, or the whole of a narrow one. */
static struct page part(struct canvas *canvas, struct area area, int column, int width)
{
	struct page page = {.canvas = canvas, .area = area, .wraps = true};
	page.left = column;
	page.area.columns = column + width;
	return page;
}

static void draw_pod(struct canvas *canvas, const struct model *model,
		     const struct instance_status *instance, struct area area)
{
	bool is_wide = area.columns >= TWO_COLUMNS;
	int half = is_wide ? area.columns * 2 / 5 : area.columns;

	draw_rule(canvas, area.row, STYLE_TITLE, instance->name);
	struct area below = {.row = area.row + 1, .rows = area.rows - 1, .columns = area.columns};
	struct page left = part(canvas, below, 0, half);
	pod_add_containers(&left, instance, false);
	pod_add_probes(&left, instance, 0);
	pod_add_boot_line(&left, instance);
	if (is_wide) {
		struct page right = part(canvas, below, half, area.columns - half);
		pod_add_events(&right, model, instance, (size_t)below.rows);
		return;
	}
	if (left.line + 2 > below.rows)
		return;
	page_row(&left);
	pod_add_events(&left, model, instance, (size_t)(below.rows - left.line));
}

/* Of another project: its events are not known here. */
static void draw_other(struct canvas *canvas, const struct table_row *row, struct area area)
{
	struct page page = part(canvas, (struct area){area.row + 1, area.rows - 1, area.columns}, 0,
				area.columns);

	draw_rule(canvas, area.row, STYLE_TITLE, row->key);
	pod_add_containers(&page, row->instance, true);
	pod_add_probes(&page, row->instance, 1);
	pod_add_boot_line(&page, row->instance);
}

static void add_time(struct page *page, const char *what, int64_t ns)
{
	char when[RFC3339_SIZE];

	if (ns == 0)
		return;
	clock_format_rfc3339(when, ns, 0);
	page_line(page, STYLE_NORMAL, "%-13s %s", what, when);
}

static void add_cron(struct page *page, const struct cron_status *cron)
{
	page_line(page, STYLE_NORMAL, "CronJob, %u active", cron->active);
	page_line(page, STYLE_NORMAL, "%-13s %s%s%s%s", "schedule", cron->schedule,
		  cron->time_zone != NULL ? ", " : "",
		  cron->time_zone != NULL ? cron->time_zone : "",
		  cron->is_stopped     ? ", stopped"
		  : cron->is_suspended ? ", suspended"
				       : "");
	add_time(page, "last", cron->last_ns);
	add_time(page, "last success", cron->success_ns);
	add_time(page, "next", cron->next_ns);
}

static void add_job(struct page *page, const struct pod_status *pod)
{
	page_line(page, STYLE_NORMAL, "Job%s%s, %u of %u complete, %u active, %u failed pods",
		  pod->cron_of != NULL ? " of CronJob " : "",
		  pod->cron_of != NULL ? pod->cron_of : "", pod->ready, pod->desired, pod->active,
		  pod->failed_pods);
	if (pod->message != NULL)
		page_line(page, pod->is_failed ? STYLE_ERROR : STYLE_NORMAL, "%s", pod->message);
}

/* A pod without a VM: what it waits for, whole. */
static void draw_idle(struct canvas *canvas, const struct pod_status *pod, struct area area)
{
	struct page page = part(canvas, (struct area){area.row + 1, area.rows - 1, area.columns}, 0,
				area.columns);

	draw_rule(canvas, area.row, STYLE_TITLE, pod->name);
	if (pod->cron.schedule != NULL) {
		add_cron(&page, &pod->cron);
		return;
	}
	if (pod->is_job) {
		add_job(&page, pod);
		return;
	}
	page_line(&page, STYLE_NORMAL, "%s, %u of %u ready", pod->kind ? pod->kind : "pod",
		  pod->ready, pod->desired);
	if (pod->message != NULL)
		page_line(&page, pod->is_failed ? STYLE_ERROR : STYLE_NORMAL, "%s", pod->message);
}

/* The releases that run here: which image, with which configuration. */
static void draw_releases_here(struct canvas *canvas, const struct model *model, struct area area)
{
	struct page page = part(canvas, (struct area){area.row + 1, area.rows - 1, area.columns}, 0,
				area.columns);

	draw_rule(canvas, area.row, STYLE_TITLE, "releases that run here");
	if (model->status.instance_count == 0)
		page_line(&page, STYLE_DIM, "none");
	for (size_t i = 0; i < model->status.instance_count; i++) {
		const struct instance_status *instance = &model->status.instances[i];
		page_line(&page, instance->is_dirty ? STYLE_WARNING : STYLE_NORMAL,
			  "%-16s image %.19s  config %.19s%s", instance->name,
			  DIGEST_TEXT(&instance->release.image),
			  DIGEST_TEXT(&instance->release.config),
			  instance->is_dirty ? "  * dirty: not for promote" : "");
	}
}

static void draw_releases_there(struct canvas *canvas, const struct model *model, struct area area)
{
	const struct answer *status = &model->answers[ASK_STATUS];
	const struct answer *releases = &model->answers[ASK_RELEASES];
	struct page page = part(canvas, (struct area){area.row + 1, area.rows - 1, area.columns}, 0,
				area.columns);

	draw_rule(canvas, area.row, STYLE_TITLE, "releases in the cloud, newest first");
	if (status->problem != NULL)
		page_wrapped(&page, STYLE_WARNING, status->problem, strlen(status->problem));
	if (status->problem != NULL && model->environment_file == NULL)
		page_line(&page, STYLE_DIM,
			  "i2kit tui -e FILE names the environment; environment.yml is the usual "
			  "one");
	for (size_t i = 0; i < status->facts.count; i++)
		page_line(&page, STYLE_NORMAL, "%s", status->facts.items[i]);
	if (status->is_loading)
		page_line(&page, STYLE_DIM, "asking …");
	for (size_t i = releases->row_count; i > 0; i--) {
		const char *image = answer_cell(releases, i - 1, "imageDigest");
		const char *config = answer_cell(releases, i - 1, "configDigest");
		page_line(&page, STYLE_NORMAL, "%4s  %-16s image %.19s  config %.19s  %s",
			  answer_cell(releases, i - 1, "release"),
			  answer_cell(releases, i - 1, "name"), image, config,
			  answer_cell(releases, i - 1, "by"));
	}
}

static void draw_output(struct canvas *canvas, const struct job *job, struct area area)
{
	size_t room = (size_t)area.rows - 1;
	size_t from = job->lines.count > room ? job->lines.count - room : 0;
	struct page page = part(canvas, (struct area){area.row + 1, area.rows - 1, area.columns}, 0,
				area.columns);

	draw_rule(canvas, area.row, STYLE_TITLE, "output");
	if (job->lines.count == 0)
		page_line(&page, STYLE_DIM, "it printed nothing");
	for (size_t i = from; i < job->lines.count; i++)
		page_line(&page, STYLE_NORMAL, "%s", job->lines.items[i]);
}

bool pane_draw(struct canvas *canvas, const struct model *model, const struct table_row *row,
	       struct area area)
{
	switch (model->view) {
	case VIEW_PODS:
		if (row == NULL)
			return false;
		if (row->instance != NULL)
			draw_pod(canvas, model, row->instance, area);
		else if (row->pod != NULL)
			draw_idle(canvas, row->pod, area);
		return true;
	case VIEW_PROJECTS:
		if (row == NULL || row->instance == NULL)
			return false;
		draw_other(canvas, row, area);
		return true;
	case VIEW_IMAGES:
		draw_releases_here(canvas, model, area);
		return true;
	case VIEW_CLOUD:
		draw_releases_there(canvas, model, area);
		return true;
	case VIEW_JOBS:
		if (row == NULL)
			return false;
		draw_output(canvas, &model->jobs[row->index], area);
		return true;
	default:
		return false;
	}
}
