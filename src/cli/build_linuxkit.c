/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/build_linuxkit.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/linuxkit/linuxkit_append.h"
#include "image/linuxkit/linuxkit_build.h"
#include "image/linuxkit/linuxkit_pod.h"
#include "image/pod/image_process.h"

enum { DOCUMENT_MAX_BYTES = 16 << 20 };

struct pod_job {
	struct store *store;
	const struct pod_spec *pod;
	const struct image_options *options;
};

static bool make_pod_apart(void *arg, const struct progress *progress, struct string_list *words,
			   struct error *err)
{
	const struct pod_job *job = arg;
	char *text = NULL;
	if (!linuxkit_pod_make(job->store, job->pod, job->options, progress, &text, err))
		return false;
	string_list_take(words, text);
	return true;
}

bool build_linuxkit_print(struct store *store, const struct app *app,
			  const struct string_list *names, const struct image_options *options,
			  const struct progress *progress, struct error *err)
{
	bool is_first = true;
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
		struct pod_job job = {.store = store, .pod = pod, .options = options};
		const struct image_process process = {.store = store,
						      .options = options,
						      .progress = progress,
						      .reads_documents = true};
		if (names->count > 0 && !string_list_has(names, pod->name))
			continue;
		if (!image_process_run(&process, make_pod_apart, &job, &words, err))
			return error_prefix(err, "pod '%s'", pod->name);
		(void)printf("%s%s", is_first ? "" : "---\n",
			     words.count > 0 ? words.items[0] : "");
		is_first = false;
	}
	return true;
}

/* Without its folders and its last extension. */
static char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	return dot != NULL && dot != name ? xstrndup(name, (size_t)(dot - name)) : xstrdup(name);
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return NULL;
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static const char *suffix_of(enum linuxkit_format format)
{
	switch (format) {
	case LINUXKIT_TAR:
		return ".tar";
	case LINUXKIT_RAW:
		return ".img";
	case LINUXKIT_KERNEL_INITRD:
		break;
	}
	return "";
}

/* "x.tar" as the output of a tar means the file itself. */
static char *prefix_of(const struct build_linuxkit_request *request, enum linuxkit_format format)
{
	if (request->output == NULL)
		return base_name(request->files->items[request->files->count - 1]);
	const char *suffix = suffix_of(format);
	size_t length = strlen(request->output);
	size_t suffix_length = strlen(suffix);
	bool has_suffix = length > suffix_length &&
			  strcmp(request->output + length - suffix_length, suffix) == 0;
	return xstrndup(request->output, has_suffix ? length - suffix_length : length);
}

static void print_names(const char *prefix, enum linuxkit_format format)
{
	if (format == LINUXKIT_KERNEL_INITRD)
		(void)printf("%s-kernel\n%s-initrd.img\n%s-cmdline\n", prefix, prefix, prefix);
	else
		(void)printf("%s%s\n", prefix, suffix_of(format));
}

static bool add_document(const char *path, struct linuxkit_document *document, bool is_first,
			 struct error *err)
{
	AUTO(linuxkit_document_clear) struct linuxkit_document next = {0};
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!file_read(path, DOCUMENT_MAX_BYTES, &text, &size, err))
		return false;
	if (is_first)
		return linuxkit_document_parse(text, size, path, document, err);
	if (!linuxkit_document_parse(text, size, path, &next, err))
		return false;
	return linuxkit_document_append(document, &next, err) || error_prefix(err, "%s", path);
}

struct file_job {
	struct linuxkit_build build;
	enum linuxkit_format format;
	const char *prefix;
};

static bool build_file_apart(void *arg, const struct progress *progress, struct string_list *words,
			     struct error *err)
{
	struct file_job *job = arg;
	(void)words;
	job->build.progress = progress;
	return linuxkit_build(&job->build, job->format, job->prefix, err);
}

bool build_linuxkit_file(struct store *store, const struct build_linuxkit_request *request,
			 const struct progress *progress, struct error *err)
{
	AUTO(linuxkit_document_clear) struct linuxkit_document document = {0};
	AUTO_FREE char *folder = folder_of(request->files->items[0]);
	enum linuxkit_format format = LINUXKIT_KERNEL_INITRD;
	if (request->format != NULL && !linuxkit_format_parse(request->format, &format, err))
		return false;
	for (size_t i = 0; i < request->files->count; i++) {
		if (!add_document(request->files->items[i], &document, i == 0, err))
			return false;
	}
	AUTO_FREE char *prefix = prefix_of(request, format);
	struct image_options options = *request->options;
	options.folder = folder;
	/* Upstream reads sources from where it is called, not from the document's folder. */
	struct file_job job = {.build = {.store = store, .document = &document, .images = &options},
			       .format = format,
			       .prefix = prefix};
	const struct image_process process = {.store = store,
					      .options = &options,
					      .output = prefix,
					      .progress = progress,
					      .reads_documents = true};
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	if (!image_process_run(&process, build_file_apart, &job, &words, err))
		return false;
	print_names(prefix, format);
	return true;
}
