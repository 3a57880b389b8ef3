/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "manifest/write.h"

static const struct option_spec options[] = {
	MANIFEST_FILE_OPTION,
	MANIFEST_SKIP_OPTION,
	{"to", 't', OPTION_VALUE, "i2kit|kubernetes|linuxkit", "the form to write (kubernetes)",
	 COMPLETE_FORMAT},
};

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	const char *form = arguments_value(invocation->args, "to");

	if (form == NULL)
		form = "kubernetes";
	bool is_short = strcmp(form, "i2kit") == 0;
	if (strcmp(form, "linuxkit") == 0) {
		error_set(err, ERROR_UNSUPPORTED, "convert does not write LinuxKit documents");
		error_hint(err, "i2kit build, then i2kit inspect --linuxkit POD");
		return 1;
	}
	if (!is_short && strcmp(form, "kubernetes") != 0) {
		error_set(err, ERROR_USAGE, "--to is i2kit, kubernetes or linuxkit, not '%s'",
			  form);
		return 2;
	}
	bool is_valid = manifest_files_read(invocation, &app, &problems, err);
	manifest_files_print(invocation, &problems, false);
	if (!is_valid)
		return 1;
	AUTO_FREE char *text = is_short ? app_write_short(&app) : app_write_kubernetes(&app);
	(void)fputs(text, stdout);
	return 0;
}

const struct verb verb_convert = {
	.name = "convert",
	.group = VERB_MANIFEST,
	.summary = "write manifests in another form",
	.description =
		"Reads manifests of any form and prints them in another one: --to kubernetes for "
		"objects that kubectl apply takes, --to i2kit for the short form. What the short "
		"form has no words for (StatefulSets, Jobs, ConfigMaps, Secrets, claims, Services "
		"of several pods) stays a Kubernetes object in the same file, which i2kit reads "
		"just as well.\n\n"
		"Comments are not kept, and Secrets come out as plain text.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.argument = {"FILE", 0, 0, COMPLETE_FILE},
	.example = "i2kit convert --to i2kit k8s/ > i2kit.yml",
	.run = run,
};
