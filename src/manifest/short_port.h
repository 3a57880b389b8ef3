/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_SHORT_PORT_H
#define I2KIT_MANIFEST_SHORT_PORT_H

/* A port in one word, as the short forms and annotations of Services have it. */

#include <stdbool.h>

struct service_port;
struct string_list;

/* "8080:80", "https:443:http:80" …; certificate is the caller's. */
bool short_port_parse(const char *text, struct service_port *port);
extern const char short_port_hint[];
/*
 * Words for single ports: "8000-8002:9000-9002/udp" is "8000:9000/udp", "8001:9001/udp" and so on.
 * False: a range that is none, or two of different length.
 */
bool short_port_expand(const char *text, struct string_list *ret);

#endif
