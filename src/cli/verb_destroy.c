/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "cli/arguments.h"
#include "cli/cloud_target.h"
#include "cli/progress_view.h"

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	const struct cloud_destruction what = {
		.images = arguments_flag(invocation->args, "images"),
		.volumes = arguments_flag(invocation->args, "volumes"),
	};
	if (!cloud_target_open(invocation, NULL, &target, err))
		return 1;
	AUTO_FREE char *question =
		xasprintf("delete %s, its secrets and records%s%s?", target.scope.name,
			  what.images ? ", the project's images that nothing else needs" : "",
			  what.volumes ? ", and what its claims hold" : "");
	if (!cloud_target_confirm(invocation, question, err) ||
	    !target.provider->destroy(target.cloud, &target.scope, &what,
				      progress_view_progress(view), err))
		return 1;
	printf("%s is gone%s; %s\n", target.scope.name,
	       what.images ? ", and the images that nothing else needs" : "",
	       what.volumes ? "no snapshots of its claims are left"
			    : "volumes of claims are kept as snapshots (provider.restore)");
	return 0;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	REGION_OPTION,
	PROFILE_OPTION,
	{"images", 0, OPTION_FLAG, NULL, "also its images that nothing else needs", COMPLETE_NONE},
	{"volumes", 0, OPTION_FLAG, NULL, "also the snapshots of claims' volumes", COMPLETE_NONE},
	{"yes", 'y', OPTION_FLAG, NULL, "do not ask", COMPLETE_NONE},
};

const struct verb verb_destroy = {
	.name = "destroy",
	.group = VERB_CLOUD,
	.summary = "take a project out of the cloud",
	.description =
		"Deletes what runs, the secrets and the records of releases, then looks again and "
		"fails if anything is left. Images are shared by their digest: with --images one "
		"goes only when no project or environment runs it or could roll back to it. "
		"Volumes of claims stay as snapshots unless --volumes.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.example = "i2kit destroy -e environment.yml --images --yes\n",
	.takes_away = true,
	.run = run,
};
