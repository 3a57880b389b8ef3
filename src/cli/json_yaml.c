/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_yaml.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "manifest/yaml_writer.h"

#define MAX_MEMBERS ((size_t)1 << 20)

static void write_value(struct json_view value, unsigned depth, bool is_item, struct strbuf *out);

static void indent(struct strbuf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		strbuf_append(out, "  ");
}

/* Plain where that is read as the same text; else as JSON has it, which YAML reads too. */
static void write_text(const char *text, struct strbuf *out)
{
	if (yaml_text_is_plain(text))
		strbuf_append(out, text);
	else
		strbuf_append_json(out, text);
}

static void write_scalar(struct json_view value, struct strbuf *out)
{
	if (json_view_is_text(value)) {
		write_text(json_view_peek(value), out);
		return;
	}
	AUTO_FREE char *text = json_view_dump(value, 0);
	strbuf_append(out, text != NULL ? text : "null");
}

static bool is_filled(struct json_view value)
{
	return (json_view_is_object(value) && json_view_members(value, MAX_MEMBERS) > 0) ||
	       (json_view_is_list(value) && json_view_count(value, MAX_MEMBERS) > 0);
}

static void write_members(struct json_view object, unsigned depth, bool is_item, struct strbuf *out)
{
	bool is_first = true;

	for (struct json_view member = json_view_first(object, MAX_MEMBERS);
	     json_view_exists(member); member = json_view_next(member)) {
		/* The first one stands behind the "- ". */
		if (!is_first || !is_item)
			indent(out, depth);
		is_first = false;
		write_text(member.key, out);
		strbuf_append_char(out, ':');
		if (!is_filled(member)) {
			strbuf_append_char(out, ' ');
			write_scalar(member, out);
			strbuf_append_char(out, '\n');
			continue;
		}
		strbuf_append_char(out, '\n');
		write_value(member, depth + (json_view_is_object(member) ? 1 : 0), false, out);
	}
}

static void write_value(struct json_view value, unsigned depth, bool is_item, struct strbuf *out)
{
	if (!is_filled(value)) {
		write_scalar(value, out);
		strbuf_append_char(out, '\n');
	} else if (json_view_is_object(value)) {
		write_members(value, depth, is_item, out);
	} else {
		size_t count = json_view_count(value, MAX_MEMBERS);
		for (size_t i = 0; i < count; i++) {
			if (i > 0 || !is_item)
				indent(out, depth);
			strbuf_append(out, "- ");
			write_value(json_view_at(value, i), depth + 1, true, out);
		}
	}
}

void json_yaml_write(struct json_view value, struct strbuf *out)
{
	write_value(value, 0, false, out);
}
