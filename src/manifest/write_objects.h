/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_WRITE_OBJECTS_H
#define I2KIT_MANIFEST_WRITE_OBJECTS_H

/* An application as Kubernetes objects (i2kit convert), and the objects around its pods. */

#include <stdbool.h>

struct app;
struct claim;
struct config_map;
struct pod_spec;
struct service;
struct service_port;
struct source_object;
struct yaml_writer;

/*
 * All of it as Kubernetes objects, for kubectl apply. Objects that load_options.keeps_objects kept
 * come out as they were written, those without effect here among them; else they are made from what
 * was understood. Owned.
 */
char *app_write_kubernetes(const struct app *app);

/* Pieces, for write_short.c too. */
void write_claim_spec(struct yaml_writer *writer, const struct claim *claim);
void write_workload(struct yaml_writer *writer, const struct app *app, const struct pod_spec *pod);
void write_pod_selector(struct yaml_writer *writer, const char *key, const struct pod_spec *pod);
void write_service(struct yaml_writer *writer, const struct app *app,
		   const struct service *service);
/* The short form's routes to the pod, as an Ingress; nothing where there are none. */
void write_pod_ingress(struct yaml_writer *writer, const struct app *app,
		       const struct pod_spec *pod);
bool is_source_kept(const struct app *app);
void write_source_object(struct yaml_writer *writer, const struct source_object *object);
bool is_short_pod(const struct pod_spec *pod); /* written in the short form */
/* No object that was kept says it. */
bool is_service_generated(const struct app *app, const struct service *service);
/* Made from a pod's hostPort, which says it already. */
bool is_host_port_service(const struct app *app, const struct service *service);
char *service_port_name(const struct service_port *port); /* of one without; owned */
void write_config_map(struct yaml_writer *writer, const struct config_map *map);
void write_claim(struct yaml_writer *writer, const struct claim *claim);

#endif
