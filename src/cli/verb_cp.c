/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/process.h"
#include "base/strbuf.h"
#include "cli/copy_adopt.h"
#include "cli/exec_run.h"
#include "cli/output.h"
#include "cli/project.h"
#include "cli/verb.h"

#define MAX_COMPLAINT ((size_t)4096) /* of the container's stderr, kept for the message */

/*
 * What runs in the container. Files need sh and cat there, folders tar as well; $0 is the path, a
 * path that is a folder takes the copy into it under its own name ($1).
 */
static const char receive_file[] = "d=$0; if [ -d \"$d\" ]; then d=${d%/}/$1; fi; "
				   "cat > \"$d\" && chmod \"$2\" \"$d\"";
static const char receive_folder[] = "d=$0; if [ -d \"$d\" ]; then d=${d%/}/$1; fi; "
				     "mkdir -p \"$d\" && exec tar xf - -C \"$d\"";
/*
 * What comes is said first, in HEAD_SIZE bytes: a folder as tar, or a file (x: a program) with its
 * mode where the container has stat.
 */
#define HEAD_SIZE 6
static const char send_any[] =
	"if [ -d \"$0\" ]; then printf 'd     '; exec tar cf - -C \"$0\" .; fi; "
	"[ -e \"$0\" ] || { echo \"$0: no such file\" >&2; exit 1; }; "
	"[ -r \"$0\" ] || { echo \"$0: may not be read\" >&2; exit 1; }; "
	"k=f; if [ -x \"$0\" ]; then k=x; fi; "
	"printf '%s%5s' $k \"$(stat -L -c %a \"$0\" 2>/dev/null)\"; exec cat \"$0\"";

struct copy {
	const struct invocation *invocation;
	const char *project;
	const char *target; /* POD[/CONTAINER], owned by the caller */
	const char *inside; /* path in the container */
	const char *here;   /* path on this machine */
	struct strbuf complaint;
	/* receiving */
	char head[HEAD_SIZE + 1];
	size_t head_size;
	char *destination;
	char *temporary; /* made here, moved when whole */
	int fd;
	pid_t tar;
};

/* "POD[/CONTAINER]:PATH"; false for a path of this machine ("./a:b" is one). */
static bool split_remote(const char *text, char **ret_target, const char **ret_path)
{
	const char *colon = strchr(text, ':');

	if (colon == NULL || colon == text || text[0] == '/' || text[0] == '.')
		return false;
	*ret_target = xstrndup(text, (size_t)(colon - text));
	*ret_path = colon + 1;
	return true;
}

static char *base_name(const char *path)
{
	size_t end = strlen(path);
	size_t start;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		continue;
	return xstrndup(path + start, end - start);
}

static void keep_complaint(struct copy *copy, const void *bytes, size_t size)
{
	strbuf_append_bytes(&copy->complaint, bytes, size);
}

/* Its last line, made harmless. */
static bool fail(const struct copy *copy, int code, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	const char *start = strbuf_text(&copy->complaint);
	size_t size = strcspn(start, "\n");

	strbuf_append_printable(&text, start, size);
	if (code == 127 || code == 126)
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s has no shell or tar, which copying needs: %s", copy->target,
				 strbuf_text(&text));
	return error_set(err, ERROR_SYSTEM, "%s: %s", copy->target,
			 text.size > 0 ? strbuf_text(&text) : "the copy failed in the container");
}

static bool on_send_output(bool is_stderr, const void *bytes, size_t size, void *arg,
			   struct error *err)
{
	(void)err;
	if (is_stderr)
		keep_complaint(arg, bytes, size);
	return true;
}

static bool run_in_container(struct copy *copy, struct exec_run *run, struct error *err)
{
	int code;

	run->project = copy->project;
	run->target = copy->target;
	run->arg = copy;
	if (!exec_run(run, &code, err))
		return false;
	return code == 0 || fail(copy, code, err);
}

static bool start_tar(const char *const *argv, int stdin_fd, int stdout_fd, pid_t *ret_pid,
		      struct error *err)
{
	struct process_options options = PROCESS_OPTIONS(argv);

	options.stdin_fd = stdin_fd;
	options.stdout_fd = stdout_fd;
	options.stderr_fd = STDERR_FILENO;
	return process_start(&options, ret_pid, err);
}

static bool wait_for_tar(pid_t pid, struct error *err)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
	       error_set(err, ERROR_SYSTEM, "tar failed on this machine");
}

static bool send_folder(struct copy *copy, struct string_list *argv, struct error *err)
{
	/* Who owns the files here means nothing there. */
	const char *const tar[] = {
		"tar", "cf",	   "-", "--owner=0", "--group=0", "--numeric-owner",
		"-C",  copy->here, ".", NULL};
	struct exec_run run = {.argv = argv, .output = on_send_output};
	int ends[2];
	pid_t pid;
	bool is_sent;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "pipe");
	if (!start_tar(tar, -1, ends[1], &pid, err)) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return false;
	}
	(void)close(ends[1]);
	run.stdin_fd = ends[0];
	is_sent = run_in_container(copy, &run, err);
	(void)close(ends[0]);
	return wait_for_tar(pid, is_sent ? err : NULL) && is_sent;
}

static bool send_to(struct copy *copy, struct error *err)
{
	AUTO_CLOSE int fd = open(copy->here, O_RDONLY | O_CLOEXEC);
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	AUTO_FREE char *name = base_name(copy->here);
	struct exec_run run = {.argv = &argv, .output = on_send_output, .stdin_fd = fd};
	struct stat status;
	bool is_folder;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set_errno(err, errno, "%s", copy->here);
	is_folder = S_ISDIR(status.st_mode);
	if (!is_folder && !S_ISREG(status.st_mode))
		return error_set(err, ERROR_UNSUPPORTED, "%s is neither a file nor a folder",
				 copy->here);
	string_list_add(&argv, "sh");
	string_list_add(&argv, "-c");
	string_list_add(&argv, is_folder ? receive_folder : receive_file);
	string_list_add(&argv, copy->inside);
	string_list_add(&argv, name);
	string_list_addf(&argv, "%o", (unsigned)status.st_mode & 0777U);
	return is_folder ? send_folder(copy, &argv, err) : run_in_container(copy, &run, err);
}

/* Where the copy goes: below an existing folder, or exactly there. */
static char *destination(const struct copy *copy)
{
	AUTO_FREE char *name = base_name(copy->inside);
	struct stat status;

	if (stat(copy->here, &status) == 0 && S_ISDIR(status.st_mode) && name[0] != '\0' &&
	    strcmp(name, "/") != 0 && strcmp(name, "..") != 0)
		return path_join(copy->here, name);
	return xstrdup(copy->here);
}

/*
 * tar refuses names that lead out of its folder, which is a fresh one that nobody else may enter;
 * what it made there is looked through before it goes to its place.
 */
static bool begin_folder(struct copy *copy, struct error *err)
{
	const char *const tar[] = {"tar", "xpf", "-", "-C", copy->temporary, "--no-same-owner",
				   NULL};
	int ends[2];

	if (mkdir(copy->temporary, 0700) < 0)
		return error_set_errno(err, errno, "%s", copy->destination);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "pipe");
	copy->fd = ends[1];
	if (!start_tar(tar, ends[0], -1, &copy->tar, err)) {
		(void)close(ends[0]);
		return false;
	}
	(void)close(ends[0]);
	return true;
}

static unsigned mode_of(const struct copy *copy)
{
	unsigned mode = 0;

	for (size_t i = 1; i < HEAD_SIZE; i++) {
		char digit = copy->head[i];
		if (digit >= '0' && digit <= '7')
			mode = mode * 8 + (unsigned)(digit - '0');
	}
	if (mode == 0)
		return copy->head[0] == 'x' ? 0755 : 0644;
	return mode & 0777U;
}

static bool begin_file(struct copy *copy, struct error *err)
{
	copy->fd = open(copy->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return (copy->fd >= 0 && fchmod(copy->fd, mode_of(copy)) == 0) ||
	       error_set_errno(err, errno, "%s", copy->destination);
}

static bool begin(struct copy *copy, struct error *err)
{
	size_t size;

	copy->destination = destination(copy);
	size = strlen(copy->destination);
	while (size > 1 && copy->destination[size - 1] == '/')
		size--;
	copy->temporary = xasprintf("%.*s.i2kit-%d", (int)size, copy->destination, (int)getpid());
	if (copy->head[0] == 'd')
		return begin_folder(copy, err);
	if (copy->head[0] == 'f' || copy->head[0] == 'x')
		return begin_file(copy, err);
	free(TAKE_PTR(copy->temporary));
	return error_set(err, ERROR_INVALID, "%s: the container's answer makes no sense",
			 copy->target);
}

static bool on_receive_output(bool is_stderr, const void *bytes, size_t size, void *arg,
			      struct error *err)
{
	struct copy *copy = arg;
	const char *text = bytes;

	if (is_stderr) {
		keep_complaint(copy, bytes, size);
		return true;
	}
	while (copy->head_size < HEAD_SIZE && size > 0) {
		copy->head[copy->head_size++] = *text++;
		size--;
		if (copy->head_size == HEAD_SIZE && !begin(copy, err))
			return false;
	}
	return size == 0 || fd_write_all(copy->fd, text, size, err);
}

/* From where it was made to where it belongs. */
static bool settle(struct copy *copy, struct error *err)
{
	size_t left_out = 0;

	if (copy->head[0] != 'd')
		return rename(copy->temporary, copy->destination) == 0 ||
		       error_set_errno(err, errno, "%s", copy->destination);
	if (!copy_adopt(copy->temporary, copy->destination, &left_out, err))
		return false;
	if (left_out > 0)
		output_warning(copy->invocation,
			       "%zu devices, pipes or sockets were left out of the copy", left_out);
	return true;
}

static bool receive_from(struct copy *copy, struct error *err)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	struct exec_run run = {.argv = &argv, .output = on_receive_output, .stdin_fd = -1};
	bool is_received;

	string_list_add(&argv, "sh");
	string_list_add(&argv, "-c");
	string_list_add(&argv, send_any);
	string_list_add(&argv, copy->inside);
	is_received = run_in_container(copy, &run, err);
	if (copy->fd >= 0)
		(void)close(take_fd(&copy->fd));
	if (copy->tar > 0 && !wait_for_tar(copy->tar, is_received ? err : NULL))
		is_received = false;
	if (copy->temporary == NULL)
		return is_received;
	is_received = is_received && settle(copy, err);
	(void)!path_remove_tree(copy->temporary, NULL);
	return is_received;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	AUTO_FREE char *project = project_resolve(invocation, NULL, err);
	AUTO_FREE char *from_target = NULL;
	AUTO_FREE char *to_target = NULL;
	struct copy copy = {.invocation = invocation,
			    .project = project,
			    .fd = -1,
			    .complaint = STRBUF_MAX(MAX_COMPLAINT)};
	const char *from_path = rest->items[0];
	const char *to_path = rest->items[1];
	bool is_done;

	if (project == NULL)
		return 1;
	if (split_remote(from_path, &from_target, &from_path) ==
	    split_remote(to_path, &to_target, &to_path)) {
		(void)error_set(err, ERROR_USAGE, "one of the two must be POD:PATH, the other not");
		(void)error_hint(err,
				 "i2kit cp ./index.html web:/srv/ (./ before a name with a :)");
		return 1;
	}
	copy.target = from_target != NULL ? from_target : to_target;
	copy.inside = from_target != NULL ? from_path : to_path;
	copy.here = from_target != NULL ? to_path : from_path;
	is_done = from_target != NULL ? receive_from(&copy, err) : send_to(&copy, err);
	strbuf_clear(&copy.complaint);
	free(copy.destination);
	free(copy.temporary);
	return is_done ? 0 : 1;
}

const struct verb verb_cp = {
	.name = "cp",
	.group = VERB_WATCH,
	.summary = "copy files into or out of a container",
	.description =
		"Copies a file, or a folder with all below it. A destination that is a folder "
		"takes the copy under its own name. The container needs sh and cat, and tar "
		"for folders. Modes and links are kept; owners, set-id bits and devices are not, "
		"and no link here is followed below the destination. Changes in a container do "
		"not outlive it and are not in the image.",
	.argument = {.metavar = "FROM TO", .min = 2, .max = 2, .complete = COMPLETE_FILE},
	.example = "i2kit cp ./index.html web:/usr/share/nginx/html/\n"
		   "i2kit cp db-0/postgres:/var/lib/dump ./dump",
	.run = run,
};
