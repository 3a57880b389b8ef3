/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "cli/cloud_target.h"
#include "cli/output.h"
#include "cli/progress_view.h"

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	bool with_images = arguments_flag(invocation->args, "images");
	if (!cloud_target_open(invocation, NULL, &target, err))
		return 1;
	AUTO_FREE char *question = xasprintf("delete stack %s, its secrets and records%s?",
					     target.stack, with_images ? ", and all images" : "");
	if (!cloud_target_confirm(invocation, question, err) ||
	    !target.provider->destroy(target.cloud, target.project, target.stack, with_images,
				      progress_view_progress(view), err))
		return 1;
	printf("%s is gone: no stack, no parameters%s; volumes of claims are kept as snapshots\n",
	       target.stack, with_images ? ", no images" : "");
	return 0;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	REGION_OPTION,
	PROFILE_OPTION,
	{"images", 0, OPTION_FLAG, NULL, "also the project's images and snapshots", COMPLETE_NONE},
	{"yes", 'y', OPTION_FLAG, NULL, "do not ask", COMPLETE_NONE},
};

const struct verb verb_destroy = {
	.name = "destroy",
	.group = VERB_CLOUD,
	.summary = "take a project out of the cloud",
	.description = "Deletes the stack, the secrets and the records of releases, then looks "
		       "again and fails if anything is left.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.example = "i2kit destroy -e environment.yml --images --yes\n",
	.run = run,
};
