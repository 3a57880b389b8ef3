/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_WRITE_H
#define I2KIT_MANIFEST_WRITE_H

/* An application as manifest text again: i2kit convert. */

#include "manifest/app.h"
#include "manifest/yaml_writer.h"

/*
 * All of it as Kubernetes objects, for kubectl apply. Objects that load_options.keeps_objects kept
 * come out as they were written, those without effect here among them; else they are made from what
 * was understood. Owned.
 */
char *app_write_kubernetes(const struct app *app);
/*
 * Pods in i2kit's short form, with the services that it can say; what it has no words for stays a
 * Kubernetes object beside. Owned.
 */
char *app_write_short(const struct app *app);
/*
 * What app_write_short() has no words for, one line for each kept object: "Deployment web:
 * metadata.labels, spec.selector". What has no effect here is noted when it is read.
 */
void app_short_losses(const struct app *app, struct string_list *ret);

/* Pieces, inside manifest/. */
void write_container_body(struct yaml_writer *writer, const struct container_spec *container);
void write_container_list(struct yaml_writer *writer, const char *key,
			  const struct container_spec *containers, size_t count);
void write_env(struct yaml_writer *writer, const struct container_spec *container);
void write_volumes(struct yaml_writer *writer, const struct pod_spec *pod);
/* Everything of a pod's spec but its containers. */
void write_pod_rest(struct yaml_writer *writer, const struct pod_spec *pod);
void write_claim_spec(struct yaml_writer *writer, const struct claim *claim);
void write_workload(struct yaml_writer *writer, const struct pod_spec *pod);
void write_pod_selector(struct yaml_writer *writer, const char *key, const struct pod_spec *pod);
void write_service(struct yaml_writer *writer, const struct app *app,
		   const struct service *service);
/* A policy as it is written (egress.c); nothing for the default. */
void egress_words(const struct egress_policy *policy, struct string_list *ret);
bool is_source_kept(const struct app *app);
void write_source_object(struct yaml_writer *writer, const struct source_object *object);
bool is_short_pod(const struct pod_spec *pod); /* written in the short form */
/* Whether the short form says what the object said, and takes its place. */
bool is_said_short(const struct app *app, const struct source_object *object);
/* No object that was kept says it. */
bool is_service_generated(const struct app *app, const struct service *service);
/* Made from a pod's hostPort, which says it already. */
bool is_host_port_service(const struct app *app, const struct service *service);
char *service_port_name(const struct service_port *port); /* of one without; owned */
void append_host_ip(struct strbuf *text, const struct service_port *port);   /* 127.0.0.1: */
void append_long_port(struct strbuf *text, const struct service_port *port); /* http:80:http:80 */
void write_config_map(struct yaml_writer *writer, const struct config_map *map);
void write_claim(struct yaml_writer *writer, const struct claim *claim);
void write_bytes(struct yaml_writer *writer, const char *key, uint64_t bytes); /* 64Mi; 0: none */

#endif
