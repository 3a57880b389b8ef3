/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/short_port.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/app.h"

#define RANGE_MAX 256 /* ports that one word may mean */

static bool protocol_word(const char *word, enum service_protocol *ret)
{
	static const char *const words[] = {"tcp", "udp", "http", "https", "ssl"};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], word) == 0) {
			*ret = (enum service_protocol)i;
			return true;
		}
	}
	return false;
}

/* http→http; https→https|http; tcp→tcp; udp→udp; ssl→ssl|tcp */
static bool pair_is_allowed(enum service_protocol outer, enum service_protocol inner)
{
	return outer == inner || (outer == SERVICE_HTTPS && inner == SERVICE_HTTP) ||
	       (outer == SERVICE_SSL && inner == SERVICE_TCP);
}

/* PROTO:PORT:PROTO:PORT[:CERTIFICATE] */
static bool parse_long_port(const struct string_list *parts, const char *text,
			    struct service_port *port)
{
	if (parts->count < 4 || !protocol_word(parts->items[0], &port->outer) ||
	    !parse_port(parts->items[1], &port->port) ||
	    !protocol_word(parts->items[2], &port->inner) ||
	    !parse_port(parts->items[3], &port->target_port))
		return false;
	port->protocol = port->outer == SERVICE_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
	if (parts->count > 4) { /* an ARN has colons of its own */
		const char *certificate = text;
		for (int i = 0; i < 4; i++)
			certificate = strchr(certificate, ':') + 1;
		port->certificate = xstrdup(certificate);
	}
	return pair_is_allowed(port->outer, port->inner);
}

/* 80, "80/udp", "8080:80", "8080:80/udp" */
static bool parse_short_port(const char *text, struct service_port *port)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *slash = strchr(copy, '/');
	char *colon = NULL;

	port->outer = SERVICE_TCP;
	if (slash != NULL) {
		*slash = '\0';
		if (strcmp(slash + 1, "udp") == 0)
			port->outer = SERVICE_UDP;
		else if (strcmp(slash + 1, "tcp") != 0)
			return false;
	}
	port->inner = port->outer;
	port->protocol = port->outer == SERVICE_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
	colon = strchr(copy, ':');
	if (colon == NULL) {
		if (!parse_port(copy, &port->port))
			return false;
		port->target_port = port->port;
		return true;
	}
	*colon = '\0';
	return parse_port(copy, &port->port) && parse_port(colon + 1, &port->target_port);
}

const char short_port_hint[] =
	"PROTOCOL:PORT:PROTOCOL:PORT[:CERTIFICATE]; http to http, https to https or http, tcp to "
	"tcp, udp to udp, ssl to ssl or tcp";

/* "127.0.0.1:8080:80", "[::1]:8080:80": the address is cut off. False: there is something, and it
 * is none. */
static bool cut_host_ip(const char **text, char **ret_host_ip)
{
	const char *at = *text;
	struct in6_addr raw;
	size_t size;
	int family = AF_INET;

	if (at[0] == '[') {
		size = strcspn(++at, "]");
		family = AF_INET6;
		if (at[size] != ']' || at[size + 1] != ':')
			return false;
		*text = at + size + 2;
	} else {
		size = strspn(at, "0123456789.");
		if (memchr(at, '.', size) == NULL || at[size] != ':')
			return true;
		*text = at + size + 1;
	}
	*ret_host_ip = xstrndup(at, size);
	return inet_pton(family, *ret_host_ip, &raw) == 1;
}

bool short_port_parse(const char *text, struct service_port *port)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;

	if (!cut_host_ip(&text, &port->host_ip))
		return false;
	string_list_split(&parts, text, ':');
	return parts.count >= 4 ? parse_long_port(&parts, text, port)
				: parse_short_port(text, port);
}

/* "8000-8010": both ends; "80" is a range of one. */
static bool parse_range(const char *text, size_t size, uint16_t *ret_first, uint16_t *ret_last)
{
	AUTO_FREE char *copy = xstrndup(text, size);
	char *dash = strchr(copy, '-');

	if (dash != NULL)
		*dash = '\0';
	if (!parse_port(copy, ret_first) || !parse_port(dash != NULL ? dash + 1 : copy, ret_last))
		return false;
	return *ret_last >= *ret_first && *ret_last - *ret_first < RANGE_MAX;
}

bool short_port_expand(const char *text, struct string_list *ret)
{
	const char *rest = text;
	AUTO_FREE char *host_ip = NULL;
	uint16_t first;
	uint16_t last;
	uint16_t inner;
	uint16_t inner_last;

	if (!cut_host_ip(&rest, &host_ip) || strpbrk(rest, "-") == NULL ||
	    strspn(rest, "0123456789-") == 0)
		return string_list_add(ret, text), true;
	size_t outer_size = strcspn(rest, ":/");
	const char *second = rest[outer_size] == ':' ? rest + outer_size + 1 : rest;
	size_t second_size = strcspn(second, "/");
	if (!parse_range(rest, outer_size, &first, &last) ||
	    !parse_range(second, second_size, &inner, &inner_last) ||
	    last - first != inner_last - inner)
		return false;
	for (unsigned i = 0; i <= (unsigned)(last - first); i++)
		string_list_addf(ret, "%.*s%u:%u%s", (int)(rest - text), text, first + i, inner + i,
				 second + second_size);
	return true;
}
