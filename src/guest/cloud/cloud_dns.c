/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/string_list.h"

#define RESOLV_CONF "/run/i2kit/etc/resolv.conf"
#define TRIES	    3
#define WAIT_MS	    2000
#define HEADER	    12

size_t dns_query_make(const char *host, uint16_t number, uint8_t out[300])
{
	if (strlen(host) > 253)
		return 0;
	memset(out, 0, HEADER);
	out[0] = (uint8_t)(number >> 8);
	out[1] = (uint8_t)number;
	out[2] = 1; /* recursion, please */
	out[5] = 1; /* one question */
	size_t at = HEADER;
	while (*host != '\0') {
		size_t size = strcspn(host, ".");
		if (size == 0 || size > 63)
			return 0;
		out[at++] = (uint8_t)size;
		memcpy(out + at, host, size);
		at += size;
		host += size + (host[size] == '.');
	}
	static const uint8_t tail[] = {0, 0, 1, 0, 1}; /* root, A, IN */
	memcpy(out + at, tail, sizeof(tail));
	return at + sizeof(tail);
}

/* Past a name, which may end in a pointer; 0 past the end. */
static size_t skip_name(const uint8_t *bytes, size_t size, size_t at)
{
	while (at < size) {
		if ((bytes[at] & 0xc0) == 0xc0)
			return at + 2;
		if (bytes[at] == 0)
			return at + 1;
		at += (size_t)bytes[at] + 1;
	}
	return 0;
}

bool dns_answer_parse(const uint8_t *bytes, size_t size, uint16_t number, struct in_addr *ret)
{
	if (size < HEADER || bytes[0] != number >> 8 || bytes[1] != (number & 0xff) ||
	    (bytes[2] & 0x80) == 0 || (bytes[3] & 15) != 0)
		return false;
	unsigned answers = (unsigned)bytes[6] << 8 | bytes[7];
	size_t at = skip_name(bytes, size, HEADER);
	if (at == 0)
		return false;
	at += 4;
	for (; answers > 0; answers--) {
		at = skip_name(bytes, size, at);
		if (at == 0 || at + 10 > size)
			return false;
		unsigned type = (unsigned)bytes[at] << 8 | bytes[at + 1];
		size_t length = (size_t)bytes[at + 8] << 8 | bytes[at + 9];
		at += 10;
		if (at + length > size)
			return false;
		if (type == 1 && length == 4) {
			memcpy(&ret->s_addr, bytes + at, 4);
			return true;
		}
		at += length;
	}
	return false;
}

static bool ask(const char *server, const char *host, struct in_addr *ret)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
	uint8_t query[300];
	uint8_t answer[1500];
	uint16_t number = 0;
	if (getrandom(&number, sizeof(number), 0) < 0)
		return false;
	size_t size = dns_query_make(host, number, query);
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (size == 0 || fd < 0 || inet_pton(AF_INET, server, &to.sin_addr) != 1 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, query, size, 0) < 0)
		return false;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	if (poll(&wait, 1, WAIT_MS) <= 0)
		return false;
	ssize_t got = recv(fd, answer, sizeof(answer), 0);
	return got > 0 && dns_answer_parse(answer, (size_t)got, number, ret);
}

bool cloud_dns_find(const char *host, struct in_addr *ret, struct error *err)
{
	if (inet_pton(AF_INET, host, ret) == 1)
		return true;
	AUTO_FREE char *text = NULL;
	if (!file_read(RESOLV_CONF, 65536, &text, NULL, err))
		return false;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	string_list_split(&lines, text, '\n');
	for (int attempt = 0; attempt < TRIES; attempt++) {
		for (size_t i = 0; i < lines.count; i++) {
			if (strncmp(lines.items[i], "nameserver ", 11) == 0 &&
			    ask(lines.items[i] + 11, host, ret))
				return true;
		}
	}
	return error_set(err, ERROR_NETWORK, "no address for '%s'", host);
}
