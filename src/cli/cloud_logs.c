/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cloud_logs.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/cloud_target.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/output_document.h"

#define POLL_MS	     2000
#define INTERRUPT_MS 200

struct printer {
	bool has_timestamps;
	bool is_json;
	int64_t newest_ns;	  /* of the lines shown */
	struct string_list shown; /* those of exactly newest_ns, so that none comes twice */
};

/* A line already shown by an earlier look. */
static bool was_shown(struct printer *printer, int64_t time_ns, const char *line)
{
	if (time_ns < printer->newest_ns)
		return true;
	if (time_ns > printer->newest_ns) {
		string_list_clear(&printer->shown);
		printer->newest_ns = time_ns;
	}
	if (string_list_has(&printer->shown, line))
		return true;
	string_list_add(&printer->shown, line);
	return false;
}

static bool print_line(int64_t time_ns, const char *stream, const char *text, void *arg)
{
	struct printer *printer = arg;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf text_json = STRBUF_INIT;
	char when[RFC3339_SIZE];
	clock_format_rfc3339(when, time_ns, 3);
	if (printer->is_json) {
		struct json_writer json = JSON_WRITER(&text_json, 0);
		json_open_object(&json, NULL);
		json_write_text(&json, "time", when);
		json_write_text(&json, "stream", stream);
		json_write_text(&json, "text", text);
		json_close(&json);
		output_document_append(strbuf_text(&text_json), &out);
	} else {
		if (printer->has_timestamps)
			strbuf_appendf(&out, "%s ", when);
		strbuf_append_printable(&out, stream, strlen(stream));
		strbuf_append(&out, " | ");
		strbuf_append_printable(&out, text, strlen(text));
		strbuf_append_char(&out, '\n');
	}
	if (was_shown(printer, time_ns, strbuf_text(&out)))
		return true;
	return fputs(strbuf_text(&out), stdout) >= 0;
}

static bool show_once(struct cloud_target *target, const struct string_list *pods,
		      struct printer *printer, int64_t since_ns, struct error *err)
{
	int64_t from = printer->newest_ns > since_ns ? printer->newest_ns : since_ns;
	if (pods->count == 0)
		return target->provider->logs(target->cloud, &target->scope, NULL, from, print_line,
					      printer, err);
	for (size_t i = 0; i < pods->count; i++)
		if (!target->provider->logs(target->cloud, &target->scope, pods->items[i], from,
					    print_line, printer, err))
			return false;
	return true;
}

static void wait_a_while(void)
{
	for (unsigned waited = 0; waited < POLL_MS && !interrupt_is_set(); waited += INTERRUPT_MS)
		(void)poll(NULL, 0, INTERRUPT_MS);
}

bool cloud_logs_show(const struct invocation *invocation, int64_t since_ns, struct error *err)
{
	const struct arguments *args = invocation->args;
	const struct string_list *pods = arguments_rest(args);
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	struct printer printer = {.has_timestamps = arguments_flag(args, "timestamps"),
				  .is_json = invocation->output == OUTPUT_JSON};
	bool follows = arguments_flag(args, "follow");
	if (follows && pods->count > 1)
		return error_set(err, ERROR_UNSUPPORTED,
				 "logs -e -f follows all pods or one, not %zu", pods->count);
	if (!cloud_target_open(invocation, NULL, &target, err))
		return false;
	bool is_ok = show_once(&target, pods, &printer, since_ns, err);
	while (is_ok && follows && !interrupt_is_set()) {
		(void)fflush(stdout);
		wait_a_while();
		is_ok = show_once(&target, pods, &printer, since_ns, err);
	}
	string_list_clear(&printer.shown);
	return is_ok;
}
