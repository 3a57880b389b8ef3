/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_TEMPLATE_PARTS_H
#define I2KIT_CLOUD_AWS_STACK_TEMPLATE_PARTS_H

/* The parts of a template: each stack_NAME.c writes one kind of them. */

#include "cloud/aws/stack/stack_instance.h"
#include "cloud/aws/stack/template_writer.h"
#include "cloud/claims.h"

/* stack_network.c */
void stack_add_network(struct template_writer *writer);

/* stack_private.c */
MUST_CHECK bool stack_check_private(const struct stack_target *target, struct error *err);
void stack_add_private(struct template_writer *writer);
/* DependsOn of what reaches out when it starts, in the network that is made. */
void stack_write_way_out(struct template_writer *writer);
/* The first subnets of instances, in the network that is made. */
void stack_write_own_subnets(struct template_writer *writer, const char *key, size_t count);

/* stack_place.c */
struct balancer_place {
	char *id;    /* owned; of the load balancer; NULL: the service has none */
	char *group; /* owned; of its security group */
	bool is_shared;
	bool is_by_host; /* by host names, else by ports */
};
/* One for each service of the app, owned. ERROR_UNSUPPORTED: one would have to move. */
MUST_CHECK bool stack_places_make(const struct app *app, const struct stack_target *target,
				  struct balancer_place **ret, struct error *err);
void stack_places_free(struct balancer_place *places, size_t count);
bool stack_place_is_first(const struct balancer_place *places, size_t index);

/* stack_service.c */
/* Its own kind says so, never what another service of the same pod is. */
bool stack_service_is_public(const struct service *service);
/* Where it has a hosted zone; owned. */
char *stack_public_name(const struct stack_target *target, const struct service *service);
MUST_CHECK bool stack_add_service(struct template_writer *writer, const struct service *service,
				  struct error *err);
/* Whether it gets a load balancer. */
bool stack_has_balancer(const struct service *service);
/* Writes {"Ref":…} of the target groups that lead to the pod as TargetGroupARNs; false: none. */
bool stack_write_target_groups(struct template_writer *writer, const struct pod_spec *pod);
/* Writes the rules by which load balancers reach the pod as SecurityGroupIngress. */
void stack_write_pod_rules(struct template_writer *writer, const struct pod_spec *pod);

/* stack_health.c: which port is asked for health; 0: there is none to ask. */
uint16_t stack_health_port(const struct pod_spec *pod, const struct service *service,
			   const struct service_port *port);
MUST_CHECK bool stack_write_health(struct json_writer *json, const struct pod_spec *pod,
				   const struct service *service, const struct service_port *port,
				   const char *target_protocol, struct error *err);

/* stack_port.c: a service's ports as listeners. */
bool stack_port_is_pair(const struct service *service, const struct service_port *port);
bool stack_port_is_second(const struct service *service, const struct service_port *port);
bool stack_service_is_application(const struct service *service);
const char *stack_listener_protocol(const struct service *service, const struct service_port *port);
const char *stack_target_protocol(const struct service *service, const struct service_port *port);
/* "WebPort53Udp" and suffix; owned. */
char *stack_port_id(const struct service *service, const struct service_port *port,
		    const char *suffix);

/* stack_egress.c: what a pod may reach; SecurityGroupEgress of its group, and the rules beside. */
void stack_write_egress(struct template_writer *writer, const struct pod_spec *pod);
void stack_add_reach(struct template_writer *writer, const struct pod_spec *pod);

/* stack_volume.c */
const struct stack_volume *stack_find_volume(const struct stack_target *target, const char *claim);
/* The logical id of a claim's volume; owned. */
char *stack_volume_id(const struct stack_target *target, const char *claim);
MUST_CHECK bool stack_add_volumes(struct template_writer *writer, const struct pod_spec *pod,
				  const struct cloud_claim_list *claims, struct error *err);

/* stack_role.c */
void stack_add_role(struct template_writer *writer, const struct pod_spec *pod,
		    const struct stack_release *release, const struct cloud_claim_list *claims);

/* stack_disk.c */
void stack_write_disks(struct template_writer *writer, const struct pod_spec *pod);
MUST_CHECK bool stack_check_disks(const struct pod_spec *pod, struct error *err);

/* stack_launch.c */
void stack_add_launch(struct template_writer *writer, const struct pod_spec *pod,
		      const struct stack_release *release);

/* stack_pod.c */
MUST_CHECK bool stack_add_pod(struct template_writer *writer, const struct pod_spec *pod,
			      const struct stack_release *release, struct error *err);
/* How long one instance may take until it is ready, at most. */
uint32_t stack_startup_s(const struct pod_spec *pod);

#endif
