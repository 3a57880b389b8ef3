/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/www_authenticate.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

enum { HEADER_MAX_BYTES = 16 << 10, PARAMETERS_MAX = 64 };

void auth_challenge_clear(struct auth_challenge *challenge)
{
	free(challenge->realm);
	free(challenge->service);
	free(challenge->scope);
	*challenge = (struct auth_challenge){0};
}

static bool is_token(char c)
{
	return isascii(c) &&
	       (isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL));
}

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \t");
}

static const char *skip_separators(const char *p)
{
	return p + strspn(p, " \t,");
}

static char *take_token(const char **at)
{
	const char *start = *at;
	while (is_token(**at))
		(*at)++;
	return xstrndup(start, (size_t)(*at - start));
}

/* A quoted string with its escapes undone, or a token; NULL when it is neither. */
static char *take_value(const char **at)
{
	AUTO(strbuf_clear) struct strbuf value = STRBUF_INIT;
	if (**at != '"')
		return is_token(**at) ? take_token(at) : NULL;
	for ((*at)++; **at != '"'; (*at)++) {
		if (**at == '\\')
			(*at)++;
		if (**at == '\0')
			return NULL;
		strbuf_append_char(&value, **at);
	}
	(*at)++;
	return strbuf_take(&value);
}

static void keep(char **slot, char **value)
{
	if (*slot == NULL)
		*slot = TAKE_PTR(*value);
}

static void set_parameter(struct auth_challenge *challenge, const char *name, char **value)
{
	if (strcasecmp(name, "realm") == 0)
		keep(&challenge->realm, value);
	else if (strcasecmp(name, "service") == 0)
		keep(&challenge->service, value);
	else if (strcasecmp(name, "scope") == 0)
		keep(&challenge->scope, value);
}

/* name = value, …  until something follows that is not a parameter: the next challenge. */
static bool take_parameters(const char **at, struct auth_challenge *challenge)
{
	for (int count = 0; count < PARAMETERS_MAX; count++) {
		const char *p = skip_separators(*at);
		if (!is_token(*p)) {
			*at = p;
			return *p == '\0';
		}
		AUTO_FREE char *name = take_token(&p);
		p = skip_space(p);
		if (*p != '=')
			return true;
		p = skip_space(p + 1);
		AUTO_FREE char *value = take_value(&p);
		if (value == NULL)
			return false;
		set_parameter(challenge, name, &value);
		*at = p;
	}
	return false;
}

static enum auth_scheme scheme_of(const char *name)
{
	if (strcasecmp(name, "Bearer") == 0)
		return AUTH_BEARER;
	return strcasecmp(name, "Basic") == 0 ? AUTH_BASIC : AUTH_NONE;
}

/* token68 (Negotiate and the like): letters, digits, -._~+/ and then = only. */
static const char *skip_token68(const char *p)
{
	const char *end = p;
	while (isascii(*end) &&
	       (isalnum((unsigned char)*end) || (*end != '\0' && strchr("-._~+/", *end) != NULL)))
		end++;
	end += strspn(end, "=");
	const char *after = skip_space(end);
	return end > p && (*after == '\0' || *after == ',') ? end : p;
}

bool www_authenticate_parse(const char *header, struct auth_challenge *ret, struct error *err)
{
	AUTO(auth_challenge_clear) struct auth_challenge best = {0};
	const char *p = skip_separators(header);
	if (strlen(header) > HEADER_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "WWW-Authenticate is too long");
	while (*p != '\0') {
		AUTO(auth_challenge_clear) struct auth_challenge challenge = {0};
		AUTO_FREE char *scheme = take_token(&p);
		if (scheme[0] == '\0' || (*p != '\0' && strchr(" \t,", *p) == NULL))
			return error_set(err, ERROR_INVALID, "WWW-Authenticate is malformed");
		challenge.scheme = scheme_of(scheme);
		p = skip_token68(skip_space(p));
		if (!take_parameters(&p, &challenge))
			return error_set(err, ERROR_INVALID, "WWW-Authenticate is malformed");
		p = skip_separators(p);
		if (challenge.scheme > best.scheme) {
			auth_challenge_clear(&best);
			best = challenge;
			challenge = (struct auth_challenge){0};
		}
	}
	*ret = best;
	best = (struct auth_challenge){0};
	return true;
}
