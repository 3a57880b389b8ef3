/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cloud_logs.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/cloud_tail.h"
#include "cli/cloud_target.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/output_document.h"

#define POLL_MS	     2000
#define INTERRUPT_MS 200
/* Instances send their lines in turns: one may come after younger ones of another instance. */
#define LATE_NS INT64_C(60000000000)

/* One look at the log, and what earlier looks have shown. */
struct printer {
	const struct invocation *invocation;
	const struct string_list *selectors; /* POD or POD/CONTAINER; none: all */
	const char *container;		     /* of -c, or NULL */
	struct cloud_tail *tail;	     /* kept instead of shown; or NULL */
	bool has_timestamps;
	bool has_prefix;
	bool is_json;
	bool follows;
	size_t shown;
	int64_t newest_ns;	    /* of all that came */
	struct string_list earlier; /* ids of the look before, sorted */
	struct string_list ids;	    /* of this look; only when it is followed by another */
};

static void printer_clear(struct printer *printer)
{
	string_list_clear(&printer->earlier);
	string_list_clear(&printer->ids);
}

/* --- which ---------------------------------------------------------------------------------- */

/* Streams are called POD/CONTAINER/INSTANCE. */
static bool is_below(const char *stream, const char *name)
{
	size_t size = strlen(name);
	return strncmp(stream, name, size) == 0 && stream[size] == '/';
}

static bool is_chosen(const struct printer *printer, const char *stream)
{
	const char *container = strchr(stream, '/');
	if (printer->container != NULL &&
	    (container == NULL || !is_below(container + 1, printer->container)))
		return false;
	for (size_t i = 0; i < printer->selectors->count; i++)
		if (is_below(stream, printer->selectors->items[i]))
			return true;
	return printer->selectors->count == 0;
}

/* What all that is chosen begins with, for the cloud to look at less; NULL: nothing. Owned. */
static char *common_prefix(const struct printer *printer)
{
	if (printer->selectors->count != 1)
		return NULL;
	const char *only = printer->selectors->items[0];
	bool is_pod = strchr(only, '/') == NULL;
	return is_pod && printer->container != NULL ? xasprintf("%s/%s/", only, printer->container)
						    : xasprintf("%s/", only);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool was_shown(const struct printer *printer, const char *id)
{
	return printer->earlier.count > 0 &&
	       bsearch(&id, printer->earlier.items, printer->earlier.count, sizeof(char *),
		       compare_texts) != NULL;
}

/* --- lines ---------------------------------------------------------------------------------- */

static void append_json(const struct cloud_line *line, const char *when, struct strbuf *out)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "time", when);
	json_write_text(&json, "stream", line->stream);
	json_write_text(&json, "text", line->text);
	json_close(&json);
	output_document_append(strbuf_text(&text), out);
}

static bool print_line(const struct cloud_line *line, void *arg)
{
	struct printer *printer = arg;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	char when[RFC3339_SIZE];
	clock_format_rfc3339(when, line->time_ns, 3);
	printer->shown++;
	if (printer->is_json) {
		append_json(line, when, &out);
		return fputs(strbuf_text(&out), stdout) >= 0;
	}
	if (printer->has_timestamps)
		strbuf_appendf(&out, "%s ", when);
	if (printer->has_prefix) {
		strbuf_append_printable(&out, line->stream, strlen(line->stream));
		strbuf_append(&out, " | ");
	}
	strbuf_append_printable(&out, line->text, strlen(line->text));
	strbuf_append_char(&out, '\n');
	return fputs(strbuf_text(&out), stdout) >= 0;
}

static bool take_line(const struct cloud_line *line, void *arg)
{
	struct printer *printer = arg;
	if (interrupt_is_set())
		return false;
	if (!is_chosen(printer, line->stream))
		return true;
	if (line->time_ns > printer->newest_ns)
		printer->newest_ns = line->time_ns;
	if (printer->follows)
		string_list_add(&printer->ids, line->id);
	if (was_shown(printer, line->id))
		return true;
	if (printer->tail == NULL)
		return print_line(line, printer);
	cloud_tail_add(printer->tail, line);
	return true;
}

/* --- looks ---------------------------------------------------------------------------------- */

static bool look(struct cloud_target *target, struct printer *printer, int64_t since_ns,
		 int64_t until_ns, struct error *err)
{
	AUTO_FREE char *prefix = common_prefix(printer);
	const struct cloud_line_range range = {
		.prefix = prefix, .since_ns = since_ns, .until_ns = until_ns};
	if (!target->provider->logs(target->cloud, &target->scope, &range, take_line, printer, err))
		return false;
	string_list_clear(&printer->earlier);
	printer->earlier = printer->ids;
	printer->ids = STRING_LIST_INIT;
	string_list_sort(&printer->earlier);
	return true;
}

static bool first_look(struct cloud_target *target, struct printer *printer,
		       const struct cloud_logs_options *options, struct error *err)
{
	AUTO_PTR(cloud_tail)
	struct cloud_tail *tail = options->has_tail ? cloud_tail_new(options->tail) : NULL;
	printer->tail = tail;
	bool is_ok = look(target, printer, options->since_ns, options->until_ns, err);
	printer->tail = NULL;
	if (is_ok && tail != NULL)
		cloud_tail_show(tail, print_line, printer);
	return is_ok;
}

static void wait_a_while(void)
{
	for (unsigned waited = 0; waited < POLL_MS && !interrupt_is_set(); waited += INTERRUPT_MS)
		(void)poll(NULL, 0, INTERRUPT_MS);
}

static bool follow(struct cloud_target *target, struct printer *printer,
		   const struct cloud_logs_options *options, struct error *err)
{
	while (!interrupt_is_set()) {
		(void)fflush(stdout);
		wait_a_while();
		int64_t since_ns = printer->newest_ns - LATE_NS;
		if (since_ns < options->since_ns)
			since_ns = options->since_ns;
		if (!look(target, printer, since_ns, INT64_MAX, err))
			return false;
	}
	return true;
}

bool cloud_logs_show(const struct invocation *invocation, const struct cloud_logs_options *options,
		     struct error *err)
{
	const struct arguments *args = invocation->args;
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	AUTO(printer_clear)
	struct printer printer = {.invocation = invocation,
				  .selectors = arguments_rest(args),
				  .container = arguments_value(args, "container"),
				  .has_timestamps = arguments_flag(args, "timestamps"),
				  .has_prefix = !arguments_flag(args, "no-prefix"),
				  .is_json = invocation->output == OUTPUT_JSON,
				  .follows = arguments_flag(args, "follow")};
	if (!cloud_target_open(invocation, NULL, &target, err) ||
	    !first_look(&target, &printer, options, err))
		return false;
	if (printer.follows)
		return follow(&target, &printer, options, err);
	if (printer.shown == 0)
		output_note(invocation, "no lines; i2kit status says what runs");
	return true;
}
