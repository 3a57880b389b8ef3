/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/project_verb.h"

enum { STEP_MS = 200, KEPT_MS = 400 };

static void print_json(const struct project_event *event, const char *when)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "time", when);
	json_write_bool(&json, "warning", event->is_warning);
	json_write_text(&json, "type", event->type);
	json_write_text(&json, "object", event->object);
	json_write_text(&json, "message", event->message);
	json_close(&json);
	output_document(strbuf_text(&text));
}

static void print_event(const struct project_event *event, void *arg)
{
	const struct invocation *invocation = arg;
	AUTO(strbuf_clear) struct strbuf message = STRBUF_INIT;
	char when[RFC3339_SIZE];

	clock_format_rfc3339(when, event->time_ns, 3);
	if (invocation->output == OUTPUT_JSON) {
		print_json(event, when);
	} else {
		strbuf_append_printable(&message, event->message, strlen(event->message));
		(void)printf("%s  %s%-17s%s  %-20s  %s\n", when,
			     style_begin(event->is_warning ? STYLE_YELLOW : STYLE_NONE,
					 invocation->is_colored),
			     event->type, style_begin(STYLE_NONE, invocation->is_colored),
			     event->object, strbuf_text(&message));
	}
	(void)fflush(stdout);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	bool follows = arguments_flag(invocation->args, "follow");
	uint64_t end_ms = clock_monotonic_ms() + KEPT_MS;

	if (!project_verb_open(invocation, false, &verb, err))
		return 1;
	if (!project_verb_is_up(&verb, err))
		return 1;
	client_watch_events(verb.client, print_event, (void *)(uintptr_t)invocation);
	while (!interrupt_is_set() && (follows || clock_monotonic_ms() < end_ms))
		loop_step(verb.loop, STEP_MS);
	return 0;
}

static const struct option_spec options[] = {
	{"follow", 'f', OPTION_FLAG, NULL, "go on until interrupted", COMPLETE_NONE},
};

const struct verb verb_events = {
	.name = "events",
	.group = VERB_WATCH,
	.summary = "show what happened to pods",
	.description =
		"Shows what the supervisor and the pods did: starts, readiness, failed probes, "
		"restarts, replacements. The last thousand are kept while the project is up.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.example = "i2kit events -f",
	.run = run,
};
