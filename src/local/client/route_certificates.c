/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/route_certificates.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/client/local_authority.h"

static const struct config_entry *find_entry(const struct config_map *secret, const char *key)
{
	for (size_t i = 0; i < secret->entry_count; i++) {
		if (strcmp(secret->entries[i].key, key) == 0)
			return &secret->entries[i];
	}
	return NULL;
}

static bool has_secret(const struct app *app, const struct route_tls *tls, size_t before)
{
	for (size_t i = 0; i < before; i++) {
		if (app->route_tls[i].secret != NULL &&
		    strcmp(app->route_tls[i].secret, tls->secret) == 0)
			return true;
	}
	return false;
}

static bool add_secret(const struct app *app, const struct route_tls *tls, struct string_list *ret,
		       struct error *err)
{
	const struct config_map *secret = app_find_config(app, tls->secret, true);
	const struct config_entry *chain = secret != NULL ? find_entry(secret, "tls.crt") : NULL;
	const struct config_entry *key = secret != NULL ? find_entry(secret, "tls.key") : NULL;

	if (chain == NULL || key == NULL)
		return error_set(err, ERROR_INVALID, "Secret '%s' has no tls.crt and tls.key",
				 tls->secret);
	if (!certificate_check(chain->bytes, chain->size, key->bytes, key->size, err)) {
		(void)error_prefix(err, "%s:%u: Secret '%s'",
				   secret->mark.file != NULL ? secret->mark.file : "-",
				   secret->mark.line, secret->name);
		return error_hint(err,
				  "kubectl create secret tls %s --cert=… --key=… "
				  "--dry-run=client -o yaml makes one",
				  secret->name);
	}
	string_list_take(ret, xasprintf("%s\n%s\n", chain->bytes, key->bytes));
	return true;
}

static void add_name(struct string_list *names, char *name)
{
	AUTO_FREE char *owned = name;

	if (!string_list_has(names, owned))
		string_list_add(names, owned);
}

static bool is_local(const char *host)
{
	const char *dot = strrchr(host, '.');

	return strcmp(dot != NULL ? dot + 1 : host, "localhost") == 0;
}

bool route_certificates_make(const struct app *app, struct string_list *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(certificate_clear) struct certificate own = {0};

	if (app->route_tls_count == 0 || app->route_count == 0)
		return true;
	add_name(&names, xstrdup("localhost"));
	add_name(&names, xstrdup("*.localhost"));
	for (size_t i = 0; i < app->route_tls_count; i++) {
		const struct route_tls *tls = &app->route_tls[i];
		if (tls->secret != NULL && !has_secret(app, tls, i) &&
		    !add_secret(app, tls, ret, err))
			return false;
		for (size_t k = 0; k < tls->hosts.count; k++) {
			const char *host = tls->hosts.items[k];
			if (tls->secret == NULL)
				add_name(&names, xstrdup(host));
			if (!is_local(host))
				add_name(&names, xasprintf("%s.localhost", host));
		}
	}
	string_list_sort(&names);
	if (!local_authority_server(&names, &own, err))
		return error_prefix(err, "a certificate for https");
	string_list_take(ret, xasprintf("%s%s", own.certificate, own.key));
	return true;
}
