/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build/builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/process.h"
#include "base/strbuf.h"
#include "manifest/service_reference.h"

const char *const builder_words[BUILDER_KINDS] = {"buildah", "podman", "docker"};

static bool is_there(const char *program)
{
	AUTO_FREE char *path = process_find_program(program);

	return path != NULL;
}

static bool choose_named(const char *word, enum builder_kind *ret, struct error *err)
{
	for (unsigned i = 0; i < BUILDER_KINDS; i++) {
		if (strcmp(word, builder_words[i]) != 0)
			continue;
		*ret = (enum builder_kind)i;
		if (is_there(word))
			return true;
		(void)error_set(err, ERROR_NOT_FOUND, "%s is not installed", word);
		return error_hint(err, "apt install %s", i == BUILDER_DOCKER ? "docker.io" : word);
	}
	(void)error_set(err, ERROR_USAGE, "there is no builder '%s'", word);
	return error_hint(err, "--builder or I2KIT_BUILDER: auto, buildah, podman or docker");
}

bool builder_choose(const char *word, enum builder_kind *ret, struct error *err)
{
	if (word != NULL && word[0] != '\0' && strcmp(word, "auto") != 0)
		return choose_named(word, ret, err);
	for (unsigned i = 0; i < BUILDER_KINDS; i++) {
		if (!is_there(builder_words[i]))
			continue;
		*ret = (enum builder_kind)i;
		return true;
	}
	(void)error_set(err, ERROR_NOT_FOUND,
			"nothing here builds images: no buildah, podman or docker");
	return error_hint(err, "apt install buildah: it needs neither root nor a daemon");
}

const char *builder_isolation(enum builder_kind kind)
{
	bool has_runtime = is_there("crun") || is_there("runc");

	if (kind == BUILDER_DOCKER || getenv("BUILDAH_ISOLATION") != NULL || has_runtime)
		return NULL;
	return "chroot";
}

static bool check_contexts(const struct build_spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->context_count; i++) {
		const struct build_value *context = &spec->contexts[i];
		if (service_reference(context->value) == NULL)
			continue;
		(void)error_set(err, ERROR_UNSUPPORTED,
				"additional context '%s' is the image of another service, which "
				"nobody has put there",
				context->name);
		return false;
	}
	return true;
}

bool builder_check(enum builder_kind kind, const struct build_spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->platforms.count; i++) {
		if (strcmp(spec->platforms.items[i], "linux/amd64") != 0) {
			(void)error_set(err, ERROR_UNSUPPORTED, "platform %s: pods are linux/amd64",
					spec->platforms.items[i]);
			return error_hint(err, "platforms: [linux/amd64], or none");
		}
	}
	if (kind != BUILDER_DOCKER && (spec->entitlements.count > 0 || spec->is_privileged)) {
		(void)error_set(err, ERROR_UNSUPPORTED,
				"%s grants a build no more rights than it has",
				builder_words[kind]);
		return error_hint(err, "leave `privileged` and `entitlements` out, or "
				       "--builder docker");
	}
	return check_contexts(spec, err);
}

static void add_pairs(struct string_list *argv, const char *option,
		      const struct build_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		string_list_add(argv, option);
		if (values[i].value != NULL)
			string_list_addf(argv, "%s=%s", values[i].name, values[i].value);
		else
			string_list_add(argv, values[i].name); /* the builder's own environment */
	}
}

static void add_each(struct string_list *argv, const char *option, const struct string_list *words)
{
	for (size_t i = 0; i < words->count; i++) {
		string_list_add(argv, option);
		string_list_add(argv, words->items[i]);
	}
}

char *builder_layout_folder(const char *context, const char **ret_tag)
{
	static const char prefix[] = "oci-layout://";
	const char *folder;
	const char *tag;

	*ret_tag = NULL;
	if (context == NULL || strncmp(context, prefix, strlen(prefix)) != 0)
		return NULL;
	folder = context + strlen(prefix);
	tag = strrchr(folder, ':');
	if (tag == NULL || strchr(tag, '/') != NULL)
		return xstrdup(folder);
	*ret_tag = tag + 1;
	return xstrndup(folder, (size_t)(tag - folder));
}

/* oci-layout:// is BuildKit's word; buildah takes an image of any transport. */
static void add_contexts(enum builder_kind kind, const struct builder_request *request,
			 struct string_list *argv)
{
	for (size_t i = 0; i < request->spec->context_count; i++) {
		const struct build_value *context = &request->spec->contexts[i];
		const char *tag = NULL;
		AUTO_FREE char *folder =
			kind != BUILDER_DOCKER ? builder_layout_folder(context->value, &tag) : NULL;
		string_list_add(argv, "--build-context");
		if (folder != NULL)
			string_list_addf(argv, "%s=docker-image://oci:%s%s%s", context->name,
					 request->layouts->items[i], tag != NULL ? ":" : "",
					 tag != NULL ? tag : "");
		else
			string_list_addf(argv, "%s=%s", context->name,
					 context->value != NULL ? context->value : "");
	}
}

static void add_secrets(const struct builder_request *request, struct string_list *argv)
{
	for (size_t i = 0; i < request->spec->secret_count; i++) {
		string_list_add(argv, "--secret");
		string_list_addf(argv, "id=%s,src=%s", request->spec->secrets[i].id,
				 request->secrets->items[i]);
	}
}

static void add_common(enum builder_kind kind, const struct builder_request *request,
		       struct string_list *argv)
{
	const struct build_spec *spec = request->spec;

	string_list_add(argv, "--file");
	string_list_add(argv, request->dockerfile);
	if (spec->target != NULL) {
		string_list_add(argv, "--target");
		string_list_add(argv, spec->target);
	}
	add_pairs(argv, "--build-arg", spec->args, spec->arg_count);
	add_pairs(argv, "--label", spec->labels, spec->label_count);
	add_contexts(kind, request, argv);
	add_secrets(request, argv);
	add_each(argv, "--ssh", &spec->ssh);
	add_each(argv, "--cache-from", &spec->cache_from);
	add_each(argv, "--cache-to", &spec->cache_to);
	add_each(argv, "--add-host", &spec->extra_hosts);
	add_each(argv, "--tag", &spec->tags);
	if (spec->network != NULL) {
		string_list_add(argv, "--network");
		string_list_add(argv, spec->network);
	}
	if (spec->shm_bytes > 0) {
		string_list_add(argv, "--shm-size");
		string_list_addf(argv, "%llu", (unsigned long long)spec->shm_bytes);
	}
	if (request->has_no_cache)
		string_list_add(argv, "--no-cache");
	if (request->pulls)
		string_list_add(argv, "--pull");
}

/* The same files give the same image: times are zero, and its digest is what is promoted. */
static void build_with_buildah(enum builder_kind kind, const struct builder_request *request,
			       struct string_list *argv)
{
	string_list_add(argv, builder_words[kind]);
	string_list_add(argv, "build");
	/* OCI's own form has no HEALTHCHECK, SHELL and ONBUILD: a Dockerfile's would be dropped. */
	string_list_add(argv, "--format");
	string_list_add(argv, "docker");
	string_list_add(argv, "--layers");
	string_list_add(argv, "--timestamp");
	string_list_add(argv, "0");
	string_list_add(argv, "--iidfile");
	string_list_add(argv, request->id_file);
	if (request->isolation != NULL) {
		string_list_add(argv, "--isolation");
		string_list_add(argv, request->isolation);
	}
	if (request->ignore_file != NULL) {
		string_list_add(argv, "--ignorefile");
		string_list_add(argv, request->ignore_file);
	}
	add_common(kind, request, argv);
	string_list_add(argv, request->spec->context);
}

static void build_with_docker(const struct builder_request *request, struct string_list *argv,
			      struct string_list *environment)
{
	string_list_add(environment, "SOURCE_DATE_EPOCH=0");
	string_list_add(argv, "docker");
	string_list_add(argv, "buildx");
	string_list_add(argv, "build");
	string_list_add(argv, "--progress");
	string_list_add(argv, "plain");
	string_list_add(argv, "--provenance=false");
	string_list_add(argv, "--platform");
	string_list_add(argv, "linux/amd64");
	string_list_add(argv, "--output");
	string_list_addf(argv, "type=oci,dest=%s,rewrite-timestamp=true", request->output);
	add_each(argv, "--allow", &request->spec->entitlements);
	if (request->spec->is_privileged) {
		string_list_add(argv, "--allow");
		string_list_add(argv, "security.insecure");
	}
	add_common(BUILDER_DOCKER, request, argv);
	string_list_add(argv, request->spec->context);
}

void builder_build_command(enum builder_kind kind, const struct builder_request *request,
			   struct string_list *argv, struct string_list *environment)
{
	if (kind == BUILDER_DOCKER)
		build_with_docker(request, argv, environment);
	else
		build_with_buildah(kind, request, argv);
}

bool builder_take_command(enum builder_kind kind, const char *image_id, const char *output,
			  struct string_list *argv)
{
	if (kind == BUILDER_DOCKER)
		return false;
	string_list_add(argv, builder_words[kind]);
	string_list_add(argv, "push");
	string_list_add(argv, "--quiet");
	/* Docker's form as it is, and layers not packed: the store packs them in its own way. */
	string_list_add(argv, image_id);
	string_list_addf(argv, "docker-archive:%s", output);
	return true;
}

char *builder_result(enum builder_kind kind, const char *output)
{
	return kind == BUILDER_DOCKER ? xasprintf("oci-archive:%s", output)
				      : xasprintf("docker-archive:%s", output);
}

/* ---- where it failed ---- */

/* Blanks and line ends become one blank each, continuations included. */
static char *squeeze(const char *text, size_t size)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < size; i++) {
		bool is_joined = text[i] == '\\' && i + 1 < size && text[i + 1] == '\n';
		bool is_blank = is_joined || strchr(" \t\r\n", text[i]) != NULL;
		if (!is_blank)
			strbuf_append_char(&out, text[i]);
		else if (out.size > 0 && out.data[out.size - 1] != ' ')
			strbuf_append_char(&out, ' ');
		i += is_joined;
	}
	return strbuf_take(&out);
}

/* The end of an instruction that begins at `at`: its line, and those that go on with it. */
static size_t instruction_end(const char *text, size_t at)
{
	for (;;) {
		size_t end = at + strcspn(text + at, "\n");
		size_t last = end;
		while (last > at && strchr(" \t\r", text[last - 1]) != NULL)
			last--;
		if (text[end] == '\0' || last == at || text[last - 1] != '\\')
			return end;
		at = end + 1;
	}
}

/* Buildah: `Error: building at STEP "RUN make": …`; the step has its arguments put in. Owned. */
static char *failed_step(const char *output)
{
	static const char mark[] = "at STEP \"";
	const char *at = NULL;
	const char *end;

	for (const char *next = output; (next = strstr(next, mark)) != NULL; next++)
		at = next;
	if (at == NULL)
		return NULL;
	at += strlen(mark);
	end = strstr(at, "\":");
	return squeeze(at, end != NULL ? (size_t)(end - at) : strcspn(at, "\n"));
}

/* BuildKit: "Dockerfile:12" on a line of its own. */
static unsigned marked_line(const char *output)
{
	static const char mark[] = "ockerfile:";
	const char *at = NULL;
	unsigned line = 0;

	for (const char *next = output; (next = strstr(next, mark)) != NULL; next++)
		at = next;
	for (at = at != NULL ? at + strlen(mark) : ""; *at >= '0' && *at <= '9' && line < 100000;
	     at++)
		line = line * 10 + (unsigned)(*at - '0');
	return line;
}

unsigned builder_find_line(const char *text, const char *output)
{
	AUTO_FREE char *step = failed_step(output);
	unsigned line = 1;
	unsigned found = 0;

	if (step == NULL || step[0] == '\0')
		return marked_line(output);
	for (size_t at = 0; text[at] != '\0';) {
		size_t end = instruction_end(text, at);
		AUTO_FREE char *one = squeeze(text + at, end - at);
		const char *same = one != NULL ? one + (one[0] == ' ') : "";
		/* The last one that is the same: what stands before it went through. */
		if (same[0] != '\0' && same[0] != '#' && strcasecmp(same, step) == 0)
			found = line;
		for (; at < end; at++)
			line += text[at] == '\n';
		if (text[at] == '\n') {
			at++;
			line++;
		}
	}
	return found;
}
