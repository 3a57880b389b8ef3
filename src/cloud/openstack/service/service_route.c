/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/service_route.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cloud/openstack/service/service_routes.h"
#include "manifest/app.h"

#define MAX_VALUE 255
#define LETTERS	  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
/* Octavia writes values into HAProxy's configuration, where quotes, '#' and blanks mean something. */
static const char path_characters[] = LETTERS "_-.~/@:+=%";
static const char header_characters[] = LETTERS "_-.~/@:+=";

bool service_route_place(const struct source_mark *mark, struct error *err)
{
	if (mark->line == 0)
		return false;
	return error_prefix(err, "%s:%u:%u", mark->file != NULL ? mark->file : "-", mark->line,
			    mark->column);
}

bool service_route_refuse(const struct route *route, const char *hint, const char *message,
			  struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED, "%s: %s", route->owner, message);
	error_hint(err, "%s", hint);
	return service_route_place(&route->mark, err);
}

/* --- rules ---------------------------------------------------------------------------------- */

/* As an expression that fits it alone. */
static void append_escaped(struct strbuf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr(".+$^*?()[]{}|\\", *text) != NULL)
			strbuf_append_char(out, '\\');
		strbuf_append_char(out, *text);
	}
}

/* value: owned; the rule's. */
static bool add_rule(const struct route *route, struct service_route *to, const char *type,
		     const char *compare, const char *key, char *value, struct error *err)
{
	*ARRAY_APPEND(to->rules, to->rule_count) = (struct service_route_rule){
		xstrdup(type), xstrdup(compare), xstrdup_or_null(key), value};
	if (strlen(value) <= MAX_VALUE)
		return true;
	return service_route_refuse(route, "a shorter one",
				    "a rule of Octavia compares 255 characters at most", err);
}

static bool add_host(const struct route *route, struct service_route *to, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	const char *host = route->host;

	if (host == NULL)
		return true;
	if (host[0] != '*')
		return add_rule(route, to, "HOST_NAME", "EQUAL_TO", NULL, xstrdup(host), err);
	if (route->is_deep)
		return add_rule(route, to, "HOST_NAME", "ENDS_WITH", NULL, xstrdup(host + 1), err);
	/* One label, and no more. */
	strbuf_append(&out, "^[^.]+");
	append_escaped(&out, host + 1);
	strbuf_append_char(&out, '$');
	return add_rule(route, to, "HOST_NAME", "REGEX", NULL, strbuf_take(&out), err);
}

static bool add_path(const struct route *route, struct service_route *to, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	if (strspn(route->path, path_characters) != strlen(route->path)) {
		AUTO_FREE char *why = xasprintf("path: i2kit does not ask a load balancer of "
						"Octavia for '%.80s'",
						route->path);
		return service_route_refuse(
			route,
			"letters, digits and _ - . ~ / @ : + = % alone; or Prefix up to that", why,
			err);
	}
	if (route->path_type == ROUTE_EXACT)
		return add_rule(route, to, "PATH", "EQUAL_TO", NULL, xstrdup(route->path), err);
	if (strcmp(route->path, "/") == 0)
		return to->rule_count > 0 ||
		       add_rule(route, to, "PATH", "STARTS_WITH", NULL, xstrdup("/"), err);
	/* The path itself and what is below it, but no longer word. */
	strbuf_append_char(&out, '^');
	append_escaped(&out, route->path);
	strbuf_append(&out, "(/.*)?$");
	return add_rule(route, to, "PATH", "REGEX", NULL, strbuf_take(&out), err);
}

static bool add_match(const struct route *route, const struct route_match *match,
		      struct service_route *to, struct error *err)
{
	if (match->is_query)
		return service_route_refuse(route, "a path or header of its own",
					    "queryParams: Octavia does not compare them", err);
	if (strcasecmp(match->name, "host") == 0)
		return service_route_refuse(route, "hostnames: [shop.example.com]",
					    "headers: Host is asked for by host names", err);
	if (strspn(match->name, LETTERS "-_") != strlen(match->name) || match->value[0] == '\0' ||
	    strspn(match->value, header_characters) != strlen(match->value))
		return service_route_refuse(
			route, "letters, digits and _ - . ~ / @ : + = alone",
			"headers: i2kit does not ask a load balancer of Octavia for this value",
			err);
	return add_rule(route, to, "HEADER", "EQUAL_TO", match->name, xstrdup(match->value), err);
}

bool service_route_rules(const struct route *route, struct service_route *to, struct error *err)
{
	if (route->method != NULL)
		return service_route_refuse(route, "no method: the pod answers 405 itself",
					    "method: Octavia does not compare it", err);
	if (!add_host(route, to, err))
		return false;
	for (size_t i = 0; i < route->match_count; i++)
		if (!add_match(route, &route->matches[i], to, err))
			return false;
	return add_path(route, to, err);
}

/* --- redirects ------------------------------------------------------------------------------ */

/* "http://shop.example.com:8080"; owned. NULL: it is not known before a request comes. */
static char *redirect_origin(const struct route *route)
{
	const char *host = route->new_host != NULL ? route->new_host : route->host;
	const char *scheme = route->redirect_scheme != NULL ? route->redirect_scheme : "http";
	unsigned usual = strcmp(scheme, "https") == 0 ? 443 : 80;

	if (host == NULL || host[0] == '*')
		return NULL;
	if (route->redirect_port == 0 || route->redirect_port == usual)
		return xasprintf("%s://%s", scheme, host);
	return xasprintf("%s://%s:%u", scheme, host, route->redirect_port);
}

bool service_route_redirect(const struct route *route, struct service_route *to, struct error *err)
{
	AUTO_FREE char *origin = redirect_origin(route);
	const char *path = route->new_path != NULL ? route->new_path : "";
	size_t size = strlen(path);

	if (origin == NULL)
		return service_route_refuse(route,
					    "hostname: in the redirect, or a route for each "
					    "host",
					    "a redirect of Octavia names one host", err);
	if (strspn(path, path_characters) != size)
		return service_route_refuse(route, "letters, digits and _ - . ~ / @ : + = alone",
					    "i2kit does not ask Octavia to redirect to that path",
					    err);
	if (route->is_new_prefix && route->new_path != NULL && strcmp(route->path, "/") != 0)
		return service_route_refuse(route,
					    "ReplaceFullPath, or a redirect of the pod's own",
					    "Octavia cannot replace a part of the path", err);
	if (route->new_path == NULL && route->new_host == NULL &&
	    (route->redirect_scheme == NULL || strcmp(route->redirect_scheme, "http") == 0) &&
	    (route->redirect_port == 0 || route->redirect_port == 80))
		return service_route_refuse(route, "scheme: https, a hostname, port or path",
					    "the redirect would lead to itself", err);
	to->is_prefix = route->new_path == NULL || route->is_new_prefix;
	while (to->is_prefix && size > 0 && path[size - 1] == '/')
		size--;
	to->redirect = xasprintf("%s%.*s", origin, (int)size, path);
	to->status = route->redirect_status;
	return true;
}

/* --- order ---------------------------------------------------------------------------------- */

static bool hosts_overlap(const char *a, const char *b)
{
	if (a == NULL || b == NULL || strcasecmp(a, b) == 0)
		return true;
	if (a[0] != '*' && b[0] != '*')
		return false;
	/* "*.example.com" has what ends in ".example.com", be it another such. */
	const char *one = a[0] == '*' ? a + 1 : a;
	const char *other = b[0] == '*' ? b + 1 : b;
	size_t one_size = strlen(one);
	size_t other_size = strlen(other);
	bool is_below = a[0] == '*' && other_size >= one_size &&
			strcasecmp(other + other_size - one_size, one) == 0;
	bool is_above = b[0] == '*' && one_size >= other_size &&
			strcasecmp(one + one_size - other_size, other) == 0;
	return is_below || is_above;
}

/* Whether the path is that of a prefix, or below it. */
static bool is_below(const char *path, const char *prefix)
{
	size_t size = strlen(prefix);

	if (strcmp(prefix, "/") == 0)
		return true;
	return strncmp(path, prefix, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

bool service_route_overlap(const struct route *a, const struct route *b)
{
	bool is_one = strcmp(a->path, b->path) == 0;
	bool is_a_below = b->path_type == ROUTE_PREFIX && is_below(a->path, b->path);
	bool is_b_below = a->path_type == ROUTE_PREFIX && is_below(b->path, a->path);

	return hosts_overlap(a->host, b->host) && (is_one || is_a_below || is_b_below);
}
