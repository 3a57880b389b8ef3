/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/registry_login.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "base/process.h"
#include "base/process_run.h"
#include "image/oci/credential_find.h"
#include "image/oci/registry.h"

enum { CONFIG_MAX_BYTES = 1 << 20, ANSWER_MAX_BYTES = 64 << 10, HELPER_TIMEOUT_MS = 30000 };
#define MAX_MEMBERS ((size_t)10000)

char *registry_login_host(const char *text)
{
	return docker_config_host(text);
}

/* ---- asking ---- */

static bool ping(struct registry *registry, struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO_FREE char *url =
		xasprintf("%s://%s/v2/", registry->scheme, registry->endpoint->server);

	if (!registry_perform(registry, "GET", url, NULL, ANSWER_MAX_BYTES, &response, err))
		return false;
	if (response.status == 401 || response.status == 403) {
		error_set(err, ERROR_DENIED, "%s: wrong user or password: %s",
			  registry->endpoint->host,
			  registry->login != NULL ? registry->login : "nobody");
		return error_hint(err, "again, or with a token in place of the password");
	}
	if (response.status / 100 != 2)
		return error_set(err, ERROR_INVALID, "%s answered %d: is it a registry?", url,
				 response.status);
	return true;
}

bool registry_login_try(const char *host, const char *const *insecure,
			const struct credential *credential, struct error *err)
{
	AUTO(registry_endpoint_list_clear) struct registry_endpoint_list endpoints = {0};
	AUTO_FREE char *name = xstrdup(host);
	AUTO_FREE char *none = xstrdup("");
	const struct reference reference = {.host = name, .name = none};
	const struct source_request request = {.reference = &reference};
	struct registry registry = {0};

	if (!registry_endpoints_find(host, insecure, &endpoints, err))
		return false;
	/* Mirrors come first: the password is for the registry itself, the last one. */
	if (endpoints.count == 0)
		return error_set(err, ERROR_INVALID, "'%s' is no registry", host);
	struct registry_endpoint *endpoint = &endpoints.items[endpoints.count - 1];
	/* What is pulled from docker.io comes from another host than its name. */
	if (!registry_open(&request, endpoint, &registry, err))
		return false;
	registry.given = credential;
	bool is_taken = ping(&registry, err);
	registry_close(&registry);
	return is_taken;
}

/* ---- the file ---- */

static bool parse_config(const char *text, size_t size, struct json_document **ret,
			 struct error *err)
{
	if (text == NULL) {
		text = "{}";
		size = 2;
	}
	*ret = json_document_parse(text, size, "Docker's config.json", JSON_LAST_KEY_WINS, err);
	if (*ret == NULL)
		return false;
	return json_view_is_object(json_document_root(*ret)) ||
	       error_set(err, ERROR_INVALID, "Docker's config.json: not an object");
}

/* Docker writes "https://quay.io/v2/", podman "quay.io": both are the same host's. */
static bool is_of_host(const char *key, const char *host)
{
	AUTO_FREE char *of_key = docker_config_host(key);

	return strcmp(of_key, host) == 0;
}

static void write_entry(struct json_writer *json, const char *host,
			const struct credential *credential)
{
	json_open_object(json, docker_config_key(host));
	/* What a helper keeps has an empty entry, as docker writes it. */
	if (credential->helper == NULL) {
		AUTO_FREE char *plain =
			xasprintf("%s:%s", credential->username, credential->password);
		AUTO_FREE char *auth = base64_encode(plain, strlen(plain));
		explicit_bzero(plain, strlen(plain));
		json_write_text(json, "auth", auth);
		explicit_bzero(auth, strlen(auth));
	}
	json_close(json);
}

/* All entries but the host's. */
static bool copy_entries(struct json_writer *json, struct json_view auths, const char *host)
{
	bool was_there = false;

	for (struct json_view entry = json_view_first(auths, MAX_MEMBERS); json_view_exists(entry);
	     entry = json_view_next(entry)) {
		if (is_of_host(entry.key, host))
			was_there = true;
		else
			json_write_view(json, entry.key, entry);
	}
	return was_there;
}

/* credential NULL: the host's entry goes. */
static bool rewrite(const char *text, size_t size, const char *host,
		    const struct credential *credential, struct strbuf *out, bool *ret_was_there,
		    struct error *err)
{
	AUTO_PTR(json_document) struct json_document *document = NULL;
	struct json_writer json = JSON_WRITER(out, JSON_PRETTY);

	if (!parse_config(text, size, &document, err))
		return false;
	struct json_view root = json_document_root(document);
	struct json_view auths = json_view_get(root, "auths");
	if (json_view_exists(auths) && !json_view_is_object(auths))
		return error_set(err, ERROR_INVALID, "Docker's config.json: auths is no object");
	json_open_object(&json, NULL);
	json_open_object(&json, "auths");
	*ret_was_there = copy_entries(&json, auths, host);
	if (credential != NULL)
		write_entry(&json, host, credential);
	json_close(&json);
	for (struct json_view member = json_view_first(root, MAX_MEMBERS); json_view_exists(member);
	     member = json_view_next(member)) {
		if (strcmp(member.key, "auths") != 0)
			json_write_view(&json, member.key, member);
	}
	json_close(&json);
	strbuf_append_char(out, '\n');
	return json_document_check(document, err);
}

bool docker_config_put(const char *text, size_t size, const char *host,
		       const struct credential *credential_or_helper, struct strbuf *out,
		       struct error *err)
{
	bool was_there = false;

	return rewrite(text, size, host, credential_or_helper, out, &was_there, err);
}

bool docker_config_remove(const char *text, size_t size, const char *host, struct strbuf *out,
			  bool *ret_was_there, struct error *err)
{
	return rewrite(text, size, host, NULL, out, ret_was_there, err);
}

/* ---- helpers ---- */

static bool run_helper(const char *helper, const char *verb, const char *input, struct error *err)
{
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO_FREE char *program = xasprintf("docker-credential-%s", helper);
	AUTO_FREE char *found = process_find_program(program);
	const char *const argv[] = {program, verb, NULL};
	const struct process_run run = {.argv = argv,
					.input = input,
					.input_size = strlen(input),
					.max_bytes = ANSWER_MAX_BYTES,
					.timeout_ms = HELPER_TIMEOUT_MS,
					.accept_failure = true};

	if (found == NULL) {
		error_set(err, ERROR_NOT_FOUND, "credential helper %s is not installed", program);
		return error_hint(err, "install %s, or take it out of Docker's config.json",
				  program);
	}
	if (!process_run(&run, &output, err))
		return false;
	return output.status == 0 ||
	       error_set(err, ERROR_DENIED, "%s %s: %.200s", program, verb,
			 output.text[0] != '\0' ? output.text : output.stderr_tail);
}

static bool helper_store(const char *helper, const char *host, const struct credential *credential,
			 struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	json_open_object(&json, NULL);
	json_write_text(&json, "ServerURL", docker_config_key(host));
	json_write_text(&json, "Username", credential->username);
	json_write_text(&json, "Secret", credential->password);
	json_close(&json);
	bool is_stored = run_helper(helper, "store", strbuf_text(&text), err);
	explicit_bzero(text.data, text.size);
	return is_stored;
}

/* ---- both ---- */

static void wipe(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

struct config {
	char *path;
	char *text; /* or NULL: there is none yet; secret */
	size_t size;
	char *helper; /* of the host, or NULL */
};

static void config_clear(struct config *config)
{
	free(config->path);
	wipe(&config->text);
	free(config->helper);
}

static bool config_read(const char *host, struct config *ret, struct error *err)
{
	AUTO_FREE char *named = docker_config_path();

	if (named == NULL)
		return error_set(err, ERROR_NOT_FOUND, "HOME is not set, nor DOCKER_CONFIG");
	/* A link into somebody's dotfiles stays one. */
	ret->path = realpath(named, NULL);
	if (ret->path == NULL)
		ret->path = xstrdup(named);
	if (!path_exists(ret->path))
		return true;
	if (!file_read(ret->path, CONFIG_MAX_BYTES, &ret->text, &ret->size, err))
		return false;
	ret->helper = docker_config_helper(ret->text, ret->size, host);
	return true;
}

static bool config_write(const struct config *config, const struct strbuf *text, struct error *err)
{
	AUTO_FREE char *folder =
		xstrndup(config->path, (size_t)(strrchr(config->path, '/') - config->path));

	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(config->path, text->data, text->size, 0600, err);
}

char *registry_login_keep(const char *host, const struct credential *credential, struct error *err)
{
	AUTO(config_clear) struct config config = {0};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct credential kept = *credential;

	if (!config_read(host, &config, err))
		return NULL;
	kept.helper = config.helper;
	if ((kept.helper != NULL && !helper_store(kept.helper, host, credential, err)) ||
	    !docker_config_put(config.text, config.size, host, &kept, &text, err))
		return NULL;
	bool is_written = config_write(&config, &text, err);
	explicit_bzero(text.data, text.size);
	if (!is_written)
		return NULL;
	return kept.helper != NULL
		       ? xasprintf("docker-credential-%s, named in %s", kept.helper, config.path)
		       : xstrdup(config.path);
}

bool registry_login_forget(const char *host, bool *ret_was_known, struct error *err)
{
	AUTO(config_clear) struct config config = {0};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	*ret_was_known = false;
	if (!config_read(host, &config, err))
		return false;
	if (config.text == NULL)
		return true;
	if (!docker_config_remove(config.text, config.size, host, &text, ret_was_known, err))
		return false;
	if (*ret_was_known && config.helper != NULL &&
	    !run_helper(config.helper, "erase", docker_config_key(host), err))
		return false;
	bool is_written = !*ret_was_known || config_write(&config, &text, err);
	explicit_bzero(text.data, text.size);
	return is_written;
}

char *registry_login_shadow(const char *host)
{
	AUTO(credential_clear) struct credential found = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	AUTO_FREE char *ours = docker_config_path();

	if (!credential_find(host, "", &found, &ignored) || found.file == NULL ||
	    (ours != NULL && strstr(found.file, ours) != NULL))
		return NULL;
	return xstrdup(found.file);
}
