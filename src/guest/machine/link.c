/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define MAX_NAME 64

/* A message as it grows: header, interface, attributes. */
struct request {
	_Alignas(NLMSG_ALIGNTO) unsigned char bytes[1024];
	size_t size;
};

static void put(struct request *request, const void *bytes, size_t size)
{
	(void)memcpy(request->bytes + request->size, bytes, size);
	request->size += NLMSG_ALIGN(size);
}

/* What is nested in an attribute follows it; its length is known when that is over. */
static size_t begin(struct request *request, unsigned short type)
{
	struct rtattr head = {.rta_len = sizeof(head), .rta_type = type};
	size_t at = request->size;

	put(request, &head, sizeof(head));
	return at;
}

static void end(struct request *request, size_t at, size_t size)
{
	unsigned short length = (unsigned short)size;

	(void)memcpy(request->bytes + at, &length, sizeof(length));
}

static void end_nested(struct request *request, size_t at)
{
	end(request, at, request->size - at);
}

static void put_attribute(struct request *request, unsigned short type, const void *value,
			  size_t size)
{
	size_t at = begin(request, type);

	put(request, value, size);
	end(request, at, sizeof(struct rtattr) + size);
}

static void put_text(struct request *request, unsigned short type, const char *text)
{
	put_attribute(request, type, text, strlen(text) + 1);
}

static void put_process(struct request *request, pid_t process)
{
	uint32_t number = (uint32_t)process;

	if (process > 0)
		put_attribute(request, IFLA_NET_NS_PID, &number, sizeof(number));
}

static void begin_request(struct request *request, unsigned short flags, unsigned index)
{
	struct nlmsghdr head = {.nlmsg_type = RTM_NEWLINK,
				.nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags),
				.nlmsg_seq = 1};
	struct ifinfomsg interface = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};

	request->size = 0;
	put(request, &head, sizeof(head));
	put(request, &interface, sizeof(interface));
}

/* The kernel's answer is an error number, 0 for success. */
static bool talk(struct request *request, const char *name, struct error *err)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr answer;
		unsigned char rest[2048];
	} reply;
	uint32_t size = (uint32_t)request->size;
	AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	(void)memcpy(request->bytes, &size, sizeof(size));
	if (fd < 0 || send(fd, request->bytes, request->size, 0) < 0)
		return error_set_errno(err, errno, "interface %s", name);
	ssize_t got = recv(fd, &reply, sizeof(reply), 0);
	if (got < (ssize_t)(sizeof(reply.head) + sizeof(reply.answer.error)) ||
	    reply.head.nlmsg_type != NLMSG_ERROR)
		return error_set(err, ERROR_SYSTEM, "interface %s: the kernel gave no answer",
				 name);
	return reply.answer.error == 0 ||
	       error_set_errno(err, -reply.answer.error, "interface %s", name);
}

static bool is_name(const char *text, size_t max, struct error *err)
{
	return (text[0] != '\0' && strlen(text) < max) ||
	       error_set(err, ERROR_INVALID, "'%s' is no name of an interface", text);
}

static void put_peer(struct request *request, const char *name)
{
	struct ifinfomsg interface = {.ifi_family = AF_UNSPEC};
	size_t data = begin(request, IFLA_INFO_DATA);
	size_t peer = begin(request, VETH_INFO_PEER);

	put(request, &interface, sizeof(interface));
	put_text(request, IFLA_IFNAME, name);
	end_nested(request, peer);
	end_nested(request, data);
}

bool link_add(const struct link_wanted *wanted, struct error *err)
{
	struct request request = {.size = 0};

	if (!is_name(wanted->name, IFNAMSIZ, err) || !is_name(wanted->kind, MAX_NAME, err) ||
	    (wanted->peer != NULL && !is_name(wanted->peer, IFNAMSIZ, err)))
		return false;
	begin_request(&request, NLM_F_CREATE | NLM_F_EXCL, 0);
	put_text(&request, IFLA_IFNAME, wanted->name);
	put_process(&request, wanted->process);
	size_t info = begin(&request, IFLA_LINKINFO);
	put_text(&request, IFLA_INFO_KIND, wanted->kind);
	if (wanted->peer != NULL)
		put_peer(&request, wanted->peer);
	end_nested(&request, info);
	return talk(&request, wanted->name, err);
}

bool link_move(const char *name, pid_t process, struct error *err)
{
	struct request request = {.size = 0};
	unsigned index = if_nametoindex(name);

	if (index == 0)
		return error_set_errno(err, errno, "interface %s", name);
	begin_request(&request, 0, index);
	put_process(&request, process);
	return talk(&request, name, err);
}
