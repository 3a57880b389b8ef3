/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/gateway_object.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/gateway.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/read_value.h"
#include "manifest/route_check.h"
#include "manifest/yaml_node.h"

enum { LISTENERS_MAX = 64 }; /* of the API */

static const char one_proxy[] = "there is one proxy here, and one load balancer in the cloud";

struct listener_reader {
	struct gateway_listener listener;
	char *protocol;
	char *mode;
	struct string_list secrets;
};

static const struct field certificate_list[] = {
	{"group", FIELD_USED, read_ignored, 0, NULL, NULL},
	{"kind", FIELD_USED, read_ignored, 0, NULL, "Secret"},
	{"name", FIELD_USED, NULL, 0, NULL,
	 "a kubernetes.io/tls Secret; one that is not here: a certificate of i2kit's own",
	 "the certificate of environment.yml", .takes = "name"},
	{"namespace", FIELD_USED, read_ignored, 0, NULL, NULL},
};
static const struct field_set certificate_fields = {"Gateway certificateRef", certificate_list,
						    ARRAY_SIZE(certificate_list)};

static void read_certificates(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct listener_reader *reader = target;

	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *name = yaml_get(node->items[i], "name");
		loader_read_map(loader, node->items[i], &certificate_fields, NULL);
		if (node->items[i]->kind == YAML_MAP &&
		    loader_wants_text(loader, node->items[i], "name", "name: web-tls"))
			string_list_add(&reader->secrets, name->text);
	}
}

static const struct field tls_list[] = {
	{"certificateRefs", FIELD_USED, read_certificates, 0, &certificate_fields, NULL,
	 .is_list = true},
	{"mode", FIELD_USED, read_text, offsetof(struct listener_reader, mode), NULL, "Terminate"},
	{"options", FIELD_NO_EFFECT, NULL, 0, NULL, "they are a controller's"},
};
static const struct field_set tls_fields = {"Gateway listener tls", tls_list, ARRAY_SIZE(tls_list)};

static void read_tls(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct listener_reader *reader = target;
	loader_read_map(loader, node, &tls_fields, reader);
	if (reader->mode != NULL && strcmp(reader->mode, "Terminate") != 0)
		loader_error_as(loader, PROBLEM_UNSUPPORTED, yaml_get(node, "mode"),
				"mode: Terminate", "tls.mode: '%.40s' is not supported",
				reader->mode);
}

#define AT(member) offsetof(struct listener_reader, listener.member)
static const struct field listener_list[] = {
	{"allowedRoutes", FIELD_NO_EFFECT, NULL, 0, NULL, "all routes of the manifests are"},
	{"hostname", FIELD_USED, read_text, AT(host), NULL, "of its routes; none: any"},
	{"name", FIELD_USED, read_text, AT(name), NULL, "for sectionName of routes"},
	{"port", FIELD_USED, read_port_number, AT(port), NULL,
	 "for routes that name it; published on 8080, and 8443 for HTTPS (--publish http:PORT)",
	 "80, and 443 for HTTPS"},
	{"protocol", FIELD_USED, read_text, offsetof(struct listener_reader, protocol), NULL,
	 "HTTP or HTTPS", .takes = "word"},
	{"tls", FIELD_USED, read_tls, 0, &tls_fields, NULL},
};
#undef AT
static const struct field_set listener_fields = {"Gateway listener", listener_list,
						 ARRAY_SIZE(listener_list)};

static void add_tls(struct loader *loader, const struct gateway *gateway,
		    const struct yaml_node *node, struct listener_reader *reader)
{
	size_t count = reader->secrets.count > 0 ? reader->secrets.count : 1;

	for (size_t i = 0; i < count; i++) {
		struct route_tls *tls =
			ARRAY_APPEND(loader->app->route_tls, loader->app->route_tls_count);
		tls->owner = xasprintf("Gateway '%s'", gateway->name);
		tls->namespace_name = xstrdup(gateway->namespace_name);
		tls->mark = loader_mark(loader, node);
		if (reader->listener.host != NULL)
			string_list_add(&tls->hosts, reader->listener.host);
		if (reader->secrets.count > 0)
			tls->secret = xstrdup(reader->secrets.items[i]);
	}
}

static void read_protocol(struct loader *loader, const struct yaml_node *node,
			  struct listener_reader *reader)
{
	if (!loader_wants_text(loader, node, "protocol", "protocol: HTTP") ||
	    reader->protocol == NULL)
		return;
	reader->listener.is_https = strcmp(reader->protocol, "HTTPS") == 0;
	if (!reader->listener.is_https && strcmp(reader->protocol, "HTTP") != 0)
		loader_error_as(loader, PROBLEM_UNSUPPORTED, yaml_get(node, "protocol"),
				"HTTP, or HTTPS; a Service publishes TCP and UDP",
				"protocol: %.40s is not supported", reader->protocol);
}

static void read_listener(struct loader *loader, const struct yaml_node *node,
			  struct gateway *gateway)
{
	struct listener_reader reader = {0};
	struct gateway_listener *listener = &reader.listener;

	loader_read_map(loader, node, &listener_fields, &reader);
	if (node->kind == YAML_MAP) {
		read_protocol(loader, node, &reader);
		(void)loader_wants_text(loader, node, "name", "name: http");
		if (listener->port == 0)
			loader_missing(loader, node, "port", "port: 80");
	}
	if (listener->host != NULL && listener->host[0] != '\0')
		route_check_host(loader, yaml_get(node, "hostname"), listener->host, true);
	else
		free(TAKE_PTR(listener->host));
	if (listener->is_https)
		add_tls(loader, gateway, node, &reader);
	*ARRAY_APPEND(gateway->listeners, gateway->listener_count) = *listener;
	free(reader.protocol);
	free(reader.mode);
	string_list_clear(&reader.secrets);
}

static void read_listeners(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->item_count == 0)
		loader_error(loader, node, "listeners: [{name: http, protocol: HTTP, port: 80}]",
			     "a Gateway wants at least one listener");
	if (route_has_too_many(loader, node, LISTENERS_MAX))
		return;
	for (size_t i = 0; i < node->item_count; i++)
		read_listener(loader, node->items[i], target);
}

static const struct field gateway_spec_list[] = {
	{"addresses", FIELD_NO_EFFECT, NULL, 0, NULL, "--bind says it here", .is_list = true},
	{"allowedListeners", FIELD_NO_EFFECT, NULL, 0, NULL, one_proxy},
	{"gatewayClassName", FIELD_USED, NULL, 0, NULL, one_proxy, .takes = "name"},
	{"infrastructure", FIELD_NO_EFFECT, NULL, 0, NULL, one_proxy},
	{"listeners", FIELD_USED, read_listeners, 0, &listener_fields, NULL, .is_list = true},
	{"tls", FIELD_NO_EFFECT, NULL, 0, NULL, "certificates of clients are not asked for"},
};
static const struct field_set gateway_spec_fields = {"Gateway spec", gateway_spec_list,
						     ARRAY_SIZE(gateway_spec_list)};
static const struct field gateway_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_USED, NULL, 0, &gateway_spec_fields, NULL},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
const struct field_set gateway_object_fields = {"Gateway", gateway_object_list,
						ARRAY_SIZE(gateway_object_list)};

void read_gateway(struct loader *loader, const struct yaml_node *root)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	const struct yaml_node *spec = yaml_get(root, "spec");
	struct gateway *gateway =
		ARRAY_APPEND(loader->gateways.gateways, loader->gateways.gateway_count);

	loader_read_map(loader, root, &gateway_object_fields, NULL);
	read_metadata(loader, root, &metadata, true);
	gateway->name = TAKE_PTR(metadata.name);
	gateway->namespace_name = TAKE_PTR(metadata.namespace_name);
	if (yaml_is_null(spec)) {
		loader_missing(loader, root, "spec", "spec: {gatewayClassName: …, listeners: […]}");
		return;
	}
	loader_read_map(loader, spec, &gateway_spec_fields, gateway);
	if (spec->kind != YAML_MAP)
		return;
	(void)loader_wants_text(loader, spec, "gatewayClassName", "gatewayClassName: i2kit");
	if (yaml_is_null(yaml_get(spec, "listeners")))
		loader_missing(loader, spec, "listeners",
			       "listeners: [{name: http, protocol: HTTP, port: 80}]");
}
