/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/registry_certificates.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "base/string_list.h"

enum { PEM_MAX_BYTES = 4 << 20, FILES_MAX = 256 };

void registry_certificates_clear(struct registry_certificates *certificates)
{
	free(certificates->ca_file);
	free(certificates->client_cert_file);
	free(certificates->client_key_file);
	*certificates = (struct registry_certificates){0};
}

static void list_folders(const char *host, struct string_list *folders)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	AUTO_FREE char *config =
		xdg && xdg[0] == '/'
			? xstrdup(xdg)
			: path_join(home && home[0] == '/' ? home : "/root", ".config");
	const char *const places[] = {"i2kit", "containers", "docker"};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		string_list_addf(folders, "%s/%s/certs.d/%s", config, places[i], host);
	string_list_addf(folders, "/etc/containers/certs.d/%s", host);
	string_list_addf(folders, "/etc/docker/certs.d/%s", host);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name);
	size_t suffix_length = strlen(suffix);
	return length > suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

static bool list_files(const char *folder, struct string_list *names)
{
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return false;
	for (const struct dirent *entry;
	     (entry = readdir(dir)) != NULL && names->count < FILES_MAX;)
		string_list_add(names, entry->d_name);
	(void)closedir(dir);
	string_list_sort(names);
	return names->count > 0;
}

static const char *system_authorities(void)
{
	static const char *const places[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/cert.pem",
	};
	const char *set = getenv("SSL_CERT_FILE");
	if (set != NULL && set[0] == '/')
		return set;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (path_exists(places[i]))
			return places[i];
	}
	return NULL;
}

static bool append_file(struct strbuf *text, const char *path, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;
	if (!file_read(path, PEM_MAX_BYTES, &bytes, &size, err))
		return false;
	strbuf_append_bytes(text, bytes, size);
	strbuf_append_char(text, '\n');
	return true;
}

/* One file for libcurl, named after its content, in the cache: blobs may lie on public servers. */
static bool write_bundle(const char *folder, const struct string_list *names, char **ret,
			 struct error *err)
{

	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	const char *system = system_authorities();
	if (system != NULL && !append_file(&text, system, err))
		return false;
	for (size_t i = 0; i < names->count; i++) {
		AUTO_FREE char *path = path_join(folder, names->items[i]);
		if (has_suffix(names->items[i], ".crt") && !append_file(&text, path, err))
			return false;
	}
	struct digest name = sha256_digest(strbuf_text(&text), text.size);
	AUTO_FREE char *cache = path_folder(PATH_CACHE, "authorities");
	AUTO_FREE char *path = xasprintf("%s/%s.pem", cache, DIGEST_HEX(&name));
	if (!path_make_folders(cache, 0700, err) ||
	    (!path_exists(path) &&
	     !file_write_atomic(path, strbuf_text(&text), text.size, 0600, err)))
		return false;
	*ret = TAKE_PTR(path);
	return true;
}

static bool find_client(const char *folder, const struct string_list *names,
			struct registry_certificates *ret, struct error *err)
{
	for (size_t i = 0; i < names->count && ret->client_cert_file == NULL; i++) {
		const char *name = names->items[i];
		if (!has_suffix(name, ".cert"))
			continue;
		AUTO_FREE char *key =
			xasprintf("%.*s.key", (int)(strlen(name) - strlen(".cert")), name);
		if (!string_list_has(names, key))
			return error_set(err, ERROR_INVALID, "%s/%s has no %s beside it", folder,
					 name, key);
		ret->client_cert_file = path_join(folder, name);
		ret->client_key_file = path_join(folder, key);
	}
	return true;
}

bool registry_certificates_find(const char *host, struct registry_certificates *ret,
				struct error *err)
{
	AUTO(string_list_clear) struct string_list folders = STRING_LIST_INIT;
	list_folders(host, &folders);
	for (size_t i = 0; i < folders.count; i++) {
		AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
		AUTO(registry_certificates_clear) struct registry_certificates found = {0};
		const char *folder = folders.items[i];
		bool has_authority = false;
		if (!list_files(folder, &names))
			continue;
		for (size_t j = 0; j < names.count; j++)
			has_authority = has_authority || has_suffix(names.items[j], ".crt");
		if (has_authority && !write_bundle(folder, &names, &found.ca_file, err))
			return false;
		if (!find_client(folder, &names, &found, err))
			return false;
		*ret = found;
		found = (struct registry_certificates){0};
		return true;
	}
	return true;
}
