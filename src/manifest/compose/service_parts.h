/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_SERVICE_PARTS_H
#define I2KIT_MANIFEST_COMPOSE_SERVICE_PARTS_H

/*
 * One service of the model becomes a container of a pod. Its table is what `i2kit explain
 * compose.services` and doc/fields.md say; parts of it are read in files of their own.
 */

#include "manifest/app.h"
#include "manifest/loader.h"
#include "manifest/yaml_node.h"

struct compose_service {
	struct container_spec container;
	struct pod_spec *pod;	 /* the one it goes into; others may have come before */
	struct service *service; /* ports of that pod */
	bool is_first;		 /* of its pod: it decides what the whole pod has but once */
	const char *name;	 /* as the file writes it */
	const char *project;
	const struct yaml_node *node;
	const struct yaml_node *model;
};

extern const struct field_set compose_service_fields;
void compose_read_service(struct loader *loader, struct compose_service *service);

/* "My_DB" → "my-db": what a pod, a claim and a host may be called. Owned. */
char *compose_plain_name(const char *name);
#define COMPOSE_CONTAINER "container:"
/* The service that has that container_name; or NULL. */
const char *compose_container_owner(const struct yaml_node *model, const char *name);
/* The service that network_mode names: service:X, or container:X where X is its container_name; or NULL. */
const char *compose_network_partner(const struct yaml_node *model, const struct yaml_node *service);
/* The pod that a service's container goes into: that of network_mode: service:X and of x-i2kit. */
char *compose_pod_of(const struct yaml_node *model, const char *service);

/* service_run.c */
field_fn compose_read_command;
field_fn compose_read_entrypoint;
field_fn compose_read_environment;
field_fn compose_read_restart; /* unless deploy.restart_policy says it */
void compose_set_restart(struct loader *loader, const struct yaml_node *node,
			 struct compose_service *service, enum restart_policy policy,
			 uint32_t limit);
field_fn compose_read_pull_policy;
field_fn compose_read_post_start;
field_fn compose_read_pre_stop;
extern const struct field_set compose_hook_fields;
/* service_health.c */
field_fn compose_read_health;
extern const struct field_set compose_health_fields;
/* service_deploy.c */
field_fn compose_read_deploy;
field_fn compose_read_scale;
field_fn compose_read_cpus;
field_fn compose_read_cpu_count;
field_fn compose_read_cpu_quota;
field_fn compose_read_memory;
field_fn compose_read_memory_reservation;
extern const struct field_set compose_deploy_fields;
/* service_limits.c */
field_fn compose_read_pids;
field_fn compose_read_cpu_shares;
field_fn compose_read_oom_score;
field_fn compose_read_init;
field_fn compose_read_ulimits;
field_fn compose_read_storage;
extern const struct field_set compose_storage_fields;
/* service_network.c */
field_fn compose_read_ports;
field_fn compose_read_expose;
field_fn compose_read_networks;
field_fn compose_read_network_mode;
field_fn compose_read_depends_on;
field_fn compose_read_extra_hosts;
field_fn compose_read_container_name;
extern const struct field_set compose_port_fields;
extern const struct field_set compose_service_network_fields;
extern const struct field_set compose_depends_fields;
/* service_mounts.c */
field_fn compose_read_volumes;
field_fn compose_read_tmpfs;
field_fn compose_read_shm_size;
field_fn compose_read_configs;
field_fn compose_read_secrets;
extern const struct field_set compose_mount_fields;
extern const struct field_set compose_file_fields;
/* service_build.c */
field_fn compose_read_build;
field_fn compose_read_develop;
extern const struct field_set compose_build_fields;

#endif
