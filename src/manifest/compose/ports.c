/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/ports.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"

void compose_ports_clear(struct compose_ports *ports)
{
	for (size_t i = 0; i < ports->count; i++) {
		free(ports->items[i].host_ip);
		free(ports->items[i].published);
		free(ports->items[i].protocol);
	}
	free(ports->items);
	*ports = (struct compose_ports){0};
}

struct range {
	unsigned first;
	unsigned last;
};

static bool failed(struct error *err, const char *text)
{
	error_set(err, ERROR_INVALID, "'%.80s' is not a port", text);
	return error_hint(err, "80, \"8080:80\", \"127.0.0.1:8080:80\", \"8000-8010:8000-8010\", "
			       "\"53:53/udp\"");
}

static bool parse_range(const char *text, struct range *ret)
{
	uint64_t first = 0;
	uint64_t last = 0;
	AUTO_FREE char *copy = xstrdup(text);
	char *dash = strchr(copy, '-');

	if (dash != NULL)
		*dash = '\0';
	if (!parse_u64(copy, 0, UINT16_MAX, &first) ||
	    !parse_u64(dash != NULL ? dash + 1 : copy, 0, UINT16_MAX, &last) || last < first)
		return false;
	*ret = (struct range){(unsigned)first, (unsigned)last};
	return true;
}

static bool is_address(const char *text)
{
	unsigned char raw[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

/* Cuts "/udp" off. */
static char *take_protocol(char *text)
{
	char *slash = strchr(text, '/');
	if (slash != NULL)
		*slash = '\0';
	char *protocol = xstrdup(slash != NULL && slash[1] != '\0' ? slash + 1 : "tcp");
	for (char *at = protocol; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return protocol;
}

static int compare_ports(const void *a, const void *b)
{
	const struct compose_port *left = a;
	const struct compose_port *right = b;
	return (int)left->target - (int)right->target;
}

/* What stands before the last two colons: an address, with or without brackets. */
static char *take_address(char *text, bool *ret_good)
{
	size_t length = strlen(text);
	*ret_good = true;
	if (length == 0)
		return NULL;
	if (text[0] == '[' && text[length - 1] == ']') {
		text[length - 1] = '\0';
		text++;
	}
	*ret_good = is_address(text);
	return xstrdup(text);
}

static void add(struct compose_ports *ret, const char *host_ip, char *published,
		const char *protocol, unsigned target)
{
	struct compose_port *port = ARRAY_APPEND(ret->items, ret->count);
	port->host_ip = xstrdup_or_null(host_ip);
	port->published = published;
	port->protocol = xstrdup(protocol);
	port->target = (uint16_t)target;
}

bool compose_ports_parse(const char *text, struct compose_ports *ret, struct error *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	AUTO_FREE char *protocol = NULL;
	AUTO_FREE char *address = NULL;
	struct range inner = {0};
	struct range outer = {0};
	bool is_good = true;

	char *target = strrchr(copy, ':');
	char *published = NULL;
	if (target != NULL) {
		*target++ = '\0';
		published = strrchr(copy, ':');
		if (published != NULL)
			*published++ = '\0';
		address = published != NULL ? take_address(copy, &is_good) : NULL;
		published = published != NULL ? published : copy;
	} else {
		target = copy;
	}
	protocol = take_protocol(target);
	bool is_published = published != NULL && published[0] != '\0';
	if (!is_good || !parse_range(target, &inner) ||
	    (is_published && !parse_range(published, &outer)) ||
	    (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0 &&
	     strcmp(protocol, "sctp") != 0))
		return failed(err, text);
	unsigned count = inner.last - inner.first;
	bool is_one_of_many = is_published && count == 0 && outer.last > outer.first;
	if (is_published && !is_one_of_many && outer.last - outer.first != count) {
		error_set(err, ERROR_INVALID, "'%.80s': two ranges of different sizes", text);
		return error_hint(err, "\"8000-8010:8000-8010\"");
	}
	for (unsigned i = 0; i <= count; i++) {
		char *number = is_one_of_many ? xasprintf("%u-%u", outer.first, outer.last)
			       : is_published ? xasprintf("%u", outer.first + i)
					      : NULL;
		add(ret, address, number, protocol, inner.first + i);
	}
	qsort(ret->items, ret->count, sizeof(*ret->items), compare_ports);
	return true;
}
