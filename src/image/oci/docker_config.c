/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/docker_config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/json.h"

static void wipe(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void credential_clear(struct credential *credential)
{
	free(credential->username);
	wipe(&credential->password);
	wipe(&credential->identity_token);
	free(credential->helper);
	free(credential->server);
	free(credential->file);
	*credential = (struct credential){0};
}

static const char *text_of(struct json_view object, const char *key)
{
	const char *text = json_view_peek(json_view_get(object, key));
	return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t end_length = strlen(end);
	return length >= end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

/* "https://index.docker.io/v1/" and its relatives → "docker.io"; "https://h/v2/" → "h". */
char *docker_config_host(const char *key)
{
	bool is_url = false;
	if (strncmp(key, "https://", 8) == 0 || strncmp(key, "http://", 7) == 0) {
		key = strstr(key, "://") + 3;
		is_url = true;
	}
	size_t length = is_url ? strcspn(key, "/") : strlen(key);
	while (length > 0 && key[length - 1] == '/')
		length--;
	if (ends_with(key, length, "/v1") || ends_with(key, length, "/v2"))
		length -= 3;
	AUTO_FREE char *normal = xstrndup(key, length);
	if (strcmp(normal, "index.docker.io") == 0 || strcmp(normal, "registry-1.docker.io") == 0)
		return xstrdup("docker.io");
	return TAKE_PTR(normal);
}

/* How many bytes of "host/name" the key covers, in whole components; 0: it is another one. */
static size_t match_length(const char *key, const char *full)
{
	AUTO_FREE char *normal = docker_config_host(key);
	size_t length = strlen(normal);
	if (length == 0 || strncmp(full, normal, length) != 0)
		return 0;
	return full[length] == '\0' || full[length] == '/' ? length : 0;
}

/* The member whose key names the most of host/name. */
static struct json_view best_match(struct json_view object, const char *full)
{
	struct json_view best = {0};
	size_t best_length = 0;
	for (struct json_view member = json_view_first(object, SIZE_MAX); json_view_exists(member);
	     member = json_view_next(member)) {
		size_t length = match_length(member.key, full);
		if (length > best_length) {
			best = member;
			best_length = length;
		}
	}
	return best;
}

/* base64 of USER:PASSWORD; podman and Docker may pad it with NULs. */
static bool decode_auth(const char *auth, struct credential *ret, struct error *err)
{
	AUTO_FREE uint8_t *raw = NULL;
	size_t size = 0;
	if (!base64_decode(auth, strlen(auth), &raw, &size))
		return error_set(err, ERROR_INVALID, "its auth is not base64");
	char *text = (char *)raw;
	char *colon = strchr(text, ':');
	if (colon == NULL)
		return error_set(err, ERROR_INVALID, "its auth is not USER:PASSWORD");
	*colon = '\0';
	ret->username = xstrdup(text);
	ret->password = xstrdup(colon + 1);
	explicit_bzero(raw, size);
	return true;
}

static bool read_auth(struct json_view entry, struct credential *ret, struct error *err)
{
	const char *auth = text_of(entry, "auth");
	const char *username = text_of(entry, "username");
	const char *password = text_of(entry, "password");
	ret->identity_token = xstrdup_or_null(text_of(entry, "identitytoken"));
	if (auth != NULL)
		return decode_auth(auth, ret, err);
	if (username != NULL && password != NULL) {
		ret->username = xstrdup(username);
		ret->password = xstrdup(password);
	}
	return true;
}

/* The name becomes part of a program's name: nothing but a plain word is run. */
static bool is_plain_word(const char *name)
{
	if (name[0] == '-' || strlen(name) > 100)
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		if (!isascii(*p) || (!isalnum((unsigned char)*p) && strchr("-_.", *p) == NULL))
			return false;
	}
	return true;
}

static bool take_helper(const char *helper, const char *server, struct credential *ret,
			struct error *err)
{
	if (!is_plain_word(helper))
		return error_set(err, ERROR_INVALID, "'%.100s' is not a credential helper's name",
				 helper);
	ret->helper = xstrdup(helper);
	ret->server = xstrdup(server);
	return true;
}

/* Other programs write this file: a field of a type that is not known counts as not given. */
static bool find_in(struct json_view root, const char *host, const char *name,
		    struct credential *ret, struct error *err)
{
	AUTO(credential_clear) struct credential credential = {0};
	AUTO_FREE char *full = xasprintf("%s/%s", host, name);
	struct json_view helper = best_match(json_view_get(root, "credHelpers"), full);
	struct json_view entry = {0};
	bool is_done = true;
	if (json_view_is_text(helper)) {
		is_done = take_helper(json_view_peek(helper), helper.key, &credential, err);
	} else {
		entry = best_match(json_view_get(root, "auths"), full);
		is_done = read_auth(entry, &credential, err);
	}
	if (!is_done)
		return error_prefix(err, "%s", host);
	/* Docker leaves an empty entry in auths for what its store knows. */
	if (credential.helper || credential.username || credential.identity_token) {
		*ret = credential;
		credential = (struct credential){0};
		return true;
	}
	const char *server = docker_config_key(host);
	const char *store = text_of(root, "credsStore");
	return store == NULL ||
	       take_helper(store, json_view_exists(entry) ? entry.key : server, ret, err);
}

const char *docker_config_key(const char *host)
{
	return strcmp(host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host;
}

char *docker_config_helper(const char *text, size_t size, const char *host)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "credentials", JSON_LAST_KEY_WINS, NULL);

	if (document == NULL)
		return NULL;
	struct json_view root = json_document_root(document);
	struct json_view helper = best_match(json_view_get(root, "credHelpers"), host);
	const char *name =
		json_view_is_text(helper) ? json_view_peek(helper) : text_of(root, "credsStore");
	return name != NULL && is_plain_word(name) ? xstrdup(name) : NULL;
}

bool docker_config_find(const char *text, size_t size, const char *host, const char *name,
			struct credential *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "credentials", JSON_LAST_KEY_WINS, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	if (!json_view_is_object(root))
		return error_set(err, ERROR_INVALID, "credentials: not an object");
	return find_in(root, host, name, ret, err);
}

bool credential_parse_helper(const char *text, size_t size, struct credential *ret,
			     struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "answer", JSON_LAST_KEY_WINS, NULL);
	struct json_view root = document ? json_document_root(document) : (struct json_view){0};
	const char *username = text_of(root, "Username");
	const char *secret = text_of(root, "Secret");
	if (username == NULL || secret == NULL)
		return error_set(err, ERROR_INVALID, "printed no Username and Secret");
	if (strcmp(username, "<token>") == 0) {
		ret->identity_token = xstrdup(secret);
		return true;
	}
	ret->username = xstrdup(username);
	ret->password = xstrdup(secret);
	return true;
}
