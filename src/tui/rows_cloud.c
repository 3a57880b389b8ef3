/* SPDX-License-Identifier: Apache-2.0 */
/* What runs in the cloud beside what runs here, pod by pod. */
#include "tui/rows_cloud.h"

#include <string.h>

#include "base/alloc.h"
#include "tui/table.h"

static const struct column columns[] = {
	{"POD", COLUMN_NAME, 32, 0},	   {"HERE", COLUMN_LEFT, 0, 0},
	{"", COLUMN_LEFT, 0, 0},	   {"CLOUD", COLUMN_LEFT, 0, 0},
	{"INSTANCES", COLUMN_LEFT, 20, 1}, {"RECEIPT", COLUMN_LEFT, 0, 2},
};

/* "3f2a9c0+77b1": image and configuration, enough of each to tell them apart by eye. */
static void set_release(struct table_row *row, size_t column, const char *image, const char *config,
			bool is_dirty)
{
	static const char prefix[] = "sha256:";
	size_t skip = sizeof(prefix) - 1;
	if (strncmp(image, prefix, skip) != 0)
		table_set(row, column, STYLE_DIM, "-");
	else
		table_set(row, column, is_dirty ? STYLE_WARNING : STYLE_NORMAL, "%.7s+%.4s%s",
			  image + skip, strncmp(config, prefix, skip) == 0 ? config + skip : "",
			  is_dirty ? "*" : "");
}

static void set_instances(struct table_row *row, const struct model *model, const char *pod)
{
	const struct answer *answer = &model->answers[ASK_INSTANCES];
	unsigned running = 0;
	unsigned all = 0;

	for (size_t i = 0; i < answer->row_count; i++) {
		if (strcmp(answer_cell(answer, i, "pod"), pod) != 0)
			continue;
		all++;
		running += strcmp(answer_cell(answer, i, "state"), "running") == 0 ? 1 : 0;
	}
	table_set(row, 4, running == all ? STYLE_OK : STYLE_WARNING, "%u/%u running", running, all);
}

/* Signs and words; a release that this machine has seen ready is an older one of ours. */
static void set_verdict(struct table_row *row, const struct instance_status *here,
			const char *image, const char *config, const char *receipt)
{
	bool is_same_image = strcmp(DIGEST_TEXT(&here->release.image), image) == 0;
	bool is_ours = strncmp(receipt, "ready", 5) == 0 && strstr(receipt, "UNKNOWN KEY") == NULL;

	if (is_same_image && strcmp(DIGEST_TEXT(&here->release.config), config) == 0)
		table_set(row, 2, STYLE_OK, "= same");
	else if (is_same_image)
		table_set(row, 2, STYLE_WARNING, "~ other configuration");
	else if (is_ours)
		table_set(row, 2, STYLE_WARNING, "> older there");
	else
		table_set(row, 2, STYLE_ERROR, "≠ different");
}

static const struct instance_status *first_instance(const struct model *model, const char *pod)
{
	for (size_t i = 0; i < model->status.instance_count; i++) {
		if (strcmp(model->status.instances[i].pod, pod) == 0)
			return &model->status.instances[i];
	}
	return NULL;
}

static void add_cloud_pod(struct table *table, const struct model *model, size_t index)
{
	const struct answer *answer = &model->answers[ASK_STATUS];
	const char *name = answer_cell(answer, index, "name");
	const char *image = answer_cell(answer, index, "imageDigest");
	const char *config = answer_cell(answer, index, "configDigest");
	const char *receipt = answer_cell(answer, index, "receipt");
	const struct instance_status *here = first_instance(model, name);
	struct table_row *row = table_add(table, index, name);

	row->instance = here;
	table_set(row, 0, STYLE_BOLD, "%s", name);
	set_release(row, 3, image, config, false);
	set_instances(row, model, name);
	table_set(row, 5, strcmp(receipt, "WRONG SIGNATURE") == 0 ? STYLE_ERROR : STYLE_DIM, "%s",
		  receipt);
	if (here == NULL) {
		table_set(row, 1, STYLE_DIM, "-");
		table_set(row, 2, STYLE_WARNING, "- only there");
		return;
	}
	set_release(row, 1, DIGEST_TEXT(&here->release.image), DIGEST_TEXT(&here->release.config),
		    here->is_dirty);
	set_verdict(row, here, image, config, receipt);
}

static bool is_in_cloud(const struct answer *answer, const char *pod)
{
	for (size_t i = 0; i < answer->row_count; i++) {
		if (strcmp(answer_cell(answer, i, "name"), pod) == 0)
			return true;
	}
	return false;
}

void rows_of_cloud(struct table *table, const struct model *model)
{
	const struct answer *answer = &model->answers[ASK_STATUS];

	table->columns = columns;
	table->column_count = ARRAY_SIZE(columns);
	for (size_t i = 0; i < answer->row_count; i++)
		add_cloud_pod(table, model, i);
	for (size_t i = 0; i < model->status.pod_count; i++) {
		const struct pod_status *pod = &model->status.pods[i];
		const struct instance_status *here = first_instance(model, pod->name);
		if (is_in_cloud(answer, pod->name))
			continue;
		struct table_row *row = table_add(table, i, pod->name);
		row->instance = here;
		row->pod = pod;
		table_set(row, 0, STYLE_BOLD, "%s", pod->name);
		if (here != NULL)
			set_release(row, 1, DIGEST_TEXT(&here->release.image),
				    DIGEST_TEXT(&here->release.config), here->is_dirty);
		else
			table_set(row, 1, STYLE_DIM, "-");
		if (answer->is_known) {
			table_set(row, 2, STYLE_WARNING, "+ only here");
			table_set(row, 3, STYLE_DIM, "-");
		}
	}
}
