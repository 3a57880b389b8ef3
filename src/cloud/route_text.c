/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/route_text.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "manifest/route.h"

char *route_text(const struct route *route)
{
	struct strbuf out = STRBUF_INIT;

	strbuf_appendf(&out, "%s%s%s",
		       route->is_deep && route->host != NULL && route->host[0] == '*' ? "*" : "",
		       route->host != NULL ? route->host : "*", route->path);
	if (route->path_type == ROUTE_EXACT)
		strbuf_append(&out, " exactly");
	if (route->method != NULL)
		strbuf_appendf(&out, " %s", route->method);
	for (size_t i = 0; i < route->match_count; i++) {
		const struct route_match *match = &route->matches[i];
		strbuf_appendf(&out, match->is_query ? " ?%s=%s" : " %s: %s", match->name,
			       match->value);
	}
	return strbuf_take(&out);
}

static void append_redirect(struct strbuf *out, const struct route *route)
{
	strbuf_appendf(out, "%u to %s://%s", (unsigned)route->redirect_status,
		       route->redirect_scheme != NULL ? route->redirect_scheme : "*",
		       route->new_host != NULL ? route->new_host : "*");
	if (route->redirect_port != 0)
		strbuf_appendf(out, ":%u", (unsigned)route->redirect_port);
	if (route->new_path != NULL)
		strbuf_appendf(out, "%s%s", route->new_path, route->is_new_prefix ? "…" : "");
}

char *route_target_text(const struct route *route)
{
	struct strbuf out = STRBUF_INIT;
	uint64_t sum = 0;

	if (route->redirect_status != 0)
		append_redirect(&out, route);
	for (size_t i = 0; i < route->backend_count; i++)
		sum += route->backends[i].weight;
	for (size_t i = 0; route->redirect_status == 0 && i < route->backend_count; i++) {
		const struct route_backend *backend = &route->backends[i];
		if (backend->weight == 0)
			continue;
		strbuf_appendf(&out, "%s%s:%u", out.size > 0 ? ", " : "", backend->service,
			       (unsigned)backend->port);
		if (backend->weight != sum)
			strbuf_appendf(&out, " %u%%", (unsigned)(backend->weight * 100 / sum));
	}
	if (out.size == 0)
		strbuf_append(&out, "nowhere");
	return strbuf_take(&out);
}
