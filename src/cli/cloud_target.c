/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cloud_target.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/arguments.h"
#include "cli/ask_secret.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/project.h"
#include "cloud/providers/providers.h"
#include "manifest/problem.h"

void cloud_target_clear(struct cloud_target *target)
{
	if (target->cloud != NULL)
		target->provider->close(target->cloud);
	environment_clear(&target->environment);
	cloud_scope_clear(&target->scope);
	*target = (struct cloud_target){0};
}

bool cloud_target_environment(const struct invocation *invocation, struct environment *ret,
			      struct error *err)
{
	const char *given = arguments_value(invocation->args, "environment");
	AUTO_FREE char *found = given == NULL ? environment_find(".") : NULL;
	const char *path = given != NULL ? given : found;
	if (path == NULL)
		return true;
	AUTO(problem_list_clear) struct problem_list problems = {0};
	bool is_ok = environment_load(path, ret, &problems, err);
	manifest_files_print(invocation, &problems, false);
	return is_ok;
}

static bool open_provider(const struct invocation *invocation, struct cloud_target *target,
			  struct error *err)
{
	const char *region = arguments_value(invocation->args, "region");
	const char *profile = arguments_value(invocation->args, "profile");
	struct cloud_options options = {
		.region = region != NULL ? region : target->environment.region,
		.profile = profile != NULL ? profile : target->environment.profile,
		.ask = ask_secret,
	};
	target->provider = target->environment.type != NULL
				   ? cloud_provider_find(target->environment.type, err)
				   : cloud_providers()[0];
	if (target->provider == NULL)
		return false;
	target->cloud = target->provider->open(&options, err);
	if (target->cloud == NULL)
		return false;
	AUTO_FREE char *who = target->provider->identify(target->cloud, err);
	if (who == NULL)
		return false;
	output_note(invocation, "%s", who);
	return true;
}

bool cloud_target_open(const struct invocation *invocation, const char *project,
		       struct cloud_target *ret, struct error *err)
{
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	if (!cloud_target_environment(invocation, &target.environment, err))
		return false;
	AUTO_FREE char *name =
		project != NULL ? xstrdup(project) : project_name(invocation, NULL, err);
	if (name == NULL || !open_provider(invocation, &target, err))
		return false;
	cloud_scope_make(name, target.environment.name, &target.scope);
	*ret = target;
	target = (struct cloud_target){0};
	return true;
}

bool cloud_target_confirm(const struct invocation *invocation, const char *question,
			  struct error *err)
{
	if (arguments_flag(invocation->args, "yes"))
		return true;
	if (isatty(STDIN_FILENO) == 0) {
		error_set(err, ERROR_USAGE, "nobody is there to be asked: %s", question);
		return error_hint(err, "--yes");
	}
	(void)fprintf(stderr, "%s [y/N] ", question);
	char answer[16] = "";
	if (fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'))
		return true;
	return error_set(err, ERROR_CANCELLED, "nothing was changed");
}
