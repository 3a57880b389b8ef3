/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services whose names lead to the instances themselves: each instance writes its address into the
 * private zone while its pod is ready (guest/cloud/cloud_names.h), so there is no load balancer to
 * pay, and none that could translate ports, keep sessions or end TLS.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/aws/client/endpoint.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_place.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_service.h"
#include "cloud/aws/stack/template_writer.h"
#include "wire/name_record.h"

static bool is_tls(enum service_protocol protocol)
{
	return protocol == SERVICE_HTTPS || protocol == SERVICE_SSL;
}

/* The guest knows Route 53's name in these. */
static bool is_known_partition(const char *region)
{
	const char *name = aws_partition_of(region)->name;
	return strcmp(name, "aws") == 0 || strcmp(name, "aws-cn") == 0 ||
	       strcmp(name, "aws-us-gov") == 0;
}

const char *stack_names_refusal(const struct stack_target *target, const struct service *service)
{
	if (stack_service_is_public(service))
		return "it is public";
	if (target->private_network == NETWORK_ENDPOINTS || target->is_isolated)
		return "its instances have no way out to Route 53, which has no endpoint in a "
		       "network";
	if (!is_known_partition(target->region))
		return "Route 53 of this partition is not known";
	if (service->has_client_ip_affinity)
		return "its sessionAffinity needs a load balancer";
	if (service->publish_not_ready)
		return "it publishes pods that are not ready";
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		if (service->kind != SERVICE_HEADLESS && port->port != port->target_port)
			return "its port is not its targetPort, and a name has no ports";
		if (port->outer != port->inner && (is_tls(port->outer) || is_tls(port->inner)))
			return "TLS would have to end at a load balancer";
	}
	return NULL;
}

bool stack_named_services(const struct app *app, const struct stack_target *target,
			  struct string_list *ret, struct error *err)
{
	struct balancer_place *places = NULL;
	if (!stack_places_make(app, target, &places, err))
		return false;
	for (size_t i = 0; i < app->service_count; i++)
		if (places[i].is_named)
			string_list_add(ret, app->services[i].name);
	stack_places_free(places, app->service_count);
	return true;
}

static void add_names(const struct service *service, const struct pod_spec *pod, const char *domain,
		      struct string_list *ret)
{
	const char *space = service->namespace_name != NULL ? service->namespace_name : "default";
	name_record_names(service->name, space, domain, ret);
	/* Which instance of several is which nobody says. */
	if (pod->workload != WORKLOAD_STATEFUL_SET || pod->replicas != 1 ||
	    pod->service_name == NULL || strcmp(pod->service_name, service->name) != 0)
		return;
	AUTO_FREE char *own = xasprintf("%s-0.%s", pod->name, service->name);
	name_record_names(own, space, domain, ret);
}

void stack_pod_names(const struct app *app, const struct string_list *services,
		     const struct pod_spec *pod, const char *domain_inside, struct string_list *ret)
{
	for (size_t i = 0; i < app->service_count; i++)
		if (string_list_has(services, app->services[i].name) &&
		    string_list_has(&app->services[i].pods, pod->name))
			add_names(&app->services[i], pod, domain_inside, ret);
}

void stack_list_names(const struct template_writer *writer, const struct pod_spec *pod,
		      struct string_list *ret)
{
	for (size_t i = 0; i < writer->app->service_count; i++)
		if (writer->places[i].is_named &&
		    string_list_has(&writer->app->services[i].pods, pod->name))
			add_names(&writer->app->services[i], pod, writer->target->domain_inside,
				  ret);
}
