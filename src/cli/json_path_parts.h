/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_JSON_PATH_PARTS_H
#define I2KIT_CLI_JSON_PATH_PARTS_H

/* A jsonpath that was read: what json_path.c makes and json_path_write.c follows. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum step_kind { STEP_KEY, STEP_ALL, STEP_INDEX, STEP_SLICE, STEP_FILTER };
enum comparison { IS_THERE, EQUAL, DIFFERENT, LESS, LESS_EQUAL, MORE, MORE_EQUAL };

struct step {
	enum step_kind kind;
	char *key;     /* KEY */
	int64_t first; /* INDEX, SLICE; negative: from the end */
	int64_t end;   /* SLICE */
	bool has_end;
	struct step *condition; /* FILTER: the path behind @ */
	size_t condition_count;
	enum comparison comparison;
	char *literal; /* without its quotes */
	bool is_text;  /* it had quotes */
};

enum part_kind { PART_TEXT, PART_PATH, PART_RANGE, PART_END };

struct part {
	enum part_kind kind;
	char *text;	    /* TEXT */
	struct step *steps; /* PATH, RANGE */
	size_t step_count;
	size_t end; /* RANGE: the index of its END */
};

struct json_path {
	struct part *parts;
	size_t part_count;
};

#endif
