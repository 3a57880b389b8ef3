/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/octavia_routes.h"

#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "cloud/openstack/place/scope_mark.h"

#define HTTP_PORT 80
#define MAX_NAME  255 /* of a policy, and its description */
/* As long as connections of the local proxy may be silent. */
#define IDLE_MS 3600000

/* --- documents ------------------------------------------------------------------------------ */

/* Between two releases a server may die, and amphorae do see that. */
static void write_monitor(struct json_writer *json)
{
	json_open_object(json, "healthmonitor");
	json_write_text(json, "type", "TCP");
	json_write_number(json, "delay", 5);
	json_write_number(json, "timeout", 3);
	json_write_number(json, "max_retries", 2);
	json_write_number(json, "max_retries_down", 2);
	json_close(json);
}

static void write_pools(const struct service_routes *routes, struct json_writer *json)
{
	json_open_list(json, "pools");
	for (size_t i = 0; i < routes->pool_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "name", routes->pools[i].name);
		json_write_text(json, "protocol", "HTTP");
		json_write_text(json, "lb_algorithm", "ROUND_ROBIN");
		write_monitor(json);
		json_close(json);
	}
	json_close(json);
}

/* At most as long as Octavia takes it. */
static void write_cut(struct json_writer *json, const char *key, const char *text)
{
	size_t size = strlen(text);

	if (size > MAX_NAME) {
		size = MAX_NAME;
		while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
			size--; /* not within a character */
	}
	json_write_bytes(json, key, text, size);
}

static void write_policy(const struct service_route *route, size_t position,
			 struct json_writer *json)
{
	json_open_object(json, NULL);
	write_cut(json, "name", route->text);
	write_cut(json, "description", route->target);
	json_write_unsigned(json, "position", position);
	if (route->pool != NULL) {
		json_write_text(json, "action", "REDIRECT_TO_POOL");
		json_open_object(json, "redirect_pool");
		json_write_text(json, "name", route->pool);
		json_close(json);
	} else {
		json_write_text(json, "action",
				route->is_prefix ? "REDIRECT_PREFIX" : "REDIRECT_TO_URL");
		json_write_text(json, route->is_prefix ? "redirect_prefix" : "redirect_url",
				route->redirect);
		json_write_unsigned(json, "redirect_http_code", route->status);
	}
	json_open_list(json, "rules");
	for (size_t i = 0; i < route->rule_count; i++) {
		const struct service_route_rule *rule = &route->rules[i];
		json_open_object(json, NULL);
		json_write_text(json, "type", rule->type);
		json_write_text(json, "compare_type", rule->compare);
		json_write_text_if(json, "key", rule->key);
		json_write_text(json, "value", rule->value);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void write_listener(const struct service_routes *routes, struct json_writer *json)
{
	json_open_object(json, NULL);
	json_write_text(json, "name", "http-80");
	json_write_text(json, "protocol", "HTTP");
	json_write_number(json, "protocol_port", HTTP_PORT);
	json_write_number(json, "timeout_client_data", IDLE_MS);
	json_write_number(json, "timeout_member_data", IDLE_MS);
	json_open_object(json, "insert_headers");
	json_write_text(json, "X-Forwarded-For", "true");
	json_write_text(json, "X-Forwarded-Port", "true");
	json_write_text(json, "X-Forwarded-Proto", "true");
	json_close(json);
	json_open_list(json, "l7policies");
	for (size_t i = 0; i < routes->count; i++)
		write_policy(&routes->items[i], i + 1, json);
	json_close(json);
	json_close(json);
}

static void write_tree(const struct service_routes *routes, struct json_writer *json)
{
	json_write_text(json, "provider", routes->provider);
	write_pools(routes, json);
	json_open_list(json, "listeners");
	write_listener(routes, json);
	json_close(json);
}

char *octavia_routes_version(const struct service_routes *routes)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	char hex[DIGEST_HEX_SIZE];

	json_open_object(&json, NULL);
	write_tree(routes, &json);
	json_close(&json);
	struct digest digest = sha256_digest(strbuf_text(&out), out.size);
	(void)digest_hex(&digest, hex);
	return xasprintf("%.16s", hex);
}

char *octavia_routes_document(const struct cloud_scope *scope, const struct service_routes *routes,
			      const char *network)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	AUTO_FREE char *version = octavia_routes_version(routes);
	AUTO_FREE char *rest = xasprintf("routes=%s", version);
	AUTO_FREE char *mark = scope_mark(scope, rest);
	AUTO_FREE char *name = xasprintf("%s-routes-%.8s", scope->name, version);

	json_open_object(&json, NULL);
	json_open_object(&json, "loadbalancer");
	json_write_text(&json, "name", name);
	json_write_text(&json, "description", mark);
	json_write_text(&json, "vip_network_id", network);
	write_tree(routes, &json);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

/* --- calls ---------------------------------------------------------------------------------- */

bool octavia_routes_create(struct openstack_client *client, const struct cloud_scope *scope,
			   const struct service_routes *routes, const char *network,
			   const struct progress *progress, struct error *err)
{
	AUTO_FREE char *body = octavia_routes_document(scope, routes, network);

	return octavia_create(client, body, progress, err) || error_prefix(err, "routes");
}

const struct octavia_routes *octavia_routes_find(const struct octavia_routes_list *list,
						 const struct service_routes *routes)
{
	AUTO_FREE char *version = NULL;

	if (routes->provider == NULL)
		return NULL;
	version = octavia_routes_version(routes);
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].version, version) == 0)
			return &list->items[i];
	return NULL;
}

const struct octavia_route_pool *octavia_routes_pool(const struct octavia_routes *routes,
						     const char *name)
{
	for (size_t i = 0; i < routes->pool_count; i++)
		if (strcmp(routes->pools[i].name, name) == 0)
			return &routes->pools[i];
	return NULL;
}

bool octavia_routes_are_filled(const struct octavia_routes *routes)
{
	for (size_t i = 0; i < routes->pool_count; i++)
		if (routes->pools[i].pool.member_count == 0 &&
		    strcmp(routes->pools[i].name, SERVICE_ROUTES_NOWHERE) != 0)
			return false;
	return true;
}

bool octavia_routes_set_members(struct openstack_client *client, const struct octavia_routes *has,
				const struct service_routes *routes, const char *pod,
				const struct string_list *addresses,
				const struct progress *progress, struct error *err)
{
	for (size_t i = 0; i < routes->pool_count; i++) {
		const struct service_route_pool *wanted = &routes->pools[i];
		const struct octavia_route_pool *pool = octavia_routes_pool(has, wanted->name);
		if (pool == NULL || !string_list_has(&wanted->pods, pod))
			continue;
		if (!octavia_set_members(client, &has->balancer, &pool->pool, pod, wanted->target,
					 addresses, progress, err))
			return error_prefix(err, "routes to %s", wanted->name);
	}
	return true;
}
