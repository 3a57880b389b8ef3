/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/service_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "local/ports/namespace_socket.h"
#include "local/vm/netlink.h"
#include "local/vm/network.h"

#define INNER_NAME "eth0"

bool service_network_is_possible(void)
{
	return geteuid() == 0;
}

/* "i2k-0123abcd" has the cable "i2s-0123abcd". */
static void cable_name(const char *bridge, char out[IF_NAMESIZE])
{
	(void)snprintf(out, IF_NAMESIZE, "i2s-%.8s", strlen(bridge) > 4 ? bridge + 4 : bridge);
}

/* The same for each supervisor of the project, so that guests need not ask for it again. */
static void make_mac(const char *cable, uint8_t out[6])
{
	uint64_t digits = 0;

	(void)!parse_hex_u64(cable + 4, UINT32_MAX, &digits);
	out[0] = 0x02; /* locally administered */
	out[1] = 0x77;
	for (size_t i = 0; i < 4; i++)
		out[2 + i] = (uint8_t)(digits >> (24 - 8 * i));
}

static int make_cable(const char *cable, unsigned bridge_index, int network_fd)
{
	uint8_t mac[6];
	const struct ifinfomsg outer = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	const struct ifinfomsg inner = {0};
	struct netlink_request request;

	netlink_request_init(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &outer,
			     sizeof(outer));
	netlink_request_put_text(&request, IFLA_IFNAME, cable);
	netlink_request_put(&request, IFLA_MASTER, &bridge_index, sizeof(bridge_index));
	size_t link = netlink_request_open(&request, IFLA_LINKINFO, NULL, 0);
	netlink_request_put_text(&request, IFLA_INFO_KIND, "veth");
	size_t kind = netlink_request_open(&request, IFLA_INFO_DATA, NULL, 0);
	size_t peer = netlink_request_open(&request, VETH_INFO_PEER, &inner, sizeof(inner));
	netlink_request_put_text(&request, IFLA_IFNAME, INNER_NAME);
	make_mac(cable, mac);
	netlink_request_put(&request, IFLA_ADDRESS, mac, sizeof(mac));
	netlink_request_put(&request, IFLA_NET_NS_FD, &network_fd, sizeof(network_fd));
	netlink_request_close(&request, peer);
	netlink_request_close(&request, kind);
	netlink_request_close(&request, link);
	return netlink_request_send(&request, -1);
}

/* Its other end goes with it. */
static void remove_cable(const char *cable)
{
	const struct ifinfomsg body = {0};
	struct netlink_request request;

	netlink_request_init(&request, RTM_DELLINK, 0, &body, sizeof(body));
	netlink_request_put_text(&request, IFLA_IFNAME, cable);
	(void)netlink_request_send(&request, -1);
}

static int bring_up(int network_fd, const char *interface)
{
	const struct ifinfomsg body = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct netlink_request request;

	netlink_request_init(&request, RTM_NEWLINK, 0, &body, sizeof(body));
	netlink_request_put_text(&request, IFLA_IFNAME, interface);
	return netlink_request_send(&request, network_fd);
}

static int inner_index(int network_fd)
{
	AUTO_CLOSE int fd = namespace_socket(network_fd, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = INNER_NAME};

	return fd >= 0 && ioctl(fd, SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

static int change_address(const struct service_network *network, uint16_t type, unsigned host,
			  unsigned prefix)
{
	const struct ifaddrmsg body = {.ifa_family = AF_INET,
				       .ifa_prefixlen = (uint8_t)prefix,
				       .ifa_index = (uint32_t)inner_index(network->fd)};
	const uint32_t address = htonl(10U << 24 | 77U << 16 | network->subnet << 8 | host);
	struct netlink_request request;

	netlink_request_init(&request, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_REPLACE : 0,
			     &body, sizeof(body));
	netlink_request_put(&request, IFA_LOCAL, &address, sizeof(address));
	netlink_request_put(&request, IFA_ADDRESS, &address, sizeof(address));
	return netlink_request_send(&request, network->fd);
}

static bool make_namespace(struct service_network *network, struct error *err)
{
	network->fd = namespace_new();
	if (network->fd < 0)
		return error_set_errno(err, errno, "the services' network");
	(void)bring_up(network->fd, "lo");
	return true;
}

static int plug_in(struct service_network *network, const char *bridge, unsigned bridge_index)
{
	char cable[IF_NAMESIZE];
	int problem;

	cable_name(bridge, cable);
	if (network->bridge_index != 0 && if_nametoindex(cable) != 0) {
		if (bridge_index != network->bridge_index)
			project_network_plug(bridge, cable);
		return 0;
	}
	/* One of a supervisor that was killed. */
	remove_cable(cable);
	problem = make_cable(cable, bridge_index, network->fd);
	if (problem == 0)
		problem = bring_up(network->fd, INNER_NAME);
	if (problem == 0)
		problem = change_address(network, RTM_NEWADDR, NETWORK_SERVICE_HOST, 24);
	return problem;
}

bool service_network_open(struct service_network *network, const char *bridge, unsigned subnet,
			  struct error *err)
{
	unsigned bridge_index = if_nametoindex(bridge);
	int problem = bridge_index == 0 ? ENODEV : 0;

	if (network->subnet != subnet) /* other addresses: all anew */
		network->bridge_index = 0;
	network->subnet = subnet;
	if (network->fd < 0 && !make_namespace(network, err))
		return false;
	if (problem == 0)
		problem = plug_in(network, bridge, bridge_index);
	network->bridge_index = bridge_index;
	return problem == 0 || error_set_errno(err, problem, "the services' network at %s", bridge);
}

void service_network_unplug(const char *bridge)
{
	char cable[IF_NAMESIZE];

	cable_name(bridge, cable);
	remove_cable(cable);
}

void service_network_close(struct service_network *network)
{
	auto_close(&network->fd);
	*network = (struct service_network){.fd = -1};
}

bool service_network_add(const struct service_network *network, unsigned host, struct error *err)
{
	int problem = change_address(network, RTM_NEWADDR, host, 32);

	return problem == 0 || problem == EEXIST ||
	       error_set_errno(err, problem, "a service's address 10.77.%u.%u", network->subnet,
			       host);
}

void service_network_remove(const struct service_network *network, unsigned host)
{
	(void)change_address(network, RTM_DELADDR, host, 32);
}
