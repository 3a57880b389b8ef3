/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/service_route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "local/vm/network.h"

/* rtnetlink(7) */
struct request {
	struct nlmsghdr header;
	struct rtmsg route;
	struct rtattr destination_head;
	uint32_t destination;
	struct rtattr device_head;
	uint32_t device;
};

struct answer {
	struct nlmsghdr header;
	struct nlmsgerr error;
	char rest[512];
};

static struct request make_request(uint16_t type, uint16_t flags, unsigned subnet)
{
	struct request request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = type,
			   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
			   .nlmsg_seq = 1},
		.route = {.rtm_family = AF_INET,
			  .rtm_dst_len = NETWORK_SERVICE_PREFIX,
			  .rtm_table = RT_TABLE_LOCAL,
			  .rtm_protocol = RTPROT_STATIC,
			  .rtm_scope = RT_SCOPE_HOST,
			  .rtm_type = RTN_LOCAL},
		.destination_head = {.rta_len = RTA_LENGTH(4), .rta_type = RTA_DST},
		.destination = htonl(10U << 24 | 77U << 16 | subnet << 8 | NETWORK_FIRST_SERVICE),
		.device_head = {.rta_len = RTA_LENGTH(4), .rta_type = RTA_OIF},
		.device = if_nametoindex("lo"),
	};

	return request;
}

/* 0, or an errno. */
static int talk(const struct request *request)
{
	AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct answer answer = {0};
	ssize_t got;

	if (fd < 0 || send(fd, request, sizeof(*request), 0) != (ssize_t)sizeof(*request))
		return errno;
	do {
		got = recv(fd, &answer, sizeof(answer), 0);
	} while (got < 0 && errno == EINTR);
	if (got < (ssize_t)NLMSG_LENGTH(sizeof(answer.error.error)) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return EPROTO;
	return -answer.error.error;
}

bool service_route_is_possible(void)
{
	return geteuid() == 0;
}

bool service_route_add(unsigned subnet, struct error *err)
{
	struct request request = make_request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, subnet);
	int problem = talk(&request);

	return problem == 0 ||
	       error_set_errno(err, problem, "the route to the services' addresses");
}

void service_route_remove(unsigned subnet)
{
	struct request request = make_request(RTM_DELROUTE, 0, subnet);

	/* Not there, or not ours to remove: nothing hangs on it. */
	(void)talk(&request);
}
