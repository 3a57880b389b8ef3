/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { TEXT_MAX_BYTES = 8192 };

void url_clear(struct url *url)
{
	free(url->host);
	free(url->port);
	free(url->authority);
	free(url->path);
	free(url->query);
	*url = (struct url){0};
}

static void cleanup_parts(CURLU **parts)
{
	curl_url_cleanup(*parts);
}
#define AUTO_PARTS AUTO(cleanup_parts) CURLU

static CURLU *new_parts(void)
{
	CURLU *parts = curl_url();
	if (parts == NULL)
		abort();
	return parts;
}

/* Owned by us, not by libcurl; NULL: the URL has no such part. */
static char *get(CURLU *parts, CURLUPart part)
{
	char *text = NULL;
	if (curl_url_get(parts, part, &text, 0) != CURLUE_OK)
		return NULL;
	char *copy = xstrdup(text);
	curl_free(text);
	return copy;
}

static bool refuse(const char *text, const char *why, struct error *err)
{
	AUTO_FREE char *shown = url_public(text);
	return error_set(err, ERROR_INVALID, "'%s' %s", shown, why);
}

static bool set_text(CURLU *parts, const char *text, struct error *err)
{
	if (strlen(text) > TEXT_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "a URL is longer than %d bytes",
				 TEXT_MAX_BYTES);
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return refuse(text, "has a space or a control character", err);
	}
	CURLUcode code = curl_url_set(parts, CURLUPART_URL, text, CURLU_DISALLOW_USER);
	if (code == CURLUE_USER_NOT_ALLOWED)
		return refuse(text, "has a user or a password in it, which is not allowed", err);
	if (code != CURLUE_OK)
		return refuse(text, "is not a URL", err);
	return true;
}

bool url_parse(const char *text, struct url *ret, struct error *err)
{
	AUTO(url_clear) struct url url = {0};
	AUTO_PARTS *parts = new_parts();
	if (!set_text(parts, text, err))
		return false;
	AUTO_FREE char *scheme = get(parts, CURLUPART_SCHEME);
	AUTO_FREE char *fragment = get(parts, CURLUPART_FRAGMENT);
	url.is_tls = scheme != NULL && strcmp(scheme, "https") == 0;
	if (scheme == NULL || (!url.is_tls && strcmp(scheme, "http") != 0))
		return refuse(text, "is neither http:// nor https://", err);
	if (fragment != NULL)
		return refuse(text, "has a #fragment", err);
	url.host = get(parts, CURLUPART_HOST);
	url.port = get(parts, CURLUPART_PORT);
	url.path = get(parts, CURLUPART_PATH);
	url.query = get(parts, CURLUPART_QUERY);
	if (url.host == NULL || url.host[0] == '\0' || url.path == NULL)
		return refuse(text, "names no host", err);
	for (char *c = url.host; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (url.port != NULL && strcmp(url.port, url.is_tls ? "443" : "80") == 0)
		free(TAKE_PTR(url.port));
	url.authority = url.port ? xasprintf("%s:%s", url.host, url.port) : xstrdup(url.host);
	*ret = url;
	url = (struct url){0};
	return true;
}

char *url_public(const char *text)
{
	static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
					   CURLUPART_QUERY, CURLUPART_FRAGMENT};
	AUTO_PARTS *parts = new_parts();
	/* What even libcurl cannot take apart may have its secret anywhere. */
	if (curl_url_set(parts, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		return xasprintf("%.*s…", (int)strcspn(text, "/?#@"), text);
	for (size_t i = 0; i < ARRAY_SIZE(secret); i++)
		(void)curl_url_set(parts, secret[i], NULL, 0);
	char *shown = get(parts, CURLUPART_URL);
	return shown ? shown : xstrdup("…");
}

bool url_host_is_loopback(const char *host)
{
	size_t length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	if (host[0] == '[' && host[length - 1] != ']')
		return false;
	if (host[length] != '\0' && host[length] != ':')
		return false;
	AUTO_FREE char *name = xstrndup(host, length);
	return strcmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
	       (strncmp(name, "127.", 4) == 0 && strspn(name, "0123456789.") == strlen(name));
}
