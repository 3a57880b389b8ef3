/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/disk_argument.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "cli/project_verb.h"
#include "image/disk/disk_image.h"

bool disk_argument_find(struct store *store, const char *text, char **ret, struct error *err)
{
	AUTO(disk_image_clear) struct disk_image image = {0};
	struct stat st;
	if (stat(text, &st) == 0 && S_ISREG(st.st_mode)) {
		*ret = xstrdup(text);
		return true;
	}
	if (!image_find(store, text, &image, err)) {
		if (err != NULL && err->kind == ERROR_INVALID && err->hint == NULL)
			return error_set(err, ERROR_NOT_FOUND,
					 "'%s' is neither a file nor the digest of a disk", text);
		return false;
	}
	*ret = TAKE_PTR(image.path);
	return true;
}

char *disk_argument_of_pod(const struct invocation *invocation, struct store *store,
			   const char *name)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	AUTO(disk_image_clear) struct disk_image image = {0};

	if (!project_verb_open(invocation, false, &verb, &ignored) ||
	    !client_status(verb.client, &status, &ignored))
		return NULL;
	const struct instance_status *instance = project_verb_find(&status, name, &ignored);
	if (instance == NULL ||
	    !image_find(store, DIGEST_TEXT(&instance->release.image), &image, &ignored))
		return NULL;
	return TAKE_PTR(image.path);
}
