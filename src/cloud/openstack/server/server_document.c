/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/server/server_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "cloud/claims.h"
#include "manifest/pod_room.h"
#include "release/outside_service.h"
#include "release/service_env.h"
#include "wire/release_document.h"

/* --- secrets --------------------------------------------------------------------------------- */

/* Whoever may change a server in the project can start it from a disk of his own, and read it there. */
static bool check_secrets(const struct server_document_input *input, const struct release *release,
			  struct error *err)
{
	for (size_t i = 0; i < release->map_count && !input->may_hold_secrets; i++) {
		const struct release_map *map = &release->maps[i];
		if (!map->is_secret || map->entry_count == 0)
			continue;
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s': secret '%s' would be in the server's user data, which every "
			  "member of the OpenStack project can get at",
			  input->pod->name, map->name);
		return error_hint(err, "where all of them may know it: provider.secrets: user-data "
				       "in environment.yml");
	}
	return true;
}

/* --- volumes --------------------------------------------------------------------------------- */

static const char *find_volume(const struct server_document_input *input, const char *claim)
{
	for (size_t i = 0; i < input->volume_count; i++)
		if (strcmp(input->volumes[i].claim, claim) == 0)
			return input->volumes[i].id;
	return NULL;
}

static bool add_claims(const struct server_document_input *input, struct release *ret,
		       struct error *err)
{
	AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};

	cloud_claims_of_pod(input->app, input->pod, &claims);
	for (size_t i = 0; i < claims.count; i++) {
		const char *id = find_volume(input, claims.items[i].name);
		if (id == NULL)
			return error_set(err, ERROR_INVALID, "pod '%s': claim '%s' has no volume",
					 input->pod->name, claims.items[i].name);
		struct volume_delivery *delivery =
			ARRAY_APPEND(ret->deliveries, ret->delivery_count);
		delivery->volume = xstrdup(claims.items[i].volume);
		delivery->how = DELIVERY_DISK;
		delivery->serial = xstrdup(id);
	}
	return true;
}

/* --- services -------------------------------------------------------------------------------- */

static const struct server_address *find_address(const struct server_document_input *input,
						 const char *service)
{
	for (size_t i = 0; i < input->address_count; i++)
		if (strcmp(input->addresses[i].service, service) == 0)
			return &input->addresses[i];
	return NULL;
}

/* The guest's own address for it, where it has to lead on: as good as any other of the loopback. */
static void add_led(const struct service *service, const struct outside *outside, bool is_direct,
		    size_t index, struct release *ret)
{
	AUTO_FREE char *address = xasprintf("127.77.%zu.%zu", 1 + index / 250, 1 + index % 250);
	AUTO_FREE struct service_env_port *ports = xcalloc(service->port_count + 1, sizeof(*ports));
	const struct outside_service led = {.name = service->name,
					    .outside = outside,
					    .ports = ports,
					    .port_count = service->port_count,
					    .is_headless = service->kind == SERVICE_HEADLESS,
					    .is_direct = is_direct,
					    .is_sticky = service->has_client_ip_affinity,
					    .address = address};

	for (size_t i = 0; i < service->port_count; i++)
		ports[i] = (struct service_env_port){.name = service->ports[i].name,
						     .port = service->ports[i].port,
						     .protocol = service->ports[i].protocol};
	outside_service_add_hosts(&led, &ret->hosts);
	outside_service_add_proxies(&led, ret);
	outside_service_add_env(&led, &ret->service_env);
}

/*
 * A pod of the app behind one address: as a Service that leads to that address. An instance itself listens on
 * its own ports; where the Service has others, the guest leads there (TCP).
 */
static bool add_inside(const struct server_document_input *input, const struct service *service,
		       size_t index, struct release *ret, struct error *err)
{
	const struct server_address *at = find_address(input, service->name);
	AUTO_FREE uint16_t *ports = xcalloc(service->port_count + 1, sizeof(*ports));
	bool is_direct = true;

	if (at == NULL)
		return true;
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		bool is_same = !at->is_instance || port->target_port == 0 ||
			       port->target_port == port->port || service->kind == SERVICE_HEADLESS;
		ports[i] =
			at->is_instance && port->target_port != 0 ? port->target_port : port->port;
		if (!is_same && port->protocol == PROTOCOL_UDP) {
			error_set(err, ERROR_UNSUPPORTED,
				  "service '%s': UDP port %u is %u of the pod, and without a load "
				  "balancer a UDP port stays what it is",
				  service->name, (unsigned)port->port, (unsigned)ports[i]);
			return error_hint(err, "the same port and targetPort");
		}
		is_direct = is_direct && is_same;
	}
	AUTO_FREE char *ip = xstrdup(at->address);
	struct outside_endpoint endpoint = {
		.ip = ip, .ports = ports, .port_count = service->port_count};
	const struct outside outside = {.endpoints = &endpoint, .endpoint_count = 1};
	add_led(service, &outside, is_direct, index, ret);
	return true;
}

static bool add_services(const struct server_document_input *input, struct release *ret,
			 struct error *err)
{
	for (size_t i = 0; i < input->app->service_count; i++) {
		const struct service *service = &input->app->services[i];
		if (outside_is_given(&service->outside))
			add_led(service, &service->outside, service_is_direct(service), i, ret);
		else if (!add_inside(input, service, i, ret, err))
			return false;
	}
	return true;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Which instance it is (name, uid, address) the guest learns from Nova's metadata. */
static void fill_instance(const struct server_document_input *input, struct release *ret)
{
	ret->project = xstrdup(input->app->project);
	ret->pod = xstrdup(input->pod->name);
	ret->instance = xstrdup(input->pod->name);
	ret->uid = xstrdup("");
	ret->image_digest = xstrdup(DIGEST_TEXT(&input->id.image));
	ret->config_digest = xstrdup(DIGEST_TEXT(&input->id.config));
	ret->where = xstrdup("openstack");
	ret->network.is_dhcp = true;
	string_list_add(&ret->network.searches, "default.svc.cluster.local");
	string_list_add(&ret->network.searches, "svc.cluster.local");
	string_list_add(&ret->network.searches, "cluster.local");
	ret->cloud.is_given = true;
	ret->cloud.console_key = xstrdup(input->console_key);
	/* Cinder has whole GiB: what is used of them is what the pod has here. */
	if (input->scratch != NULL) {
		ret->scratch_serial = xstrdup(input->scratch);
		ret->scratch_bytes = pod_room_bytes(input->pod);
	}
}

static void clear_text(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

bool server_document_make(const struct server_document_input *input, char **ret, struct error *err)
{
	AUTO(release_clear) struct release release = {0};

	if (!release_config_read(input->config_json, strlen(input->config_json), &release, err))
		return error_prefix(err, "pod '%s'", input->pod->name);
	if (!check_secrets(input, &release, err))
		return false;
	fill_instance(input, &release);
	if (!add_services(input, &release, err) || !add_claims(input, &release, err))
		return false;
	AUTO(clear_text) char *text = release_document_write(&release, 0);
	AUTO_FREE char *encoded = base64_encode(text, strlen(text));
	size_t size = strlen(encoded);
	if (size <= SERVER_DOCUMENT_MAX) {
		*ret = TAKE_PTR(encoded);
		return true;
	}
	error_set(err, ERROR_FULL,
		  "pod '%s': its configuration makes user data of %zu characters, and OpenStack "
		  "takes %d",
		  input->pod->name, size, SERVER_DOCUMENT_MAX);
	return error_hint(err, "large config maps can be files of the pod's image instead");
}
