/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_WRITE_SHORT_H
#define I2KIT_MANIFEST_WRITE_SHORT_H

/* An application in i2kit's short form (i2kit convert). */

#include <stdbool.h>

struct app;
struct service_port;
struct source_object;
struct strbuf;

/*
 * Pods in i2kit's short form, with the services that it can say; what it has no words for stays a
 * Kubernetes object beside. Owned.
 */
char *app_write_short(const struct app *app);
/* Whether the short form says what the object said, and takes its place. */
bool is_said_short(const struct app *app, const struct source_object *object);
void append_host_ip(struct strbuf *text, const struct service_port *port);   /* 127.0.0.1: */
void append_long_port(struct strbuf *text, const struct service_port *port); /* http:80:http:80 */

#endif
