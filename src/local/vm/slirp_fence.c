/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded into the QEMU of a session's VM (LD_PRELOAD). Its user network connects a guest to
 * whatever it asks for, 127.0.0.1 of this machine included, and knows no rule but all or nothing;
 * nobody without privilege can have rules in the kernel. So the calls that it makes for the guest
 * are looked at here. The guest has no way into this process.
 */
/* With it, glibc declares connect() with a union that nobody else can define. */
#undef _GNU_SOURCE
#define _DEFAULT_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "local/vm/slirp_policy.h"

#define POLICY	"I2KIT_EGRESS"
#define FRESH_S 2

#define EXPORTED __attribute__((visibility("default")))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slirp_machine machine;
static time_t read_s;

static bool take_address(const struct sockaddr *address, struct in6_addr *ret, uint16_t *ret_port)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, address, sizeof(v4));
		*ret = slirp_address_of_v4(v4.sin_addr);
		*ret_port = ntohs(v4.sin_port);
		return true;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;
		memcpy(&v6, address, sizeof(v6));
		*ret = v6.sin6_addr;
		*ret_port = ntohs(v6.sin6_port);
		return true;
	}
	return false;
}

static void read_interfaces(void)
{
	const size_t most = sizeof(machine.own) / sizeof(machine.own[0]);
	struct ifaddrs *list = NULL;
	uint16_t port;

	machine.own_count = 0;
	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *at = list; at != NULL && machine.own_count < most;
	     at = at->ifa_next) {
		if (at->ifa_addr != NULL &&
		    take_address(at->ifa_addr, &machine.own[machine.own_count], &port))
			machine.own_count++;
	}
	freeifaddrs(list);
}

static void read_name_servers(void)
{
	FILE *file = fopen("/etc/resolv.conf", "re");
	char line[256];

	machine.name_server_count = 0;
	while (file != NULL && machine.name_server_count < 3 &&
	       fgets(line, sizeof(line), file) != NULL) {
		struct in6_addr *to = &machine.name_servers[machine.name_server_count];
		struct in_addr v4;
		char *word = line + strlen("nameserver");
		if (strncmp(line, "nameserver", strlen("nameserver")) != 0)
			continue;
		word += strspn(word, " \t");
		word[strcspn(word, " \t\r\n%#")] = '\0';
		if (inet_pton(AF_INET, word, &v4) == 1)
			*to = slirp_address_of_v4(v4);
		else if (inet_pton(AF_INET6, word, to) != 1)
			continue;
		machine.name_server_count++;
	}
	if (file != NULL)
		(void)fclose(file);
}

/* Datagrams come here one by one: the machine is not looked at for each. */
static void refresh(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (read_s != 0 && now.tv_sec < read_s + FRESH_S)
		return;
	read_s = now.tv_sec;
	read_interfaces();
	read_name_servers();
}

static bool is_allowed(const struct sockaddr *address, socklen_t size)
{
	const char *policy = getenv(POLICY);
	struct in6_addr target;
	uint16_t port;
	bool is_good;

	if (address == NULL || size < sizeof(sa_family_t) ||
	    (address->sa_family == AF_INET && size < sizeof(struct sockaddr_in)) ||
	    (address->sa_family == AF_INET6 && size < sizeof(struct sockaddr_in6)) ||
	    !take_address(address, &target, &port))
		return true;
	(void)pthread_mutex_lock(&lock);
	refresh();
	is_good = slirp_policy_allows(policy != NULL ? policy : "", &machine, &target, port);
	(void)pthread_mutex_unlock(&lock);
	return is_good;
}

/* To the guest it looks as if nobody listened there. */
EXPORTED int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	if (!is_allowed(address, size)) {
		errno = ECONNREFUSED;
		return -1;
	}
	return (int)syscall(SYS_connect, fd, address, size);
}

EXPORTED ssize_t sendto(int fd, const void *bytes, size_t count, int flags,
			const struct sockaddr *address, socklen_t size)
{
	if (!is_allowed(address, size)) {
		errno = ECONNREFUSED;
		return -1;
	}
	return syscall(SYS_sendto, fd, bytes, count, flags, address, size);
}
