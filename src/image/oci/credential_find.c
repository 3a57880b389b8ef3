/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/credential_find.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/process.h"
#include "base/process_run.h"
#include "base/string_list.h"
#include "image/oci/docker_config.h"

enum { CONFIG_MAX_BYTES = 1 << 20, HELPER_TIMEOUT_MS = 30000, HELPER_MAX_BYTES = 64 << 10 };

static const char *env(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

char *docker_config_path(void)
{
	const char *home = env("HOME");
	if (env("DOCKER_CONFIG") != NULL)
		return path_join(env("DOCKER_CONFIG"), "config.json");
	return home != NULL ? path_join(home, ".docker/config.json") : NULL;
}

/* In the order of https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md */
static void list_files(struct string_list *files)
{
	const char *home = env("HOME");
	if (env("REGISTRY_AUTH_FILE") != NULL)
		string_list_add(files, env("REGISTRY_AUTH_FILE"));
	if (env("XDG_RUNTIME_DIR") != NULL)
		string_list_addf(files, "%s/containers/auth.json", env("XDG_RUNTIME_DIR"));
	else
		string_list_addf(files, "/run/containers/%u/auth.json", (unsigned)geteuid());
	if (env("XDG_CONFIG_HOME") != NULL)
		string_list_addf(files, "%s/containers/auth.json", env("XDG_CONFIG_HOME"));
	else if (home != NULL)
		string_list_addf(files, "%s/.config/containers/auth.json", home);
	AUTO_FREE char *dockers = docker_config_path();
	if (dockers != NULL)
		string_list_add(files, dockers);
}

static bool ask_helper(struct credential *credential, struct error *err)
{
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO_FREE char *program = xasprintf("docker-credential-%s", credential->helper);
	AUTO_FREE char *found = process_find_program(program);
	const char *const argv[] = {program, "get", NULL};
	if (found == NULL) {
		error_set(err, ERROR_NOT_FOUND, "credential helper %s is not installed", program);
		return error_hint(err, "install %s, or take it out of Docker's config.json",
				  program);
	}
	const struct process_run run = {.argv = argv,
					.input = credential->server,
					.input_size = strlen(credential->server),
					.max_bytes = HELPER_MAX_BYTES,
					.timeout_ms = HELPER_TIMEOUT_MS,
					.accept_failure = true};
	if (!process_run(&run, &output, err))
		return false;
	/* This is how every helper says that it knows nothing; then the pull goes on nameless. */
	if (output.status != 0 && strstr(output.text, "credentials not found") != NULL)
		return true;
	if (output.status != 0)
		return error_set(err, ERROR_DENIED, "%s: %.200s", program,
				 output.text[0] ? output.text : output.stderr_tail);
	bool is_read = credential_parse_helper(output.text, output.size, credential, err);
	explicit_bzero(output.text, output.size);
	return is_read || error_prefix(err, "%s", program);
}

static bool find_in(const char *path, const char *host, const char *name, struct credential *ret,
		    struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!path_exists(path))
		return true;
	if (!file_read(path, CONFIG_MAX_BYTES, &text, &size, err))
		return false;
	bool is_found = docker_config_find(text, size, host, name, ret, err);
	explicit_bzero(text, size);
	if (!is_found)
		return error_prefix(err, "%s", path);
	ret->file = ret->helper == NULL
			    ? xstrdup(path)
			    : xasprintf("docker-credential-%s, which %s names", ret->helper, path);
	return ret->helper == NULL || ask_helper(ret, err);
}

/* Of the process, set once, before there are threads. */
static credential_ask_fn *ask_fn;
static void *ask_arg;

void credential_ask_of(credential_ask_fn *fn, void *arg)
{
	ask_fn = fn;
	ask_arg = arg;
}

bool credential_find(const char *host, const char *name, struct credential *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
	if (ask_fn != NULL)
		return ask_fn(host, name, ret, ask_arg, err);
	list_files(&files);
	for (size_t i = 0; i < files.count; i++) {
		AUTO(credential_clear) struct credential credential = {0};
		if (!find_in(files.items[i], host, name, &credential, err))
			return false;
		if (credential.username == NULL && credential.identity_token == NULL)
			continue;
		*ret = credential;
		credential = (struct credential){0};
		return true;
	}
	return true;
}
