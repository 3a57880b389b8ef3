/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/local_authority.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/path.h"
#include "base/sha256.h"

/* Browsers take no server's certificate for more than 398 days. */
enum { AUTHORITY_DAYS = 3650, SERVER_DAYS = 397, LEFT_DAYS = 30, PEM_MAX_BYTES = 65536 };

static char *place(const char *name)
{
	AUTO_FREE char *below = path_join("ca", name);

	return path_folder(PATH_DATA, below);
}

char *local_authority_path(void)
{
	return place("authority.pem");
}

static bool load_pair(const char *name, struct certificate *ret, struct error *err)
{
	AUTO_FREE char *pem = xasprintf("%s.pem", name);
	AUTO_FREE char *key = xasprintf("%s.key", name);
	AUTO_FREE char *pem_path = place(pem);
	AUTO_FREE char *key_path = place(key);
	AUTO(certificate_clear) struct certificate read = {0};
	size_t size = 0;

	if (!file_read(pem_path, PEM_MAX_BYTES, &read.certificate, &size, err) ||
	    !file_read(key_path, PEM_MAX_BYTES, &read.key, &size, err))
		return false;
	if (!certificate_check(read.certificate, strlen(read.certificate), read.key,
			       strlen(read.key), err)) {
		(void)error_prefix(err, "%s", pem_path);
		return error_hint(err, "remove it; another one is made");
	}
	*ret = read;
	read = (struct certificate){0};
	return true;
}

static bool save_pair(const char *name, const struct certificate *pair, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_DATA, "ca");
	AUTO_FREE char *pem = xasprintf("%s.pem", name);
	AUTO_FREE char *key = xasprintf("%s.key", name);
	AUTO_FREE char *pem_path = place(pem);
	AUTO_FREE char *key_path = place(key);

	/* The key first: a certificate without its key would be an error later. */
	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(key_path, pair->key, strlen(pair->key), 0600, err) &&
	       file_write_atomic(pem_path, pair->certificate, strlen(pair->certificate), 0644, err);
}

bool local_authority_exists(void)
{
	AUTO_FREE char *path = local_authority_path();

	return path_exists(path);
}

bool local_authority_load(struct certificate *ret, struct error *err)
{
	char host[65] = "";
	AUTO(certificate_clear) struct certificate made = {0};

	if (local_authority_exists())
		return load_pair("authority", ret, err);
	(void)gethostname(host, sizeof(host) - 1);
	AUTO_FREE char *name = xasprintf("i2kit on %.40s", host[0] != '\0' ? host : "this machine");
	if (!certificate_make_authority(name, AUTHORITY_DAYS, &made, err) ||
	    !save_pair("authority", &made, err))
		return false;
	*ret = made;
	made = (struct certificate){0};
	return true;
}

bool local_authority_server(const struct string_list *names, struct certificate *ret,
			    struct error *err)
{
	AUTO(certificate_clear) struct certificate authority = {0};
	AUTO(certificate_clear) struct certificate server = {0};
	AUTO(error_clear) struct error absent = ERROR_INIT;
	AUTO_FREE char *all = string_list_join(names, ",");
	struct digest digest = sha256_digest(all, strlen(all));

	if (!local_authority_load(&authority, err))
		return false;
	AUTO_FREE char *name = xasprintf("server-%.32s", DIGEST_HEX(&digest));
	bool is_kept = load_pair(name, &server, &absent) &&
		       certificate_is_good(&server, &authority, LEFT_DAYS);
	if (!is_kept) {
		certificate_clear(&server);
		if (!certificate_make_server(&authority, names, SERVER_DAYS, &server, err) ||
		    !save_pair(name, &server, err))
			return false;
	}
	*ret = server;
	server = (struct certificate){0};
	return true;
}
