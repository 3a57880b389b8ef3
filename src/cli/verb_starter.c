/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/prctl.h>
#include <sys/stat.h>

#include "cli/arguments.h"
#include "cli/verb.h"
#include "local/vm/starter_serve.h"

enum { SOCKET_FD = 3 };

static int run(const struct invocation *invocation, struct error *err)
{
	struct stat st;

	if (fstat(SOCKET_FD, &st) < 0 || !S_ISSOCK(st.st_mode))
		return error_set(err, ERROR_USAGE, "the supervisor starts this, not people"), 2;
	(void)prctl(PR_SET_NAME, "i2kit");
	return starter_serve(SOCKET_FD, arguments_rest(invocation->args), err) ? 0 : 1;
}

const struct verb verb_starter = {
	.name = "starter",
	.group = VERB_SYSTEM,
	.summary = "start programs for a fenced supervisor (run by it)",
	.description =
		"Starts virtiofsd, qemu-img, nft and the user's libvirtd for the supervisor, "
		"which starts no program itself, and ends with it.",
	.argument = {"FOLDER", 0, 0, COMPLETE_NONE},
	.is_hidden = true,
	.run = run,
};
