/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/process_run.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/cloud_target.h"
#include "cli/doctor.h"
#include "cli/doctor_cloud.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/verb.h"

static const struct option_spec options[] = {
	{"fix", 0, OPTION_FLAG, NULL, "run what mends it, where that is harmless", COMPLETE_NONE},
	{"connect", 'c', OPTION_VALUE, "URI", "libvirt to look at", COMPLETE_NONE},
	{"cloud", 0, OPTION_FLAG, NULL, "who we are in the cloud, and what it permits",
	 COMPLETE_NONE},
	{"policy", 0, OPTION_VALUE, "NAME", "which, of --cloud: caller, stack …", COMPLETE_NONE},
	ENVIRONMENT_OPTION,
	REGION_OPTION,
	PROFILE_OPTION,
};

static const char *level_name(enum finding_level level)
{
	static const char *const names[] = {"ok", "note", "broken"};
	return names[level];
}

static void write_finding(struct json_writer *json, const struct finding *finding)
{
	json_open_object(json, NULL);
	json_write_text(json, "check", finding->name);
	json_write_text(json, "level", level_name(finding->level));
	json_write_text(json, "text", finding->text);
	json_write_text_if(json, "mend", finding->mend);
	json_close(json);
}

static void print_line(const struct invocation *invocation, const struct finding *finding)
{
	static const enum text_style styles[] = {STYLE_GREEN, STYLE_YELLOW, STYLE_RED};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	strbuf_append_printable(&text, finding->text, strlen(finding->text));
	(void)printf("%s%-7s%s %-9s %s",
		     style_begin(styles[finding->level], invocation->is_colored),
		     level_name(finding->level), style_begin(STYLE_NONE, invocation->is_colored),
		     finding->name, strbuf_text(&text));
	if (finding->mend != NULL)
		(void)printf("  -> %s", finding->mend);
	(void)putchar('\n');
	/* A slow check comes next; what is known is shown. */
	(void)fflush(stdout);
}

/* The commands are our own texts, so a shell may read them. */
static void fix(const struct invocation *invocation, const char *uri, int number,
		struct finding *finding)
{
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	const char *const argv[] = {"sh", "-c", finding->mend, NULL};
	struct process_run run = {.argv = argv, .timeout_ms = 15 * 60 * 1000};

	if (finding->level == FINDING_OK || finding->mend == NULL || !finding->is_safe_to_fix)
		return;
	output_note(invocation, "%s: %s", finding->name, finding->mend);
	if (finding->fix != NULL ? !finding->fix(&err) : !process_run(&run, &output, &err))
		output_warning(invocation, "%s: %s", finding->name, err.message);
	finding_clear(finding);
	doctor_check(number, uri, finding);
}

/* What asks about the cloud means nothing here, and is not passed over in silence. */
static bool check_options(const struct arguments *args, struct error *err)
{
	static const char *const of_cloud[] = {"policy", "environment", "region", "profile"};

	for (size_t i = 0; i < ARRAY_SIZE(of_cloud); i++) {
		if (arguments_value(args, of_cloud[i]) != NULL)
			return error_set(err, ERROR_USAGE, "--%s goes with --cloud", of_cloud[i]);
	}
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const char *uri = arguments_value(invocation->args, "connect");
	bool may_fix = arguments_flag(invocation->args, "fix");
	bool is_json = invocation->output == OUTPUT_JSON;
	unsigned broken = 0;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	if (arguments_flag(invocation->args, "cloud"))
		return doctor_cloud(invocation, err);
	if (!check_options(invocation->args, err))
		return 1;

	json_open_list(&json, NULL);
	for (int i = 0; i < DOCTOR_CHECK_COUNT; i++) {
		AUTO(finding_clear) struct finding finding = {0};
		doctor_check(i, uri, &finding);
		if (may_fix)
			fix(invocation, uri, i, &finding);
		if (is_json)
			write_finding(&json, &finding);
		else
			print_line(invocation, &finding);
		broken += finding.level == FINDING_BROKEN ? 1 : 0;
	}
	json_close(&json);
	if (is_json)
		output_document(strbuf_text(&text));
	return broken > 0 ? 1 : 0;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.group = VERB_SYSTEM,
	.summary = "check what i2kit needs here, and how to mend it",
	.description =
		"Looks at virtualisation, libvirt and its network, the image store, the base, and "
		"credentials; one line each, with the command that mends what is wrong. Nothing is "
		"changed without --fix.\nThe exit status is 1 when something is broken; notes do "
		"not count.\nWith --cloud it says who we are where -e points, and prints the least "
		"permissions that the verbs of the cloud need there, made from the table that "
		"their "
		"calls are checked against; --policy NAME prints one of them, and asks nobody. In "
		"OpenStack it says whether what the file names is there instead.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.run = run,
};
