/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/manifest_files.h"
#include "cli/progress_view.h"
#include "cli/verb.h"
#include "image/linuxkit/linuxkit_pod.h"
#include "image/store/store.h"
#include "manifest/convert_loss.h"
#include "manifest/problem.h"
#include "manifest/write_compose.h"
#include "manifest/write_objects.h"
#include "manifest/write_short.h"

static const struct option_spec options[] = {
	MANIFEST_OPTIONS,
	MANIFEST_SUPPLY_OPTIONS,
	{"to", 't', OPTION_VALUE, "i2kit|kubernetes|compose|linuxkit",
	 "the form to write (kubernetes)", COMPLETE_FORMAT},
};

/* One LinuxKit document for each pod. Images are asked for their entry points, so it may pull. */
static bool print_linuxkit(const struct invocation *invocation, const struct app *app,
			   struct error *err)
{
	const struct image_options image = {.folder = app->folder};
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);

	if (store == NULL)
		return false;
	for (size_t i = 0; i < app->pod_count; i++) {
		AUTO_FREE char *text = NULL;
		if (!linuxkit_pod_make(store, &app->pods[i], &image, progress_view_progress(view),
				       &text, err))
			return error_prefix(err, "pod '%s'", app->pods[i].name);
		(void)printf("%s# pod %s\n", i > 0 ? "---\n" : "", app->pods[i].name);
		(void)fputs(text, stdout);
	}
	return true;
}

static void print_losses(const struct string_list *lost)
{
	for (size_t i = 0; i < lost->count; i++) {
		AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
		strbuf_append_printable(&text, lost->items[i], strlen(lost->items[i]));
		(void)fprintf(stderr, "not kept: %s\n", strbuf_text(&text));
	}
}

static bool print_form(const struct invocation *invocation, const struct app *app, const char *form,
		       struct error *err)
{
	if (strcmp(form, "linuxkit") == 0)
		return print_linuxkit(invocation, app, err);
	AUTO(string_list_clear) struct string_list lost = STRING_LIST_INIT;
	bool is_short = strcmp(form, "i2kit") == 0;
	bool is_compose = strcmp(form, "compose") == 0;
	AUTO_FREE char *text = is_short	    ? app_write_short(app)
			       : is_compose ? app_write_compose(app, &lost)
					    : app_write_kubernetes(app);
	(void)fputs(text, stdout);
	if (is_short)
		app_short_losses(app, &lost);
	if (!is_compose) {
		app_build_losses(app, &lost);
		app_container_losses(app, &lost);
	}
	print_losses(&lost);
	if (is_short || is_compose)
		return true;
	if (app->is_named)
		(void)fprintf(stderr, "not kept: the project's name '%s'; -p gives it\n",
			      app->project);
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	const char *given = arguments_value(invocation->args, "to");
	const char *form = given ? given : "kubernetes";

	if (strcmp(form, "i2kit") != 0 && strcmp(form, "kubernetes") != 0 &&
	    strcmp(form, "compose") != 0 && strcmp(form, "linuxkit") != 0) {
		error_set(err, ERROR_USAGE,
			  "--to is i2kit, kubernetes, compose or linuxkit, not '%s'", form);
		return 2;
	}
	bool is_valid = manifest_files_read_whole(invocation, &app, &problems, err);
	manifest_files_print(invocation, &problems, false);
	return is_valid && print_form(invocation, &app, form, err) ? 0 : 1;
}

const struct verb verb_convert = {
	.name = "convert",
	.group = VERB_MANIFEST,
	.summary = "write manifests in another form",
	.description =
		"Reads manifests of any form and prints them in another one: --to kubernetes for "
		"objects that kubectl apply takes, --to i2kit for the short form. What the short "
		"form has no words for (StatefulSets, Jobs, ConfigMaps, Secrets, claims, Services "
		"of several pods, policies) stays a Kubernetes object in the same file, which "
		"i2kit reads just as well; what is not kept is named. Kubernetes objects come out "
		"as Kubernetes objects with everything they say, those without effect here among "
		"them. --to compose makes each container a service; what Compose has no words for "
		"(init containers, probes that ask no command, ConfigMap volumes) is named. --to "
		"linuxkit prints one LinuxKit document for each pod, for "
		"linuxkit build; it looks the images up, since a command without its image's "
		"entry point would be another one.\n\n"
		"Comments are not kept, and Secrets come out as plain text.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.argument = {"FILE", 0, 0, COMPLETE_FILE},
	.example = "i2kit convert --to i2kit k8s/ > i2kit.yml",
	.run = run,
};
