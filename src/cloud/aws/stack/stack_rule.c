/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_rule.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cloud/aws/stack/stack_port.h"
#include "cloud/aws/stack/template_writer.h"
#include "manifest/app.h"
#include "wire/kinds.h"

#define MAX_VALUES  5	/* of all conditions of a rule */
#define MAX_TEXT    128 /* of a host, path, header's or parameter's value */
#define MAX_NAME    40	/* of a header or method */
#define MAX_TARGETS 5	/* of an action */
#define MAX_WEIGHT  999
#define HTTPS_PORT  443
#define HTTP_PORT   80

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/* What a path may be, and is then said in a URL as it is written. "&" is left out: whether it is
 * written "&amp;" depends on the tool. */
static const char path_characters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$/~'@:+";
static const char query_characters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~";

bool stack_rule_place(const struct source_mark *mark, struct error *err)
{
	if (mark->line == 0)
		return false;
	return error_prefix(err, "%s:%u:%u", mark->file != NULL ? mark->file : "-", mark->line,
			    mark->column);
}

/* The route's line, and whose it is, before what is wrong. */
static bool refuse(const struct route *route, struct error *err, const char *hint,
		   const char *message)
{
	error_set(err, ERROR_UNSUPPORTED, "%s: %s", route->owner, message);
	error_hint(err, "%s", hint);
	return stack_rule_place(&route->mark, err);
}

/* --- conditions ----------------------------------------------------------------------------- */

/* "*.example.com" of an Ingress is one label more, and only an expression says that. */
static bool is_one_label(const struct route *route)
{
	return route->host != NULL && route->host[0] == '*' && !route->is_deep;
}

/* Small and large letters are one in names; longer than fits only as they are written. */
static char *host_expression(const char *end)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf plain = STRBUF_INIT;
	strbuf_append(&out, "^[^.]+");
	strbuf_append(&plain, "^[^.]+");
	for (; *end != '\0'; end++) {
		if (isalpha((unsigned char)*end) != 0)
			strbuf_appendf(&out, "[%c%c]", *end, toupper((unsigned char)*end));
		else
			strbuf_appendf(&out, "%s%c", *end == '.' ? "\\" : "", *end);
		strbuf_appendf(&plain, "%s%c", *end == '.' ? "\\" : "", *end);
	}
	strbuf_append_char(&out, '$');
	strbuf_append_char(&plain, '$');
	return strbuf_take(out.size <= MAX_TEXT ? &out : &plain);
}

/* Whether all requests have such a path. */
static bool is_any_path(const struct route *route)
{
	return route->path_type == ROUTE_PREFIX && strcmp(route->path, "/") == 0;
}

static bool has_condition(const struct route *route)
{
	return route->host != NULL || route->method != NULL || route->match_count > 0;
}

static size_t count_values(const struct route *route)
{
	size_t paths = is_any_path(route)		 ? !has_condition(route)
		       : route->path_type == ROUTE_EXACT ? 1
							 : 2;
	return paths + (route->host != NULL) + (route->method != NULL) + route->match_count;
}

static void open_condition(struct json_writer *json, const char *field, const char *config)
{
	json_open_object(json, NULL);
	json_write_text(json, "Field", field);
	json_open_object(json, config);
}

static void close_condition(struct json_writer *json)
{
	json_close(json);
	json_close(json);
	json_close(json);
}

static void write_host(struct json_writer *json, const struct route *route)
{
	if (route->host == NULL)
		return;
	open_condition(json, "host-header", "HostHeaderConfig");
	json_open_list(json, is_one_label(route) ? "RegexValues" : "Values");
	AUTO_FREE char *expression = is_one_label(route) ? host_expression(route->host + 1) : NULL;
	json_write_text(json, NULL, expression != NULL ? expression : route->host);
	close_condition(json);
}

/* A rule wants a condition, if only one that all requests meet. */
static void write_path(struct json_writer *json, const struct route *route)
{
	bool is_any = is_any_path(route);
	if (is_any && has_condition(route))
		return;
	AUTO_FREE char *below = xasprintf("%s/*", is_any ? "" : route->path);
	open_condition(json, "path-pattern", "PathPatternConfig");
	json_open_list(json, "Values");
	if (!is_any)
		json_write_text(json, NULL, route->path);
	if (route->path_type == ROUTE_PREFIX)
		json_write_text(json, NULL, below);
	close_condition(json);
}

static void write_match(struct json_writer *json, const struct route_match *match)
{
	if (match->is_query) {
		open_condition(json, "query-string", "QueryStringConfig");
		json_open_list(json, "Values");
		json_open_object(json, NULL);
		json_write_text(json, "Key", match->name);
		json_write_text(json, "Value", match->value);
		json_close(json);
	} else {
		open_condition(json, "http-header", "HttpHeaderConfig");
		json_write_text(json, "HttpHeaderName", match->name);
		json_open_list(json, "Values");
		json_write_text(json, NULL, match->value);
	}
	close_condition(json);
}

char *stack_rule_conditions(const struct route *route)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_ASCII);
	json_open_list(&json, NULL);
	write_host(&json, route);
	write_path(&json, route);
	if (route->method != NULL) {
		open_condition(&json, "http-request-method", "HttpRequestMethodConfig");
		json_open_list(&json, "Values");
		json_write_text(&json, NULL, route->method);
		close_condition(&json);
	}
	for (size_t i = 0; i < route->match_count; i++)
		write_match(&json, &route->matches[i]);
	json_close(&json);
	return strbuf_take(&out);
}

/* --- what can be asked ---------------------------------------------------------------------- */

static bool check_host(const struct route *route, struct error *err)
{
	const char *host = route->host;
	const char *last = host != NULL ? strrchr(host, '.') : NULL;
	if (host == NULL)
		return true;
	if (strlen(host) > MAX_TEXT)
		return refuse(route, err, "a shorter name",
			      "host: a load balancer's rule takes names of 128 characters at most");
	if (last == NULL || last[1] == '\0' || strspn(last + 1, letters) != strlen(last + 1))
		return refuse(route, err,
			      "a whole name, as in shop.example.com, or no host for any",
			      "host: a load balancer's rule takes names with a dot, and letters "
			      "alone after the last one");
	if (!is_one_label(route))
		return true;
	AUTO_FREE char *expression = host_expression(host + 1);
	if (strlen(expression) > MAX_TEXT)
		return refuse(route, err, "a shorter name",
			      "host: the wildcard is too long for a load balancer's rule");
	return true;
}

static bool check_path(const struct route *route, struct error *err)
{
	size_t size = strlen(route->path);
	if (strspn(route->path, path_characters) != size) {
		AUTO_FREE char *why =
			xasprintf("path: a load balancer's rule cannot say '%.80s'", route->path);
		return refuse(route, err,
			      "letters, digits and _ - . $ / ~ ' @ : + alone; or Prefix up to that",
			      why);
	}
	if (size + (route->path_type == ROUTE_PREFIX ? 2 : 0) > MAX_TEXT)
		return refuse(route, err, "a shorter path, as Prefix",
			      "path: a load balancer's rule takes paths of 126 characters, 128 "
			      "exact ones");
	return true;
}

static bool check_method(const struct route *route, struct error *err)
{
	const char *method = route->method;
	if (method == NULL || (strlen(method) <= MAX_NAME &&
			       strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == strlen(method)))
		return true;
	return refuse(route, err, "GET, POST …",
		      "method: a load balancer's rule takes 40 large letters, - and _");
}

static bool is_visible(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			return false;
	return true;
}

static bool check_match(const struct route *route, const struct route_match *match,
			struct error *err)
{
	if (match->value[0] == '\0' || strlen(match->value) > MAX_TEXT ||
	    strlen(match->name) > (match->is_query ? MAX_TEXT : MAX_NAME))
		return refuse(route, err, "shorter ones",
			      "matches: a load balancer's rule takes 40 characters of a header's "
			      "name, and 1 to 128 of a value");
	if (match->is_query && (strspn(match->name, query_characters) != strlen(match->name) ||
				strspn(match->value, query_characters) != strlen(match->value)))
		return refuse(route, err, "letters, digits and - . _ ~ alone",
			      "queryParams: what a URL must encode is compared otherwise there");
	if (!match->is_query &&
	    (!is_visible(match->value) || strpbrk(match->value, "*?\\") != NULL))
		return refuse(route, err, "a value without them",
			      "headers: * ? \\ and what is not ASCII mean something else there");
	if (!match->is_query && strcasecmp(match->name, "host") == 0)
		return refuse(route, err, "hostnames: [shop.example.com]",
			      "headers: Host is asked for by host names");
	return true;
}

static bool check_conditions(const struct route *route, struct error *err)
{
	if (!check_host(route, err) || !check_path(route, err) || !check_method(route, err))
		return false;
	for (size_t i = 0; i < route->match_count; i++)
		if (!check_match(route, &route->matches[i], err))
			return false;
	if (count_values(route) > MAX_VALUES)
		return refuse(route, err, "fewer matches, or an Exact path, which is one value",
			      "a load balancer's rule compares 5 values at most (a host is one, a "
			      "Prefix two)");
	return true;
}

/* --- actions -------------------------------------------------------------------------------- */

/* Of all backends that are this one: a target group is there once in an action. 0: an earlier one
 * has it, or nothing goes there. */
static uint64_t weight_of(const struct route *route, size_t index)
{
	const struct route_backend *backend = &route->backends[index];
	uint64_t sum = 0;
	for (size_t i = 0; i < route->backend_count; i++) {
		const struct route_backend *other = &route->backends[i];
		if (other->port != backend->port || strcmp(other->service, backend->service) != 0)
			continue;
		if (i < index)
			return 0;
		sum += other->weight;
	}
	return sum;
}

static size_t count_backends(const struct route *route)
{
	size_t count = 0;
	for (size_t i = 0; i < route->backend_count; i++)
		count += weight_of(route, i) > 0;
	return count;
}

/* "/v2" and all that came, where the prefix that it replaces is "/"; owned. NULL: as it came. */
static char *redirect_path(const struct route *route)
{
	size_t size = route->new_path != NULL ? strlen(route->new_path) : 0;
	if (size == 0)
		return NULL;
	if (!route->is_new_prefix)
		return xstrdup(route->new_path);
	while (size > 0 && route->new_path[size - 1] == '/')
		size--;
	return size > 0 ? xasprintf("%.*s/#{path}", (int)size, route->new_path) : NULL;
}

static bool check_redirect(const struct route *route, bool is_https, struct error *err)
{
	AUTO_FREE char *path = redirect_path(route);
	if (route->redirect_status != 301 && route->redirect_status != 302)
		return refuse(route, err, "statusCode: 301 or 302",
			      "a load balancer redirects by 301 and 302 alone");
	if (route->is_new_prefix && route->new_path != NULL && strcmp(route->path, "/") != 0)
		return refuse(route, err, "ReplaceFullPath, or a redirect of the pod's own",
			      "a load balancer cannot replace a part of the path");
	if (route->new_path != NULL &&
	    strspn(route->new_path, path_characters) != strlen(route->new_path))
		return refuse(route, err, "letters, digits and _ - . $ / ~ ' @ : + alone",
			      "a load balancer cannot redirect to that path");
	if ((path != NULL && strlen(path) > MAX_TEXT) ||
	    (route->new_host != NULL && strlen(route->new_host) > MAX_TEXT))
		return refuse(route, err, "a shorter one",
			      "a load balancer redirects to 128 characters of host and path");
	if (is_https && route->is_https && route->redirect_scheme != NULL &&
	    strcmp(route->redirect_scheme, "http") == 0)
		return refuse(route, err, "parentRefs: sectionName of a listener of HTTP",
			      "a load balancer does not redirect from https to http");
	if (path == NULL && route->new_host == NULL && route->redirect_scheme == NULL &&
	    route->redirect_port == 0)
		return refuse(route, err, "scheme: https, a hostname, port or path",
			      "the redirect would lead to itself");
	return true;
}

bool stack_rule_check(const struct route *route, bool is_https, struct error *err)
{
	if (!check_conditions(route, err))
		return false;
	if (route->redirect_status != 0)
		return check_redirect(route, is_https, err);
	if (route->new_path != NULL || route->new_host != NULL)
		return refuse(route, err, "let the pod answer under that path and name",
			      "i2kit does not rewrite paths or hosts by a load balancer");
	if (route->edit_count > 0)
		return refuse(route, err, "let the pod set it",
			      "a load balancer does not change headers");
	if (count_backends(route) > MAX_TARGETS)
		return refuse(route, err, "5 backendRefs",
			      "a load balancer's rule divides among 5 backends at most");
	return true;
}

bool stack_rule_find_port(const struct app *app, const char *service, unsigned port,
			  const struct service **ret, const struct service_port **ret_port)
{
	*ret = app_find_service(app, service);
	for (size_t i = 0; *ret != NULL && i < (*ret)->port_count; i++) {
		*ret_port = &(*ret)->ports[i];
		if ((*ret_port)->port == port && (*ret_port)->protocol == PROTOCOL_TCP)
			return true;
	}
	return false;
}

char *stack_rule_targets_id(const struct service *service, const struct service_port *port)
{
	return stack_port_id(service, port, "RouteTargets");
}

static void write_redirect(struct json_writer *json, const struct route *route)
{
	AUTO_FREE char *path = redirect_path(route);
	const char *scheme = route->redirect_scheme;
	bool is_tls = scheme != NULL && strcmp(scheme, "https") == 0;
	unsigned number = route->redirect_port != 0 ? route->redirect_port
			  : scheme == NULL	    ? 0
			  : is_tls		    ? HTTPS_PORT
						    : HTTP_PORT;
	AUTO_FREE char *port = number != 0 ? xasprintf("%u", number) : NULL;
	json_write_text(json, "Type", "redirect");
	json_open_object(json, "RedirectConfig");
	if (scheme != NULL)
		json_write_text(json, "Protocol", is_tls ? "HTTPS" : "HTTP");
	json_write_text_if(json, "Host", route->new_host);
	json_write_text_if(json, "Port", port);
	json_write_text_if(json, "Path", path);
	json_write_text(json, "StatusCode",
			route->redirect_status == 301 ? "HTTP_301" : "HTTP_302");
	json_close(json);
}

static uint64_t scaled_weight(const struct route *route, size_t index)
{
	uint64_t most = 1;
	for (size_t i = 0; i < route->backend_count; i++)
		most = weight_of(route, i) > most ? weight_of(route, i) : most;
	uint64_t weight = weight_of(route, index);
	if (most <= MAX_WEIGHT)
		return weight;
	return weight * MAX_WEIGHT / most > 0 ? weight * MAX_WEIGHT / most : 1;
}

static void write_backend(struct json_writer *json, const struct app *app,
			  const struct route *route, size_t index)
{
	const struct route_backend *backend = &route->backends[index];
	const struct service *service = NULL;
	const struct service_port *port = NULL;
	if (!stack_rule_find_port(app, backend->service, backend->port, &service, &port))
		return;
	AUTO_FREE char *id = stack_rule_targets_id(service, port);
	if (count_backends(route) == 1) {
		template_write_ref(json, "TargetGroupArn", id);
		return;
	}
	json_open_object(json, NULL);
	template_write_ref(json, "TargetGroupArn", id);
	json_write_unsigned(json, "Weight", scaled_weight(route, index));
	json_close(json);
}

static void write_forward(struct json_writer *json, const struct app *app,
			  const struct route *route)
{
	bool is_divided = count_backends(route) > 1;
	json_write_text(json, "Type", "forward");
	if (is_divided) {
		json_open_object(json, "ForwardConfig");
		json_open_list(json, "TargetGroups");
	}
	for (size_t i = 0; i < route->backend_count; i++)
		if (weight_of(route, i) > 0)
			write_backend(json, app, route, i);
	if (is_divided) {
		json_close(json);
		json_close(json);
	}
}

void stack_rule_write_actions(struct json_writer *json, const struct app *app,
			      const struct route *route)
{
	json_open_list(json, "Actions");
	json_open_object(json, NULL);
	if (route->redirect_status != 0)
		write_redirect(json, route);
	else if (count_backends(route) > 0)
		write_forward(json, app, route);
	else
		template_write_answer(json, "500", "i2kit: this route leads nowhere");
	json_close(json);
	json_close(json);
}
