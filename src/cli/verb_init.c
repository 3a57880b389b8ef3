/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/project.h"
#include "cli/verb.h"
#include "manifest/starter.h"

static const struct option_spec options[] = {
	{"image", 'i', OPTION_VALUE, "IMAGE", "image of the first container (nginx:1.25)",
	 COMPLETE_IMAGE},
	{"kubernetes", 0, OPTION_FLAG, NULL, "Kubernetes objects instead of the short form",
	 COMPLETE_NONE},
	{"environment", 0, OPTION_FLAG, NULL, "also environment.yml, for promote", COMPLETE_NONE},
	{"force", 0, OPTION_FLAG, NULL, "replace files that are there", COMPLETE_NONE},
};

static bool write_file(const struct invocation *invocation, const char *folder, const char *name,
		       const char *text, struct error *err)
{
	AUTO_FREE char *path = path_join(folder, name);
	const char *shown = strcmp(folder, ".") == 0 ? name : path;
	if (path_exists(path) && !arguments_flag(invocation->args, "force")) {
		error_set(err, ERROR_EXISTS, "%s is there already", shown);
		return error_hint(err, "--force replaces it");
	}
	if (!file_write_atomic(path, text, strlen(text), 0644, err))
		return false;
	(void)printf("wrote %s\n", shown);
	return true;
}

/* What goes into the file must come back out of it as one plain word. */
static bool check_image(const char *image, struct error *err)
{
	for (const char *at = image; *at != '\0'; at++) {
		if ((unsigned char)*at <= ' ' || strchr("\"'#{}[],&*!|>%`", *at) != NULL)
			return error_set(err, ERROR_USAGE, "'%s' is not an image name", image);
	}
	return image[0] != '\0' || error_set(err, ERROR_USAGE, "--image needs a name");
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	const char *folder = rest->count > 0 ? rest->items[0] : ".";
	const char *given = arguments_value(invocation->args, "image");
	const char *image = given ? given : "nginx:1.25";
	bool is_kubernetes = arguments_flag(invocation->args, "kubernetes");

	if (!check_image(image, err) || !path_make_folders(folder, 0755, err))
		return 1;
	AUTO_FREE char *name = project_name(invocation, folder, err);
	if (name == NULL)
		return 1;
	AUTO_FREE char *text =
		starter_make(is_kubernetes ? STARTER_KUBERNETES : STARTER_SHORT, name, image);
	if (!write_file(invocation, folder, "i2kit.yml", text, err))
		return 1;
	if (arguments_flag(invocation->args, "environment") &&
	    !write_file(invocation, folder, "environment.yml", starter_environment(), err))
		return 1;
	(void)printf("next: %si2kit up\n", strcmp(folder, ".") == 0 ? "" : "go there and run ");
	return 0;
}

const struct verb verb_init = {
	.name = "init",
	.group = VERB_MANIFEST,
	.summary = "write a first manifest, with comments",
	.description =
		"Writes i2kit.yml into the folder (default: the current one), named after it: one "
		"pod with a published port, a readiness probe and limits, ready for i2kit up. "
		"Nothing that is there is replaced without --force.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.argument = {"FOLDER", 0, 1, COMPLETE_FOLDER},
	.example = "i2kit init --image oci:./image\ni2kit init --kubernetes shop",
	.run = run,
};
