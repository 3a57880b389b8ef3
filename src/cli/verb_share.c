/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/string_list.h"
#include "cli/arguments.h"
#include "cli/verb.h"
#include "local/vm/share.h"

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	const struct share_options options = {
		.socket = rest->items[0],
		.folder = rest->items[1],
		.is_read_only = arguments_flag(invocation->args, "read-only"),
	};

	return share_serve(&options, err) ? 0 : 1;
}

static const struct option_spec options[] = {
	{"read-only", 0, OPTION_FLAG, NULL, "the guest can change nothing", COMPLETE_NONE},
};

const struct verb verb_share = {
	.name = "share",
	.group = VERB_SYSTEM,
	.summary = "serve a folder to one VM (run by the supervisor)",
	.description = "Becomes a virtiofsd that serves FOLDER to the one that connects to SOCKET, "
		       "behind the fences that doc/security.md lists. The supervisor starts it.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"SOCKET FOLDER", 2, 2, COMPLETE_NONE},
	.is_hidden = true,
	.run = run,
};
