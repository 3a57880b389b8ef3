/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/proxy_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

enum { MOST_WEIGHT = 256 };

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~/:-";

/* One word of the configuration's language, which reads \xHH as a byte of the word. */
static void append_word(struct strbuf *out, const char *text)
{
	if (text[0] == '\0')
		strbuf_append(out, "\"\"");
	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			strbuf_append_char(out, *text);
		else
			strbuf_appendf(out, "\\x%02x", (unsigned)(unsigned char)*text);
	}
}

/* Likewise, where the word is a format in which % begins something. */
static void append_format(struct strbuf *out, const char *text)
{
	AUTO(strbuf_clear) struct strbuf doubled = STRBUF_INIT;

	for (; *text != '\0'; text++) {
		if (*text == '%')
			strbuf_append_char(&doubled, '%');
		strbuf_append_char(&doubled, *text);
	}
	append_word(out, strbuf_text(&doubled));
}

/* As a request says it: what cannot stand in a URL is in hexadecimal there. Owned. */
static char *url_path(const char *path)
{
	struct strbuf out = STRBUF_INIT;

	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;
		if (c > ' ' && c < 0x7f && strchr("\"<>\\^`{|}", c) == NULL)
			strbuf_append_char(&out, *path);
		else
			strbuf_appendf(&out, "%%%02X", (unsigned)c);
	}
	return strbuf_take(&out);
}

/* "*.example.com" of an Ingress is one label more, of an HTTPRoute any number of them. */
static void append_wildcard(struct strbuf *out, const struct route *route, size_t index)
{
	AUTO(strbuf_clear) struct strbuf pattern = STRBUF_INIT;
	const char *end = route->host + 1;

	if (route->is_deep) {
		strbuf_appendf(out, "\tacl h%zu var(txn.host) -m end -- ", index);
		append_word(out, end);
		strbuf_append_char(out, ' ');
		append_word(out, end);
		strbuf_append(out, ".localhost\n");
		return;
	}
	strbuf_append(&pattern, "^[^.]+");
	for (; *end != '\0'; end++)
		strbuf_appendf(&pattern, "%s%c", *end == '.' ? "\\" : "", *end);
	strbuf_append(&pattern, "(\\.localhost)?$");
	strbuf_appendf(out, "\tacl h%zu var(txn.host) -m reg -- ", index);
	append_word(out, strbuf_text(&pattern));
	strbuf_append_char(out, '\n');
}

static void append_host(struct strbuf *out, const struct route *route, size_t index)
{
	if (route->host[0] == '*') {
		append_wildcard(out, route, index);
		return;
	}
	strbuf_appendf(out, "\tacl h%zu var(txn.host) -m str -- ", index);
	append_word(out, route->host);
	strbuf_append_char(out, ' ');
	append_word(out, route->host);
	strbuf_append(out, ".localhost\n");
}

static void append_path(struct strbuf *out, const struct route *route, size_t index)
{
	AUTO_FREE char *path = url_path(route->path);

	strbuf_appendf(out, "\tacl p%zu path -m str -- ", index);
	append_word(out, path);
	strbuf_append_char(out, '\n');
	if (route->path_type == ROUTE_EXACT)
		return;
	/* Lines of one name are alternatives. */
	strbuf_appendf(out, "\tacl p%zu path -m beg -- ", index);
	append_word(out, path);
	strbuf_append(out, "/\n");
}

static void append_matches(struct strbuf *out, const struct route *route, size_t index)
{
	for (size_t i = 0; i < route->match_count; i++) {
		const struct route_match *match = &route->matches[i];
		strbuf_appendf(out, "\tacl m%zu_%zu ", index, i);
		strbuf_append(out, match->is_query ? "url_param(" : "req.fhdr(");
		append_word(out, match->name);
		strbuf_append(out, match->is_query ? "),url_dec" : ")");
		strbuf_append(out, " -m str -- ");
		append_word(out, match->value);
		strbuf_append_char(out, '\n');
	}
}

/* Which route it is: the first that fits. */
static void append_rule(struct strbuf *out, const struct route *route, size_t index)
{
	bool has_path = route->path_type == ROUTE_EXACT || strcmp(route->path, "/") != 0;

	if (route->host != NULL)
		append_host(out, route, index);
	if (has_path)
		append_path(out, route, index);
	if (route->method != NULL) {
		strbuf_appendf(out, "\tacl t%zu method ", index);
		append_word(out, route->method);
		strbuf_append_char(out, '\n');
	}
	append_matches(out, route, index);
	strbuf_appendf(out,
		       "\thttp-request set-var(txn.route) str(r%zu) if "
		       "!{ var(txn.route) -m found }",
		       index);
	if (route->host != NULL)
		strbuf_appendf(out, " h%zu", index);
	if (has_path)
		strbuf_appendf(out, " p%zu", index);
	if (route->method != NULL)
		strbuf_appendf(out, " t%zu", index);
	for (size_t i = 0; i < route->match_count; i++)
		strbuf_appendf(out, " m%zu_%zu", index, i);
	strbuf_append_char(out, '\n');
}

static void append_binds(struct strbuf *out, const struct proxy_config *config, unsigned front)
{
	for (size_t i = 0; i < 2; i++) {
		if (config->listeners[front][i] < 0)
			continue;
		strbuf_appendf(out, "\tbind fd@%d", config->listeners[front][i]);
		if (front == PROXY_HTTPS)
			strbuf_append(out, " ssl alpn h2,http/1.1");
		for (size_t k = 0; front == PROXY_HTTPS && k < config->cert_files->count; k++) {
			strbuf_append(out, " crt ");
			append_word(out, config->cert_files->items[k]);
		}
		strbuf_append_char(out, '\n');
	}
}

static void append_front(struct strbuf *out, const struct proxy_config *config, unsigned front)
{
	const struct proxy_plan *plan = config->plan;

	strbuf_appendf(out, "frontend %s\n", proxy_front_words[front]);
	append_binds(out, config, front);
	strbuf_appendf(out,
		       "\thttp-request set-var(txn.host) req.hdr(host),host_only,lower\n"
		       "\thttp-request set-header X-Forwarded-For %%[src]\n"
		       "\thttp-request set-header X-Forwarded-Proto %s\n"
		       "\thttp-request set-header X-Forwarded-Host %%[req.hdr(host)]\n"
		       "\thttp-request set-header X-Forwarded-Port %u\n",
		       proxy_front_words[front], (unsigned)config->ports[front]);
	for (size_t i = 0; i < plan->route_count; i++) {
		if (front == PROXY_HTTP ? plan->routes[i].is_http : plan->routes[i].is_https)
			append_rule(out, &plan->routes[i], i);
	}
	strbuf_append(out, "\thttp-request return status 404 content-type \"text/plain; "
			   "charset=utf-8\" string \"i2kit: no route fits this host and path\\n\" "
			   "unless { var(txn.route) -m found }\n"
			   "\tuse_backend %[var(txn.route)]\n\n");
}

static void append_edits(struct strbuf *out, const struct route *route)
{
	static const char *const words[] = {[ROUTE_SET] = "set-header",
					    [ROUTE_ADD] = "add-header",
					    [ROUTE_REMOVE] = "del-header"};

	for (size_t i = 0; i < route->edit_count; i++) {
		const struct route_edit *edit = &route->edits[i];
		strbuf_appendf(out, "\thttp-%s %s ", edit->is_response ? "response" : "request",
			       words[edit->kind]);
		append_word(out, edit->name);
		if (edit->kind != ROUTE_REMOVE) {
			strbuf_append_char(out, ' ');
			append_format(out, edit->value != NULL ? edit->value : "");
		}
		strbuf_append_char(out, '\n');
	}
}

/* Another prefix in the place of the one that was matched; "/" is none. */
static void append_new_prefix(struct strbuf *out, const struct route *route)
{
	AUTO_FREE char *old = url_path(route->path);
	AUTO_FREE char *path = url_path(route->new_path);
	size_t size = strlen(path);
	size_t offset = strcmp(old, "/") == 0 ? 0 : strlen(old);

	while (size > 0 && path[size - 1] == '/')
		path[--size] = '\0';
	strbuf_appendf(out, "\thttp-request set-var(txn.rest) path,bytes(%zu)\n", offset);
	strbuf_append(out, "\thttp-request set-path ");
	if (size > 0)
		append_format(out, path);
	strbuf_appendf(out, "%%[var(txn.rest)]%s\n",
		       size == 0 ? " if { var(txn.rest) -m len gt 0 }" : "");
	if (size == 0)
		strbuf_append(out,
			      "\thttp-request set-path / unless { var(txn.rest) -m len gt 0 }\n");
}

static void append_new_path(struct strbuf *out, const struct route *route)
{
	if (route->new_path == NULL)
		return;
	if (route->is_new_prefix) {
		append_new_prefix(out, route);
		return;
	}
	AUTO_FREE char *path = url_path(route->new_path);
	strbuf_append(out, "\thttp-request set-path ");
	append_format(out, path);
	strbuf_append_char(out, '\n');
}

/* Without a port: that of the scheme, which here is where it is published. */
static void append_redirect(struct strbuf *out, const struct proxy_config *config,
			    const struct route *route)
{
	bool is_whole = route->redirect_scheme == NULL && route->redirect_port == 0;
	unsigned port = route->redirect_port;
	const char *scheme = route->redirect_scheme;

	if (port == 0 && scheme != NULL)
		port = config->ports[strcmp(scheme, "https") == 0 ? PROXY_HTTPS : PROXY_HTTP];
	strbuf_appendf(out, "\thttp-request redirect code %u location ",
		       (unsigned)route->redirect_status);
	if (scheme != NULL)
		append_format(out, scheme);
	else
		strbuf_append(out, "%[ssl_fc,iif(https,http)]");
	strbuf_append(out, "://");
	if (route->new_host != NULL)
		append_format(out, route->new_host);
	else
		strbuf_append(out, is_whole ? "%[req.hdr(host)]" : "%[var(txn.host)]");
	if (port != 0)
		strbuf_appendf(out, ":%u", port);
	strbuf_append(out, "%[pathq]\n");
}

static uint32_t scale_weight(const struct route *route, uint32_t weight)
{
	uint64_t most = 1;

	for (size_t i = 0; i < route->backend_count; i++)
		most = route->backends[i].weight > most ? route->backends[i].weight : most;
	if (most <= MOST_WEIGHT || weight == 0)
		return weight;
	uint64_t scaled = (uint64_t)weight * MOST_WEIGHT / most;
	return scaled > 0 ? (uint32_t)scaled : 1;
}

static void append_servers(struct strbuf *out, const struct proxy_config *config,
			   const struct route *route)
{
	size_t count = 0;
	bool is_any = false;
	AUTO_FREE struct route_target *targets =
		routes_targets(config->plan->routes, config->plan->route_count, &count);

	for (size_t i = 0; i < route->backend_count; i++) {
		const struct route_backend *backend = &route->backends[i];
		size_t target = 0;
		while (target < count && (targets[target].port != backend->port ||
					  strcmp(targets[target].service, backend->service) != 0))
			target++;
		if (target == count || backend->weight == 0)
			continue;
		strbuf_appendf(out, "\tserver s%zu sockpair@%d weight %u\n", i,
			       config->first_target + (int)target,
			       (unsigned)scale_weight(route, backend->weight));
		is_any = true;
	}
	if (!is_any)
		strbuf_append(out,
			      "\thttp-request return status 500 content-type \"text/plain; "
			      "charset=utf-8\" string \"i2kit: this route leads nowhere\\n\"\n");
}

static void append_back(struct strbuf *out, const struct proxy_config *config, size_t index)
{
	const struct route *route = &config->plan->routes[index];

	strbuf_appendf(out, "backend r%zu\n", index);
	append_new_path(out, route);
	if (route->redirect_status != 0) {
		append_redirect(out, config, route);
		strbuf_append_char(out, '\n');
		return;
	}
	if (route->new_host != NULL) {
		strbuf_append(out, "\thttp-request set-header Host ");
		append_format(out, route->new_host);
		strbuf_append_char(out, '\n');
	}
	append_edits(out, route);
	append_servers(out, config, route);
	strbuf_append_char(out, '\n');
}

/*
 * A connection to a pod for each request: one that is kept would stay with its pod when that is
 * replaced. An old process has an hour to end its connections after another has begun.
 */
static const char head[] = "global\n"
			   "\tnbthread 1\n"
			   "\tmaxconn 4000\n"
			   "\tno strict-limits\n"
			   "\thard-stop-after 1h\n"
			   "\tssl-default-bind-options ssl-min-ver TLSv1.2\n"
			   "\ttune.ssl.default-dh-param 2048\n";
static const char defaults[] = "\ndefaults\n"
			       "\tmode http\n"
			       "\toption http-server-close\n"
			       "\thttp-reuse never\n"
			       "\ttimeout http-request 30s\n"
			       "\ttimeout http-keep-alive 60s\n"
			       "\ttimeout connect 10s\n"
			       "\ttimeout client 60s\n"
			       "\ttimeout server 1h\n"
			       "\ttimeout tunnel 12h\n\n";

char *proxy_config_write(const struct proxy_config *config)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_append(&out, head);
	if (config->user != NULL && config->group != NULL)
		strbuf_appendf(&out, "\tuser %s\n\tgroup %s\n", config->user, config->group);
	strbuf_append(&out, defaults);
	for (unsigned front = 0; front < PROXY_FRONTS; front++) {
		if (config->listeners[front][0] >= 0)
			append_front(&out, config, front);
	}
	for (size_t i = 0; i < config->plan->route_count; i++)
		append_back(&out, config, i);
	return strbuf_take(&out);
}
