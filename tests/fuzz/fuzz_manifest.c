/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a manifest. What is accepted must survive being written in both forms and read
 * again, and must have a release configuration.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "manifest/environment.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "manifest/write_objects.h"
#include "manifest/write_short.h"
#include "release/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool load(const char *text, size_t size, bool keeps_objects, struct app *ret,
		 struct problem_list *problems)
{
	struct load_options options = {.folder = "/",
				       .project = "fuzz",
				       .may_have_no_pod = true,
				       .keeps_objects = keeps_objects};
	return app_load_text(&options, "-", text, size, ret, problems, NULL);
}

static void must_load(const char *text, bool keeps_objects, struct app *ret)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	if (load(text, strlen(text), keeps_objects, ret, &problems))
		return;
	(void)fprintf(stderr, "%s\n%u: %s\n", text, problems.count ? problems.items[0].line : 0,
		      problems.count ? problems.items[0].message : "");
	abort();
}

/* Objects in the words they were written in are the same objects when they are read again. */
static void objects_must_stay(const uint8_t *bytes, size_t size)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(app_clear) struct app again = {0};
	AUTO(app_clear) struct app from_short = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	if (!load((const char *)bytes, size, true, &app, &problems))
		abort();
	AUTO_FREE char *kubernetes = app_write_kubernetes(&app);
	AUTO_FREE char *in_short = app_write_short(&app);
	must_load(kubernetes, true, &again);
	must_load(in_short, true, &from_short);
	for (size_t i = 0; i < app.object_count; i++) {
		if (i >= again.object_count ||
		    strcmp(app.objects[i].text, again.objects[i].text) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};

	if (!load((const char *)bytes, size, false, &app, &problems)) {
		if (problems.error_count == 0)
			abort();
		return 0;
	}
	AUTO_FREE char *kubernetes = app_write_kubernetes(&app);
	AUTO_FREE char *in_short = app_write_short(&app);
	AUTO(app_clear) struct app from_kubernetes = {0};
	AUTO(app_clear) struct app from_short = {0};
	must_load(kubernetes, false, &from_kubernetes);
	must_load(in_short, false, &from_short);
	objects_must_stay(bytes, size);
	for (size_t i = 0; i < app.pod_count; i++) {
		AUTO(release_config_clear) struct release_config config = {0};
		if (release_config_make(&app, &app.pods[i], &config, NULL) &&
		    !digest_is_set(&config.digest))
			abort();
	}
	return 0;
}
