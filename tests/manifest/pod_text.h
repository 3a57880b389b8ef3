/* SPDX-License-Identifier: Apache-2.0 */
/* An app of one Pod, from the text below its `spec:`. */
#ifndef I2KIT_TESTS_MANIFEST_POD_TEXT_H
#define I2KIT_TESTS_MANIFEST_POD_TEXT_H

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "manifest/load.h"

#include "test.h"

static inline void load_pod(const char *spec, struct app *app)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error problem = ERROR_INIT;
	const struct load_options how = {.folder = "/srv/shop", .project = "shop"};
	char text[4096];

	(void)snprintf(text, sizeof(text),
		       "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n%s", spec);
	if (!app_load_text(&how, "pod.yml", text, strlen(text), app, &problems, &problem))
		fail_msg("%s", problems.count > 0 ? problems.items[0].message : problem.message);
	assert_int_equal(app->pod_count, 1);
}

#endif
