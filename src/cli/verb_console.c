/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/pod_words.h"
#include "cli/project_verb.h"

enum { STEP_MS = 200, CHUNK = 64 << 10 };

/*
 * A kernel's lines end in \r\n, and some programs move the cursor: what may act on the terminal is
 * shown instead.
 */
static bool print_bytes(const char *bytes, size_t size, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	size_t start = 0;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != '\n' && bytes[i] != '\r')
			continue;
		strbuf_append_printable(&out, bytes + start, i - start);
		if (bytes[i] == '\n')
			strbuf_append_char(&out, '\n');
		start = i + 1;
	}
	strbuf_append_printable(&out, bytes + start, size - start);
	return fd_write_all(STDOUT_FILENO, strbuf_text(&out), out.size, err);
}

/* All that is there from *offset on; a file that began anew is read anew. */
static bool print_new(int fd, off_t *offset, struct error *err)
{
	static char bytes[CHUNK];
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) == 0 && st.st_size < *offset)
		*offset = 0;
	while ((got = pread(fd, bytes, sizeof(bytes), *offset)) > 0) {
		*offset += got;
		if (!print_bytes(bytes, (size_t)got, err))
			return false;
	}
	return got == 0 || error_set_errno(err, errno, "the console");
}

static int open_console(const char *project, const struct instance_status *instance,
			struct error *err)
{
	AUTO_FREE char *below = xasprintf("projects/%s/console/%s.log", project, instance->name);
	AUTO_FREE char *path = path_folder(PATH_STATE, below);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0) {
		error_set_errno(err, errno, "the console of %s, %s", instance->name, path);
		(void)error_hint(err, "i2kit logs --system %s has what its kernel said later",
				 instance->pod);
	}
	return fd;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(project_status_clear) struct project_status status = {0};
	off_t offset = 0;

	if (!project_verb_open(invocation, false, &verb, err) ||
	    !client_status(verb.client, &status, err))
		return 1;
	AUTO_FREE char *name =
		pod_word_read(verb.project, arguments_rest(invocation->args)->items[0], err);
	const struct instance_status *instance =
		name != NULL ? project_verb_find(&status, name, err) : NULL;
	AUTO_CLOSE int fd = instance != NULL ? open_console(verb.project, instance, err) : -1;
	if (fd < 0 || !print_new(fd, &offset, err))
		return 1;
	while (arguments_flag(invocation->args, "follow") && !interrupt_is_set()) {
		loop_step(verb.loop, STEP_MS);
		if (!print_new(fd, &offset, err))
			return 1;
	}
	return 0;
}

static const struct option_spec options[] = {
	{"follow", 'f', OPTION_FLAG, NULL, "go on until Ctrl-C", COMPLETE_NONE},
};

const struct verb verb_console = {
	.name = "console",
	.group = VERB_WATCH,
	.summary = "show the console of a pod's VM",
	.description =
		"Shows what a VM wrote to its serial console: firmware, kernel and init, of all "
		"its boots; the place to look when a VM never speaks. Nobody listens there: a "
		"shell is `i2kit exec POD sh`.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"POD|INSTANCE", 1, 1, COMPLETE_INSTANCE},
	.example = "i2kit console web\ni2kit console -f web-1",
	.run = run,
};
