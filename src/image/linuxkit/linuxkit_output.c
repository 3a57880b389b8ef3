/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

bool linuxkit_output_open(const char *path, struct linuxkit_output *ret, struct error *err)
{
	ret->path = xstrdup(path);
	ret->temporary = xasprintf("%s.XXXXXX", path);
	ret->fd = mkostemp(ret->temporary, O_CLOEXEC);
	if (ret->fd >= 0)
		return true;
	error_set_errno(err, errno, "create %s", path);
	free(ret->temporary);
	ret->temporary = NULL;
	return false;
}

bool linuxkit_output_commit(struct linuxkit_output *output, struct error *err)
{
	if (fchmod(output->fd, 0644) < 0 || fsync(output->fd) < 0 ||
	    rename(output->temporary, output->path) < 0)
		return error_set_errno(err, errno, "%s", output->path);
	free(output->temporary);
	output->temporary = NULL;
	return true;
}

void linuxkit_output_clear(struct linuxkit_output *output)
{
	if (output->temporary != NULL)
		(void)unlink(output->temporary);
	if (output->fd >= 0)
		(void)close(output->fd);
	free(output->temporary);
	free(output->path);
	*output = LINUXKIT_OUTPUT_INIT;
}
