/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build/image_make.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/folder_list.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "image/build/build_context.h"
#include "image/oci/image_take.h"
#include "image/pod/image_process.h"

#define KEY_VERSION	"2" /* raise it when the same files are to be built in another way */
#define MAX_DOCKERFILE	((size_t)1 << 20)
#define MAX_TAIL	((size_t)64 << 10) /* of the builder's output, for messages */
#define LAST_LINES	8
#define LOOK_MS		100 /* for a cancellation */
#define END_MS		5000
#define MAX_LINE_LENGTH 4096

struct making {
	struct store *store;
	const struct container_spec *container;
	const struct build_spec *spec;
	const struct image_make_options *options;
	const struct progress *progress;
	enum builder_kind builder;
	bool is_remote;	  /* its context is a URL */
	char *dockerfile; /* path, or NULL: of the remote context */
	char *text;	  /* the Dockerfile's, or NULL */
	struct ignore_patterns *ignore;
	char *ignore_path;
	char *name;
	char *key;	      /* hex; NULL: cannot be known */
	char *folder;	      /* for what comes back from the builder */
	char *secrets_folder; /* in memory, where there is a runtime folder; or NULL */
	struct string_list secrets;
	char *layouts_folder; /* links to layouts, under names that builders take; or NULL */
	struct string_list layouts;
	bool owns_layouts_folder;
	struct strbuf tail;
	struct strbuf line;
};

static void making_clear(struct making *making)
{
	if (making->folder != NULL)
		(void)!path_remove_tree(making->folder, NULL);
	if (making->secrets_folder != NULL)
		(void)!path_remove_tree(making->secrets_folder, NULL);
	free(making->dockerfile);
	free(making->text);
	ignore_patterns_free(making->ignore);
	free(making->ignore_path);
	free(making->name);
	free(making->key);
	free(making->folder);
	free(making->secrets_folder);
	string_list_clear(&making->secrets);
	if (making->owns_layouts_folder)
		(void)!path_remove_tree(making->layouts_folder, NULL);
	free(making->layouts_folder);
	string_list_clear(&making->layouts);
	strbuf_clear(&making->tail);
	strbuf_clear(&making->line);
}

/* ---- what it is made of ---- */

static bool is_url(const char *text)
{
	return strstr(text, "://") != NULL || strncmp(text, "git@", 4) == 0;
}

static bool find_dockerfile(struct making *making, struct error *err)
{
	static const char *const names[] = {"Dockerfile", "Containerfile"};
	const struct build_spec *spec = making->spec;

	if (spec->dockerfile_inline != NULL) {
		making->text = xstrdup(spec->dockerfile_inline);
		return true;
	}
	if (making->is_remote) {
		making->dockerfile = xstrdup_or_null(spec->dockerfile);
		return true;
	}
	making->dockerfile = xstrdup_or_null(spec->dockerfile);
	for (size_t i = 0; i < ARRAY_SIZE(names) && making->dockerfile == NULL; i++) {
		AUTO_FREE char *path = path_join(spec->context, names[i]);
		if (path_exists(path))
			making->dockerfile = TAKE_PTR(path);
	}
	if (making->dockerfile == NULL) {
		error_set(err, ERROR_NOT_FOUND, "there is no Dockerfile in %s", spec->context);
		return error_hint(err, "build: {context: FOLDER, dockerfile: FILE}");
	}
	return file_read(making->dockerfile, MAX_DOCKERFILE, &making->text, NULL, err);
}

static void add_text(struct sha256 *hash, const char *text_or_null)
{
	const char *text = text_or_null != NULL ? text_or_null : "";

	sha256_update(hash, text, strlen(text) + 1);
}

static void add_values(struct sha256 *hash, const char *what, const struct build_value *values,
		       size_t count)
{
	add_text(hash, what);
	for (size_t i = 0; i < count; i++) {
		add_text(hash, values[i].name);
		/* One without a value has the builder's own. */
		add_text(hash, values[i].value != NULL ? values[i].value : getenv(values[i].name));
	}
}

/* A folder counts by what is in it, a layout by its index, which names all that is in it. */
static bool add_context(struct sha256 *hash, const struct build_value *context, struct error *err)
{
	const char *tag = NULL;
	const char *value = context->value != NULL ? context->value : "";
	AUTO_FREE char *layout = builder_layout_folder(value, &tag);

	if (layout != NULL) {
		AUTO_FREE char *index = path_join(layout, "index.json");
		AUTO_FREE char *text = NULL;
		if (!file_read(index, MAX_DOCKERFILE, &text, NULL, err))
			return error_prefix(err, "additional context '%s'", context->name);
		add_text(hash, text);
		return true;
	}
	return is_url(value) || build_context_hash(value, NULL, hash, err) ||
	       error_prefix(err, "additional context '%s'", context->name);
}

static bool make_key(struct making *making, struct error *err)
{
	const struct build_spec *spec = making->spec;
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();

	if (making->is_remote)
		return true;
	add_text(hash, KEY_VERSION);
	add_text(hash, builder_words[making->builder]);
	add_text(hash, making->text);
	add_text(hash, spec->target);
	add_text(hash, spec->network);
	add_values(hash, "args", spec->args, spec->arg_count);
	add_values(hash, "labels", spec->labels, spec->label_count);
	add_values(hash, "contexts", spec->contexts, spec->context_count);
	for (size_t i = 0; i < spec->context_count; i++) {
		if (!add_context(hash, &spec->contexts[i], err))
			return false;
	}
	if (!build_context_hash(spec->context, making->ignore, hash, err))
		return error_prefix(err, "context");
	const struct digest digest = sha256_finish_digest(hash);
	making->key = xstrdup(DIGEST_HEX(&digest));
	return true;
}

static bool look(struct making *making, struct error *err)
{
	making->name = image_made_name(making->container);
	making->is_remote = is_url(making->spec->context);
	return builder_choose(making->options->builder, &making->builder, err) &&
	       builder_check(making->builder, making->spec, err) && find_dockerfile(making, err) &&
	       (making->is_remote ||
		build_context_ignore(making->spec->context, making->dockerfile, &making->ignore,
				     &making->ignore_path, err)) &&
	       make_key(making, err);
}

/* ---- the builder ---- */

/* Names begin with the number of the process that made them. */
static void drop_leftovers(const char *above)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	(void)folder_list(above, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *number = xstrndup(names.items[i], strcspn(names.items[i], "."));
		AUTO_FREE char *path = path_join(above, names.items[i]);
		uint64_t pid = 0;
		if (parse_u64(number, 1, INT32_MAX, &pid) && kill((pid_t)pid, 0) < 0 &&
		    errno == ESRCH)
			(void)!path_remove_tree(path, NULL);
	}
}

static char *make_folder(enum path_folder kind, struct error *err)
{
	AUTO_FREE char *above = path_folder(kind, "builds");
	AUTO_FREE char *folder = xasprintf("%s/%d.XXXXXX", above, (int)getpid());

	if (!path_make_folders(above, 0700, err))
		return NULL;
	drop_leftovers(above);
	if (mkdtemp(folder) != NULL)
		return TAKE_PTR(folder);
	(void)error_set_errno(err, errno, "%s", folder);
	return NULL;
}

/* Values never stand on a command line: they are files that only we can read, for as long as it
 * takes. */
static bool place_secrets(struct making *making, struct error *err)
{
	making->secrets_folder = make_folder(PATH_RUNTIME, err);
	if (making->secrets_folder == NULL)
		return false;
	for (size_t i = 0; i < making->spec->secret_count; i++) {
		const struct build_secret *secret = &making->spec->secrets[i];
		AUTO_FREE char *path = xasprintf("%s/secret-%zu", making->secrets_folder, i);
		if (secret->file != NULL) {
			string_list_add(&making->secrets, secret->file);
			continue;
		}
		if (secret->value == NULL)
			return error_set(err, ERROR_INVALID, "secret '%s' has no value",
					 secret->id);
		if (!file_write_atomic(path, secret->value, strlen(secret->value), 0600, err))
			return false;
		string_list_take(&making->secrets, TAKE_PTR(path));
	}
	return true;
}

/* Whether a path can stand in an image's name: buildah makes one of where a layout lies. */
static bool is_nameable(const char *path)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789/-";

	return strspn(path, letters) == strlen(path) && strstr(path, "//") == NULL &&
	       strstr(path, "/-") == NULL && strstr(path, "-/") == NULL;
}

/* The same place each time, so that the builder's storage has one name for a layout; else any. */
static bool make_layouts_folder(struct making *making, struct error *err)
{
	AUTO_FREE char *usual = path_folder(PATH_RUNTIME, "layouts");
	uint64_t number = 0;

	if (is_nameable(usual)) {
		making->layouts_folder = TAKE_PTR(usual);
		return path_make_folders(making->layouts_folder, 0700, err);
	}
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return error_set_errno(err, errno, "getrandom");
	AUTO_FREE char *folder = xasprintf("/tmp/i2kit-build-%016llx", (unsigned long long)number);
	if (mkdir(folder, 0700) < 0)
		return error_set_errno(err, errno, "%s", folder);
	making->layouts_folder = TAKE_PTR(folder);
	making->owns_layouts_folder = true;
	return true;
}

static bool place_layout(struct making *making, const char *folder, struct error *err)
{
	const struct digest digest = sha256_digest(folder, strlen(folder));

	if (making->layouts_folder == NULL && !make_layouts_folder(making, err))
		return false;
	AUTO_FREE char *link = xasprintf("%s/%.16s", making->layouts_folder, DIGEST_HEX(&digest));
	if (symlink(folder, link) < 0 && errno != EEXIST)
		return error_set_errno(err, errno, "%s", link);
	string_list_take(&making->layouts, TAKE_PTR(link));
	return true;
}

static bool place_layouts(struct making *making, struct error *err)
{
	for (size_t i = 0; i < making->spec->context_count; i++) {
		const char *tag = NULL;
		AUTO_FREE char *folder =
			builder_layout_folder(making->spec->contexts[i].value, &tag);
		if (folder == NULL)
			string_list_add(&making->layouts, "");
		else if (!place_layout(making, folder, err))
			return false;
	}
	return true;
}

static bool place_dockerfile(struct making *making, struct error *err)
{
	AUTO_FREE char *path = path_join(making->folder, "Dockerfile");

	if (making->spec->dockerfile_inline == NULL)
		return true;
	if (!file_write_atomic(path, making->text, strlen(making->text), 0600, err))
		return false;
	making->dockerfile = TAKE_PTR(path);
	return true;
}

static void end_line(struct making *making)
{
	if (making->options->line != NULL && making->line.size > 0)
		making->options->line(strbuf_text(&making->line), making->options->arg);
	strbuf_reset(&making->line);
}

/* It may repeat what a Dockerfile or a program of it says: whatever bytes. */
static void take_output(struct making *making, const char *bytes, size_t size)
{
	if (making->tail.size + size > MAX_TAIL)
		strbuf_consume(&making->tail, making->tail.size < size ? making->tail.size : size);
	strbuf_append_bytes(&making->tail, bytes, size);
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r' || making->line.size > MAX_LINE_LENGTH)
			end_line(making);
		if (bytes[i] != '\n' && bytes[i] != '\r')
			strbuf_append_printable(&making->line, bytes + i, 1);
	}
}

static int end_process(pid_t pid)
{
	uint64_t end_ms = clock_monotonic_ms() + END_MS;
	int status = 0;

	(void)kill(pid, SIGTERM);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_monotonic_ms() > end_ms)
			(void)kill(pid, SIGKILL);
		(void)poll(NULL, 0, LOOK_MS);
	}
	return status;
}

/* Until its end of the pipe is closed. */
static bool follow(struct making *making, int fd, pid_t pid, int *ret_status, struct error *err)
{
	char bytes[8192];

	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		ssize_t got = 0;
		if (progress_is_cancelled(making->progress)) {
			*ret_status = end_process(pid);
			return error_set(err, ERROR_CANCELLED, "cancelled");
		}
		if (poll(&wait, 1, LOOK_MS) <= 0)
			continue;
		got = read(fd, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		take_output(making, bytes, (size_t)got);
	}
	end_line(making);
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		continue;
	return true;
}

static bool run(struct making *making, const struct string_list *argv,
		const struct string_list *environment, int *ret_status, struct error *err)
{
	struct process_options options = PROCESS_OPTIONS((const char *const *)argv->items);
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "pipe");
	AUTO_CLOSE int ours = ends[0];
	options.environment = (const char *const *)environment->items;
	options.stdout_fd = ends[1];
	options.stderr_fd = ends[1];
	options.dies_with_parent = true;
	bool is_started = process_start(&options, &pid, err);
	(void)close(ends[1]);
	return is_started && follow(making, ours, pid, ret_status, err);
}

/* The last lines, each behind a mark of its own, made harmless. */
static char *last_lines(const struct making *making)
{
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	struct strbuf out = STRBUF_INIT;
	size_t first;

	string_list_split(&lines, strbuf_text(&making->tail), '\n');
	while (lines.count > 0 && lines.items[lines.count - 1][0] == '\0')
		free(lines.items[--lines.count]);
	first = lines.count > LAST_LINES ? lines.count - LAST_LINES : 0;
	for (size_t i = first; i < lines.count; i++) {
		strbuf_append(&out, "\n  | ");
		strbuf_append_printable(&out, lines.items[i], strlen(lines.items[i]));
	}
	return strbuf_take(&out);
}

static bool fail(const struct making *making, struct error *err)
{
	AUTO_FREE char *lines = last_lines(making);
	unsigned line = making->text != NULL
				? builder_find_line(making->text, strbuf_text(&making->tail))
				: 0;
	const char *file = making->spec->dockerfile_inline != NULL ? "dockerfile_inline"
			   : making->dockerfile != NULL		   ? making->dockerfile
								   : making->spec->context;

	error_set(err, ERROR_INVALID, "%s did not build%s", builder_words[making->builder],
		  lines != NULL ? lines : "");
	if (line > 0)
		return error_prefix(err, "%s:%u", file, line);
	return error_prefix(err, "%s", file);
}

static bool ended_well(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool run_builder(struct making *making, struct error *err)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	AUTO_FREE char *id_file = path_join(making->folder, "id");
	AUTO_FREE char *output = path_join(making->folder, "image");
	const struct builder_request request = {
		.spec = making->spec,
		.dockerfile = making->dockerfile != NULL ? making->dockerfile : "Dockerfile",
		.ignore_file = making->ignore_path,
		.id_file = id_file,
		.output = output,
		.isolation = builder_isolation(making->builder),
		.secrets = &making->secrets,
		.layouts = &making->layouts,
		.pulls = making->options->pulls || making->spec->pull,
		.has_no_cache = making->options->has_no_cache || making->spec->no_cache,
	};
	int status = 0;

	builder_build_command(making->builder, &request, &argv, &environment);
	if (!run(making, &argv, &environment, &status, err))
		return false;
	return ended_well(status) || fail(making, err);
}

static bool hand_over(struct making *making, struct error *err)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	AUTO_FREE char *id_file = path_join(making->folder, "id");
	AUTO_FREE char *output = path_join(making->folder, "image");
	AUTO_FREE char *id = NULL;
	int status = 0;

	if (making->builder == BUILDER_DOCKER)
		return true;
	if (!file_read(id_file, 256, &id, NULL, err))
		return false;
	id[strcspn(id, "\n")] = '\0';
	if (!builder_take_command(making->builder, id, output, &argv))
		return true;
	if (!run(making, &argv, &environment, &status, err))
		return false;
	if (ended_well(status))
		return true;
	AUTO_FREE char *lines = last_lines(making);
	return error_set(err, ERROR_SYSTEM, "%s did not hand the image over%s",
			 builder_words[making->builder], lines != NULL ? lines : "");
}

/* In a process of its own: what a Dockerfile made is a stranger's as well. */
struct taking {
	const struct making *making;
	const char *from;
};

static bool take_apart(void *arg, const struct progress *progress, struct string_list *words,
		       struct error *err)
{
	const struct taking *taking = arg;
	const struct making *making = taking->making;

	/* "pull" would be wrong of layers that were made here a moment ago. */
	const struct progress quiet = {.arg = progress->arg,
				       .is_cancelled = progress->is_cancelled};

	(void)words;
	return image_take(making->store, taking->from, making->name,
			  making->key != NULL ? making->key : "remote", &quiet, err);
}

static bool take(struct making *making, struct error *err)
{
	AUTO_FREE char *output = path_join(making->folder, "image");
	AUTO_FREE char *from = builder_result(making->builder, output);
	AUTO(string_list_clear) struct string_list references = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	struct taking taking = {making, from};
	const struct image_process process = {
		.store = making->store, .references = &references, .progress = making->progress};

	string_list_add(&references, from);
	return image_process_run(&process, take_apart, &taking, &words, err);
}

static bool make(struct making *making, struct error *err)
{
	making->folder = make_folder(PATH_CACHE, err);
	return making->folder != NULL && place_secrets(making, err) && place_layouts(making, err) &&
	       place_dockerfile(making, err) && run_builder(making, err) &&
	       hand_over(making, err) && take(making, err);
}

bool image_make(struct store *store, const struct container_spec *container,
		const struct image_make_options *options, const struct progress *progress,
		bool *ret_was_made, struct error *err)
{
	AUTO(making_clear)
	struct making making = {.store = store,
				.container = container,
				.spec = container->build,
				.options = options,
				.progress = progress};
	bool is_always = options->always || options->has_no_cache || options->pulls ||
			 container->build->no_cache || container->build->pull;

	*ret_was_made = false;
	if (!look(&making, err))
		return error_prefix(err, "container '%s'", container->name);
	if (!is_always && making.key != NULL && image_is_taken(store, making.name, making.key))
		return true;
	progress_start(progress, "build", container->name, PROGRESS_COUNT, 0);
	*ret_was_made = make(&making, err);
	if (!*ret_was_made) {
		progress_failed(progress, "build", container->name, NULL);
		return false;
	}
	progress_done(progress, "build", container->name, NULL);
	return true;
}
