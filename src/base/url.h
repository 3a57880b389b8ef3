/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_URL_H
#define I2KIT_BASE_URL_H

/*
 * Taking a URL apart, by the same parser that later connects to it (libcurl's): who decides by a
 * host where a secret may go must see the host that curl will see.
 */

#include <stdbool.h>

#include "base/error.h"

struct url {
	bool is_tls;	 /* https; else http */
	char *host;	 /* owned, lower case; IPv6 in brackets */
	char *port;	 /* owned, digits; NULL: the scheme's own */
	char *authority; /* owned; host or host:port */
	char *path;	 /* owned; begins with '/' */
	char *query;	 /* owned, or NULL */
};
void url_clear(struct url *url);

/*
 * http and https alone. A user or a password in it ("http://localhost:x@evil/") and a fragment are
 * refused: nothing that i2kit reads has a use for them.
 */
MUST_CHECK bool url_parse(const char *text, struct url *ret, struct error *err);

/* The URL as a message may show it: without user, password, query and fragment. Owned. */
char *url_public(const char *text);

/* "localhost", 127.0.0.0/8 or [::1]; host as in struct url, a port may follow it. */
bool url_host_is_loopback(const char *host);

#endif
