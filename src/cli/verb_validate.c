/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cli/arguments.h"
#include "cli/manifest_files.h"
#include "cli/output_document.h"
#include "cli/problem_view.h"
#include "cli/verb.h"
#include "manifest/problem.h"

static const struct option_spec options[] = {
	MANIFEST_OPTIONS,
	MANIFEST_SUPPLY_OPTIONS,
};

static void print_json(const struct app *app, const struct problem_list *problems,
		       const struct error *failure)
{
	bool is_other = failure->message != NULL && problems->error_count == 0;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, JSON_PRETTY);
	json_open_object(&json, NULL);
	json_write_bool(&json, "valid", failure->message == NULL);
	json_write_unsigned(&json, "pods", app->pod_count);
	json_write_unsigned(&json, "services", app->service_count);
	json_write_unsigned(&json, "errors", is_other ? 1 : problems->error_count);
	problem_view_write(&json, "problems", problems, is_other ? failure : NULL);
	json_close(&json);
	output_document(strbuf_text(&text));
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	bool is_valid = manifest_files_read(invocation, &app, &problems, err);

	if (invocation->output == OUTPUT_JSON) {
		print_json(&app, &problems, err);
		error_clear(err); /* what it says is in the answer */
		return is_valid ? 0 : 1;
	}
	manifest_files_print(invocation, &problems, arguments_flag(invocation->args, "quiet"));
	if (!is_valid)
		return 1;
	(void)printf("valid: %zu pod%s, %zu service%s in %zu file%s\n", app.pod_count,
		     plural(app.pod_count), app.service_count, plural(app.service_count),
		     app.files.count, plural(app.files.count));
	return 0;
}

const struct verb verb_validate = {
	.name = "validate",
	.group = VERB_MANIFEST,
	.summary = "check manifests and say all that is wrong",
	.description =
		"Reads manifests (Kubernetes objects, the short form, both mixed) and reports "
		"every "
		"problem of every file as FILE:LINE:COLUMN, with what to write instead. Fields "
		"that "
		"are understood but mean nothing here are noted once. Nothing is started, pulled "
		"or "
		"built.\n\n"
		"The exit status is 0 when the manifests are valid and 1 when they are not. With "
		"-o "
		"json the answer is one object with valid, errors and the list of problems (file, "
		"line, column, severity, code, path, message, hint); doc/problems.md lists the "
		"codes.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.argument = {"FILE", 0, 0, COMPLETE_FILE},
	.has_output = true,
	.example = "i2kit validate -f k8s/\nhelm template ./chart | i2kit validate -",
	.run = run,
};
