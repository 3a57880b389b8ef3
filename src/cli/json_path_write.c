/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_path_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "cli/json_path_parts.h"

enum {
	MAX_VALUES = 100000, /* of one expression */
	MAX_OUTPUT = 64 << 20,
	MAX_MEMBERS = 1 << 20,
};

struct values {
	struct json_view *items;
	size_t count;
};

static void add_value(struct values *values, struct json_view value)
{
	if (json_view_exists(value) && values->count < MAX_VALUES)
		*ARRAY_APPEND(values->items, values->count) = value;
}

static void pick(const struct step *steps, size_t count, struct json_view from, struct values *ret);

static double number_of(struct json_view value)
{
	double number = 0;
	AUTO_FREE char *text = json_view_dump(value, 0);

	return text != NULL && parse_double(text, &number) ? number : 0;
}

static bool is_number(struct json_view value)
{
	double number;
	AUTO_FREE char *text = json_view_is_text(value) ? NULL : json_view_dump(value, 0);

	return text != NULL && parse_double(text, &number);
}

static bool agrees(enum comparison comparison, int order)
{
	switch (comparison) {
	case EQUAL:
		return order == 0;
	case DIFFERENT:
		return order != 0;
	case LESS:
		return order < 0;
	case LESS_EQUAL:
		return order <= 0;
	case MORE:
		return order > 0;
	case MORE_EQUAL:
		return order >= 0;
	default:
		return true;
	}
}

/* Values of different types are different, and neither is more. */
static bool compares(const struct step *step, struct json_view value)
{
	double wanted = 0;

	if (step->is_text && json_view_is_text(value))
		return agrees(step->comparison, strcmp(json_view_peek(value), step->literal));
	if (!step->is_text && json_view_is_bool(value) &&
	    (step->comparison == EQUAL || step->comparison == DIFFERENT))
		return (json_view_bool(value, false) == (strcmp(step->literal, "true") == 0)) ==
		       (step->comparison == EQUAL);
	if (!step->is_text && parse_double(step->literal, &wanted) && is_number(value)) {
		double number = number_of(value);
		return agrees(step->comparison, (number > wanted) - (number < wanted));
	}
	return step->comparison == DIFFERENT;
}

static bool holds(const struct step *step, struct json_view element)
{
	struct values found = {0};
	bool is_true = false;

	pick(step->condition, step->condition_count, element, &found);
	if (step->comparison == IS_THERE)
		is_true = found.count > 0;
	for (size_t i = 0; i < found.count && !is_true && step->comparison != IS_THERE; i++)
		is_true = compares(step, found.items[i]);
	free(found.items);
	return is_true;
}

static void pick_elements(const struct step *step, struct json_view list, struct values *ret)
{
	int64_t count = (int64_t)json_view_count(list, MAX_MEMBERS);
	int64_t first = step->first < 0 ? step->first + count : step->first;
	int64_t end = step->kind == STEP_INDEX ? first + 1
		      : !step->has_end	       ? count
		      : step->end < 0	       ? step->end + count
					       : step->end;

	if (step->kind == STEP_INDEX && first < 0)
		return;
	for (int64_t i = first < 0 ? 0 : first; i < end && i < count; i++)
		add_value(ret, json_view_at(list, (size_t)i));
}

static void pick_all(const struct step *step, struct json_view from, struct values *ret)
{
	size_t count = json_view_is_list(from) ? json_view_count(from, MAX_MEMBERS) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_view element = json_view_at(from, i);
		if (step->kind == STEP_ALL || holds(step, element))
			add_value(ret, element);
	}
	if (!json_view_is_object(from))
		return;
	for (struct json_view member = json_view_first(from, MAX_MEMBERS); json_view_exists(member);
	     member = json_view_next(member)) {
		if (step->kind == STEP_ALL || holds(step, member))
			add_value(ret, member);
	}
}

static void pick_step(const struct step *step, struct json_view from, struct values *ret)
{
	if (step->kind == STEP_KEY) {
		if (json_view_is_object(from))
			add_value(ret, json_view_get(from, step->key));
	} else if (step->kind == STEP_ALL || step->kind == STEP_FILTER) {
		pick_all(step, from, ret);
	} else if (json_view_is_list(from)) {
		pick_elements(step, from, ret);
	}
}

static void pick(const struct step *steps, size_t count, struct json_view from, struct values *ret)
{
	struct values now = {0};

	add_value(&now, from);
	for (size_t i = 0; i < count; i++) {
		struct values next = {0};
		for (size_t k = 0; k < now.count; k++)
			pick_step(&steps[i], now.items[k], &next);
		free(now.items);
		now = next;
	}
	*ret = now;
}

static void write_value(struct json_view value, struct strbuf *out)
{
	if (json_view_is_text(value)) {
		strbuf_append(out, json_view_peek(value));
		return;
	}
	AUTO_FREE char *text = json_view_dump(value, 0);
	strbuf_append(out, text != NULL ? text : "");
}

static void write_parts(const struct json_path *path, size_t first, size_t end,
			struct json_view from, const char *separator, struct strbuf *out)
{
	for (size_t i = first; i < end && out->size < MAX_OUTPUT; i++) {
		const struct part *part = &path->parts[i];
		struct values found = {0};
		if (part->kind == PART_TEXT) {
			strbuf_append(out, part->text);
			continue;
		}
		if (part->kind == PART_END)
			continue;
		pick(part->steps, part->step_count, from, &found);
		for (size_t k = 0; k < found.count && out->size < MAX_OUTPUT; k++) {
			if (part->kind == PART_RANGE) {
				write_parts(path, i + 1, part->end, found.items[k], separator, out);
				continue;
			}
			strbuf_append(out, k > 0 ? separator : "");
			write_value(found.items[k], out);
		}
		free(found.items);
		if (part->kind == PART_RANGE)
			i = part->end;
	}
}

void json_path_write(const struct json_path *path, struct json_view root, const char *separator,
		     struct strbuf *out)
{
	write_parts(path, 0, path->part_count, root, separator, out);
}
