/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/develop_sync.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cli/exec_run.h"
#include "cli/output.h"
#include "manifest/build_spec.h"
#include "wire/request.h"

#define MAX_COMPLAINT ((size_t)4096) /* of the guest's stderr, kept for the message */

enum { CODE_USAGE = 2, CODE_ABSENT = 127 };

static bool keep_complaint(bool is_stderr, const void *bytes, size_t size, void *arg,
			   struct error *err)
{
	(void)err;
	if (is_stderr)
		strbuf_append_bytes(arg, bytes, size);
	return true;
}

/* Its first line, made harmless. */
static bool fail(const struct develop_target *target, int code, const struct strbuf *complaint,
		 struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	const char *start = strbuf_text(complaint);

	strbuf_append_printable(&text, start, strcspn(start, "\n"));
	if (code == CODE_ABSENT || code == CODE_USAGE) {
		error_set(err, ERROR_UNSUPPORTED,
			  "%s was built on the base of an older i2kit, which takes no sync",
			  target->instance);
		return error_hint(err, "make the base anew (scripts/make-base), then i2kit up");
	}
	bool is_absent = strstr(strbuf_text(&text), "does not run") != NULL ||
			 strstr(strbuf_text(&text), "is not to run") != NULL;
	return error_set(err, is_absent ? ERROR_NOT_FOUND : ERROR_SYSTEM, "%s/%s: %s",
			 target->instance, target->container,
			 text.size > 0 ? strbuf_text(&text) : "it failed in the pod");
}

/* A program of the guest's own. */
static bool run_inside(const struct develop_target *target, const char *program,
		       const char *word_or_null, int stdin_fd, struct error *err)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	AUTO(strbuf_clear) struct strbuf complaint = STRBUF_MAX(MAX_COMPLAINT);
	const struct exec_run run = {.project = target->project,
				     .target = target->instance,
				     .container = target->container,
				     .argv = &argv,
				     .stdin_fd = stdin_fd,
				     .leaves_signals = true,
				     .output = keep_complaint,
				     .arg = &complaint};
	int code = 0;

	string_list_add(&argv, program);
	if (word_or_null != NULL)
		string_list_add(&argv, word_or_null);
	if (!exec_run(&run, &code, err))
		return false;
	return code == 0 || fail(target, code, &complaint, err);
}

bool develop_sync_files(const struct develop_target *target, int fd, struct error *err)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_set(err, ERROR_SYSTEM, "the files cannot be read again");
	return run_inside(target, EXEC_COPY, EXEC_SYNC, fd, err);
}

bool develop_sync_restart(const struct develop_target *target, struct error *err)
{
	return run_inside(target, EXEC_RESTART, NULL, -1, err);
}

bool develop_sync_exec(const struct develop_target *target, const struct watch_rule *rule,
		       struct error *err)
{
	const struct exec_run run = {.project = target->project,
				     .target = target->instance,
				     .container = target->container,
				     .argv = &rule->command,
				     .env = &rule->command_env,
				     .cwd = rule->command_folder,
				     .user = rule->command_user,
				     .is_privileged = rule->command_is_privileged,
				     .stdin_fd = -1,
				     .leaves_signals = true};
	int code = 0;

	if (!exec_run(&run, &code, err))
		return false;
	if (code != 0)
		output_warning(target->invocation, "%s/%s: '%s' ended with %d", target->instance,
			       target->container, rule->command.items[0], code);
	return true;
}
