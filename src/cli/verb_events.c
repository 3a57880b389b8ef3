/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
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

static enum text_style event_style(const struct project_event *event)
{
	static const char *const good[] = {"Ready", "Succeeded", "Resumed"};

	if (event->is_warning)
		return STYLE_YELLOW;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (strcmp(event->type, good[i]) == 0)
			return STYLE_GREEN;
	}
	return STYLE_NONE;
}

/* How long ago; while one looks on, the time of day; the whole time for who asks for it. */
static void append_when(const struct invocation *invocation, int64_t time_ns, struct strbuf *out)
{
	char text[RFC3339_SIZE];
	int64_t seconds = (clock_wall_ns() - time_ns) / 1000000000;
	time_t whole = (time_t)(time_ns / 1000000000);
	struct tm local;

	if (arguments_flag(invocation->args, "timestamps")) {
		clock_format_rfc3339(text, time_ns, 3);
		strbuf_append(out, text);
	} else if (arguments_flag(invocation->args, "follow") &&
		   localtime_r(&whole, &local) != NULL &&
		   strftime(text, sizeof(text), "%H:%M:%S", &local) > 0) {
		strbuf_append(out, text);
	} else {
		char age[AGE_SIZE];
		clock_format_age(age, seconds > 0 ? (uint64_t)seconds : 0);
		strbuf_appendf(out, "%6s", age);
	}
}

static void print_event(const struct project_event *event, void *arg)
{
	const struct invocation *invocation = arg;
	AUTO(strbuf_clear) struct strbuf message = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf when = STRBUF_INIT;
	bool is_colored = invocation->is_colored;

	if (invocation->output == OUTPUT_JSON) {
		char time[RFC3339_SIZE];
		clock_format_rfc3339(time, event->time_ns, 3);
		print_json(event, time);
		(void)fflush(stdout);
		return;
	}
	append_when(invocation, event->time_ns, &when);
	output_append_line(&message, event->message);
	(void)printf("%s%s%s  %s%-17s%s  %-20s  %s\n", style_begin(STYLE_DIM, is_colored),
		     strbuf_text(&when), style_begin(STYLE_NONE, is_colored),
		     style_begin(event_style(event), is_colored), event->type,
		     style_begin(STYLE_NONE, is_colored), event->object, strbuf_text(&message));
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
	{"timestamps", 't', OPTION_FLAG, NULL, "whole times in place of ages", COMPLETE_NONE},
};

const struct verb verb_events = {
	.name = "events",
	.group = VERB_WATCH,
	.summary = "show what happened to pods",
	.description =
		"Shows what the supervisor and the pods did: starts, readiness, failed probes, "
		"restarts, replacements. The last thousand are kept while the project is up. "
		"Each has its age; with -f the time of day.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.example = "i2kit events -f",
	.run = run,
};
