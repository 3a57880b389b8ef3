/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
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
#include "cli/arguments.h"
#include "cli/copy_adopt.h"
#include "cli/exec_run.h"
#include "cli/output.h"
#include "cli/pod_words.h"
#include "cli/project.h"
#include "cli/verb.h"
#include "wire/request.h"

#define MAX_COMPLAINT ((size_t)4096) /* of the guest's stderr, kept for the message */

struct copy {
	const struct invocation *invocation;
	const char *project;
	const char *target; /* POD[/CONTAINER], owned by the caller */
	const char *inside; /* path in the container */
	const char *here;   /* path on this machine, or "-" */
	struct strbuf complaint;
	/* receiving */
	char *temporary; /* a private folder beside the destination */
	pid_t tar;	 /* started when the first bytes are there; 0 before */
	int fd;		 /* to it */
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

/* Its first line, made harmless. */
static bool fail(const struct copy *copy, int code, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	const char *start = strbuf_text(&copy->complaint);

	strbuf_append_printable(&text, start, strcspn(start, "\n"));
	if (strstr(strbuf_text(&text), "' does not run") != NULL) {
		(void)error_set(err, ERROR_NOT_FOUND, "%s", strbuf_text(&text));
		return error_hint(err, "i2kit why %s", copy->target);
	}
	if (code == 127) {
		(void)error_set(err, ERROR_UNSUPPORTED,
				"%s was built on the base of an older i2kit, which "
				"cannot copy this way",
				copy->target);
		return error_hint(err, "make the base anew (scripts/make-base), then i2kit up");
	}
	return error_set(err, ERROR_SYSTEM, "%s: %s", copy->target,
			 text.size > 0 ? strbuf_text(&text) : "the copy failed in the pod");
}

static bool on_send_output(bool is_stderr, const void *bytes, size_t size, void *arg,
			   struct error *err)
{
	(void)err;
	if (is_stderr)
		keep_complaint(arg, bytes, size);
	return true;
}

/* verb: get, put, unpack; name: of put, else NULL. */
static bool run_in_pod(struct copy *copy, const char *verb, const char *name, struct exec_run *run,
		       struct error *err)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	int code;

	string_list_add(&argv, EXEC_COPY);
	string_list_add(&argv, verb);
	string_list_add(&argv, copy->inside[0] != '\0' ? copy->inside : "/");
	if (name != NULL)
		string_list_add(&argv, name);
	run->project = copy->project;
	run->target = copy->target;
	run->argv = &argv;
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

/* Who owns the files here means nothing there. */
static bool send_tree(struct copy *copy, const char *folder, const char *name, struct error *err)
{
	const char *const tar[] = {"tar",
				   "cf",
				   "-",
				   "--format=posix",
				   "--xattrs",
				   "--sparse",
				   "--owner=0",
				   "--group=0",
				   "--numeric-owner",
				   "-C",
				   folder,
				   "--",
				   name,
				   NULL};
	struct exec_run run = {.output = on_send_output};
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "pipe");
	if (!start_tar(tar, -1, ends[1], &pid, err)) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return false;
	}
	(void)close(ends[1]);
	run.stdin_fd = ends[0];
	bool is_sent = run_in_pod(copy, "put", name, &run, err);
	(void)close(ends[0]);
	return wait_for_tar(pid, is_sent ? err : NULL) && is_sent;
}

static bool send_to(struct copy *copy, struct error *err)
{
	AUTO_FREE char *real = NULL;
	struct exec_run run = {.output = on_send_output, .stdin_fd = STDIN_FILENO};
	struct stat status;

	if (strcmp(copy->here, "-") == 0)
		return run_in_pod(copy, "unpack", NULL, &run, err);
	/* A link here is followed, as by cp; so is "." to the folder's name. */
	real = realpath(copy->here, NULL);
	if (real == NULL || stat(real, &status) < 0)
		return error_set_errno(err, errno, "%s", copy->here);
	if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
		return error_set(err, ERROR_UNSUPPORTED, "%s is neither a file nor a folder",
				 copy->here);
	AUTO_FREE char *name = base_name(real);
	AUTO_FREE char *folder = xstrndup(real, strlen(real) - strlen(name));
	if (strcmp(real, "/") == 0)
		return error_set(err, ERROR_UNSUPPORTED, "/ as a whole is not copied");
	return send_tree(copy, folder, name, err);
}

/* Where the copy goes: below an existing folder, or exactly there. */
static char *destination(const struct copy *copy, const char *name)
{
	struct stat status;

	if (stat(copy->here, &status) == 0 && S_ISDIR(status.st_mode))
		return path_join(copy->here, name);
	return xstrdup(copy->here);
}

/*
 * tar refuses names that lead out of its folder, which is a fresh one that nobody else may enter;
 * what it made there is looked at before it goes to its place.
 */
static bool start_unpacking(struct copy *copy, struct error *err)
{
	const char *const tar[] = {"tar",
				   "xpf",
				   "-",
				   "-C",
				   copy->temporary,
				   "--no-same-owner",
				   "--xattrs",
				   "--xattrs-include=user.*",
				   NULL};
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "pipe");
	bool is_started = start_tar(tar, ends[0], -1, &copy->tar, err);
	(void)close(ends[0]);
	if (!is_started)
		(void)close(ends[1]);
	else
		copy->fd = ends[1];
	return is_started;
}

static bool on_receive_output(bool is_stderr, const void *bytes, size_t size, void *arg,
			      struct error *err)
{
	struct copy *copy = arg;

	if (is_stderr) {
		keep_complaint(copy, bytes, size);
		return true;
	}
	return (copy->fd >= 0 || start_unpacking(copy, err)) &&
	       fd_write_all(copy->fd, bytes, size, err);
}

/* Where nothing comes no tar runs: it would complain of an archive that is none, before we do. */
static bool receive_tree(struct copy *copy, struct error *err)
{
	struct exec_run run = {.output = on_receive_output, .stdin_fd = -1};
	bool is_received = run_in_pod(copy, "get", NULL, &run, err);

	if (copy->fd < 0)
		return is_received;
	(void)close(take_fd(&copy->fd));
	return wait_for_tar(copy->tar, is_received ? err : NULL) && is_received;
}

/* The one tree that came; owned, or NULL. */
static char *find_tree(const struct copy *copy, char **ret_name, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	DIR *listing = opendir(copy->temporary);

	for (const struct dirent *entry = listing != NULL ? readdir(listing) : NULL; entry != NULL;
	     entry = readdir(listing)) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			string_list_add(&names, entry->d_name);
	}
	if (listing != NULL)
		(void)closedir(listing);
	if (names.count != 1) {
		(void)error_set(err, ERROR_INVALID, "%s: what came makes no sense", copy->target);
		return NULL;
	}
	*ret_name = xstrdup(names.items[0]);
	return path_join(copy->temporary, names.items[0]);
}

/* From where it was made to where it belongs. */
static bool settle(const struct copy *copy, struct error *err)
{
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *tree = find_tree(copy, &name, err);
	size_t left_out = 0;
	struct stat status;

	if (tree == NULL)
		return false;
	AUTO_FREE char *to = destination(copy, name);
	if (lstat(tree, &status) < 0)
		return error_set_errno(err, errno, "%s", to);
	if (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode))
		return ((S_ISLNK(status.st_mode) || chmod(tree, status.st_mode & 0777) == 0) &&
			rename(tree, to) == 0) ||
		       error_set_errno(err, errno, "%s", to);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, ERROR_UNSUPPORTED, "%s is neither a file nor a folder",
				 copy->inside);
	if (!copy_adopt(tree, to, &left_out, err))
		return false;
	if (left_out > 0)
		output_warning(copy->invocation,
			       "%zu devices, pipes or sockets were left out of the copy", left_out);
	return true;
}

/* Beside the destination, or in the folder that it goes into: the same file system. */
static char *temporary_place(const struct copy *copy)
{
	struct stat status;
	size_t size = strlen(copy->here);

	if (stat(copy->here, &status) == 0 && S_ISDIR(status.st_mode))
		return xasprintf("%s/.i2kit-cp-%d", copy->here, (int)getpid());
	while (size > 1 && copy->here[size - 1] == '/')
		size--;
	return xasprintf("%.*s.i2kit-%d", (int)size, copy->here, (int)getpid());
}

static bool receive_from(struct copy *copy, struct error *err)
{
	struct exec_run run = {.stdin_fd = -1};

	if (strcmp(copy->here, "-") == 0)
		return run_in_pod(copy, "get", NULL, &run, err);
	copy->temporary = temporary_place(copy);
	if (mkdir(copy->temporary, 0700) < 0)
		return error_set_errno(err, errno, "%s", copy->here);
	bool is_received = receive_tree(copy, err) && settle(copy, err);
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
	AUTO_FREE char *target =
		pod_word_read(project, from_target != NULL ? from_target : to_target, err);
	if (target == NULL)
		return 1;
	copy.target = target;
	copy.inside = from_target != NULL ? from_path : to_path;
	copy.here = from_target != NULL ? to_path : from_path;
	is_done = from_target != NULL ? receive_from(&copy, err) : send_to(&copy, err);
	strbuf_clear(&copy.complaint);
	free(copy.temporary);
	return is_done ? 0 : 1;
}

const struct verb verb_cp = {
	.name = "cp",
	.group = VERB_WATCH,
	.summary = "copy files into or out of a container",
	.description =
		"Copies a file, or a folder with all below it. A destination that is a folder "
		"takes the copy under its own name. The image needs no shell or tar. Modes, "
		"times, links, holes and extended attributes are kept; owners and, on the way "
		"here, set-id bits and devices are not, and no link here is followed below the "
		"destination. What does not come whole is taken back. With - for the path here a "
		"tar is written to standard output, or read and unpacked into the folder. Changes "
		"in a container do not outlive it and are not in the image.",
	.argument = {.metavar = "FROM TO", .min = 2, .max = 2, .complete = COMPLETE_FILE},
	.example = "i2kit cp ./index.html web:/usr/share/nginx/html/\n"
		   "i2kit cp db-0/postgres:/var/lib/dump ./dump\n"
		   "i2kit cp web:/etc/nginx - | tar t",
	.run = run,
};
