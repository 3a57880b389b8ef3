/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ANSWER_H
#define I2KIT_TUI_ANSWER_H

/* What a reading verb printed as JSON, kept as a table of texts. */

#include <stdbool.h>
#include <stddef.h>

#include "base/string_list.h"

enum ask_kind {
	ASK_IMAGES,    /* i2kit images */
	ASK_STATUS,    /* i2kit status: the pods in the cloud */
	ASK_INSTANCES, /* the same answer's machines */
	ASK_RELEASES,  /* i2kit releases, a row for each pod of each */
	ASK_WHY,       /* i2kit why, as text; kept by the screen about a pod */
	ASK_COUNT,
};

struct answer {
	bool is_loading;
	bool is_known; /* an answer came, be it empty */
	char *problem; /* or NULL */
	struct string_list titles;
	struct answer_row {
		struct string_list cells;
	} * rows;
	size_t row_count;
	struct string_list facts; /* of the whole: "stack shop: UPDATE_COMPLETE" */
};

void answer_clear(struct answer *answer);
/*
 * A list of objects: each is a row, the first one's scalar keys are the columns; an object with a
 * list `pods` in it makes a row for each of those. An object: its list `list_key` is taken.
 */
void answer_take_json(struct answer *answer, const char *json, const char *list_key);
/* The cell under a title, "" where there is none. */
const char *answer_cell(const struct answer *answer, size_t row, const char *title);

#endif
