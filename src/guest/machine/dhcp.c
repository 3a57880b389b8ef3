/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/dhcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "guest/channel/say.h"
#include "guest/machine/network.h"

#define FIRST_PAUSE_MS	 250
#define LAST_PAUSE_MS	 8000
#define STANDARD_SECONDS 3600

struct dhcp {
	struct loop *loop;
	char *interface;
	int index;
	uint8_t mac[6];
	int fd; /* a packet socket: the kernel drops what is for an address it does not have yet */
	struct loop_timer *timer;
	uint32_t transaction;
	unsigned pause_ms;
	bool has_offer;
	struct dhcp_lease offer;
	bool is_bound;
	struct dhcp_lease lease;
	dhcp_fn *fn;
	void *arg;
};

static void send_message(struct dhcp *dhcp)
{
	uint8_t packet[DHCP_MAX_PACKET];
	const struct dhcp_lease *offer = dhcp->has_offer ? &dhcp->offer : NULL;
	size_t size = dhcp_message_make(dhcp->mac, dhcp->transaction, offer, packet);
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_IP),
				 .sll_ifindex = dhcp->index,
				 .sll_halen = 6};
	memset(to.sll_addr, 0xff, 6);
	if (sendto(dhcp->fd, packet, size, 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
		say("DHCP on %s: %s", dhcp->interface, strerror(errno));
}

static void text_of(uint32_t address, char out[INET_ADDRSTRLEN])
{
	struct in_addr raw = {htonl(address)};
	if (inet_ntop(AF_INET, &raw, out, INET_ADDRSTRLEN) == NULL)
		out[0] = '\0';
}

/* Those on the link first: a gateway must be in reach before it is one. */
static bool add_routes(const struct dhcp *dhcp, struct error *err)
{
	for (unsigned is_far = 0; is_far < 2; is_far++) {
		for (size_t i = 0; i < dhcp->lease.route_count; i++) {
			const struct dhcp_route *route = &dhcp->lease.routes[i];
			if ((route->gateway != 0) == (is_far != 0) &&
			    !network_add_route(dhcp->interface, route, err))
				return false;
		}
	}
	return true;
}

static bool configure(struct dhcp *dhcp, struct error *err)
{
	char address[INET_ADDRSTRLEN];
	char gateway[INET_ADDRSTRLEN];
	text_of(dhcp->lease.address, address);
	text_of(dhcp->lease.gateway, gateway);
	AUTO_FREE char *with_prefix =
		xasprintf("%s/%u", address, dhcp->lease.prefix > 0 ? dhcp->lease.prefix : 24);
	if (!network_set_address(dhcp->interface, with_prefix,
				 dhcp->lease.mtu >= 576 ? dhcp->lease.mtu : 0, err))
		return false;
	/* The router option counts only where there are no routes (RFC 3442). */
	if (dhcp->lease.route_count == 0)
		return dhcp->lease.gateway == 0 ||
		       network_add_gateway(dhcp->interface, gateway, err);
	return add_routes(dhcp, err);
}

static void take_lease(struct dhcp *dhcp, const struct dhcp_lease *lease)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_new = !dhcp->is_bound || dhcp->lease.address != lease->address;
	uint32_t seconds = lease->seconds > 0 ? lease->seconds : STANDARD_SECONDS;
	dhcp->lease = *lease;
	dhcp->is_bound = true;
	dhcp->offer = *lease;
	dhcp->has_offer = true;
	dhcp->pause_ms = FIRST_PAUSE_MS;
	loop_timer_set(dhcp->timer, (uint64_t)(seconds < 60 ? 60 : seconds) * 500);
	if (!is_new)
		return;
	if (!configure(dhcp, &err)) {
		say("DHCP: %s", err.message);
		return;
	}
	dhcp->fn(&dhcp->lease, dhcp->arg);
}

static void on_packet(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct dhcp *dhcp = arg;
	uint8_t packet[2048];
	struct dhcp_lease answer;
	(void)source;
	(void)events;
	ssize_t size = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
	if (size <= 0 || !dhcp_message_parse(packet, (size_t)size, dhcp->transaction, &answer))
		return;
	if (answer.type == DHCP_OFFER && !dhcp->has_offer) {
		dhcp->offer = answer;
		dhcp->has_offer = true;
		dhcp->pause_ms = FIRST_PAUSE_MS;
		send_message(dhcp);
		loop_timer_set(dhcp->timer, dhcp->pause_ms);
	} else if (answer.type == DHCP_ACK && dhcp->has_offer) {
		take_lease(dhcp, &answer);
	} else if (answer.type == DHCP_NAK) {
		dhcp->has_offer = false;
		send_message(dhcp);
	}
}

static void on_timer(struct loop_timer *timer, void *arg)
{
	struct dhcp *dhcp = arg;
	/* An offer that nobody confirms is forgotten after a while; a lease is asked for again. */
	if (dhcp->pause_ms >= LAST_PAUSE_MS && !dhcp->is_bound)
		dhcp->has_offer = false;
	send_message(dhcp);
	loop_timer_set(timer, dhcp->pause_ms);
	dhcp->pause_ms = dhcp->pause_ms * 2 < LAST_PAUSE_MS ? dhcp->pause_ms * 2 : LAST_PAUSE_MS;
}

static bool read_hardware(struct dhcp *dhcp, struct error *err)
{
	struct ifreq request = {0};
	memcpy(request.ifr_name, dhcp->interface, strnlen(dhcp->interface, IFNAMSIZ - 1));
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		return error_set_errno(err, errno, "interface %s", dhcp->interface);
	memcpy(dhcp->mac, request.ifr_hwaddr.sa_data, 6);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return error_set_errno(err, errno, "interface %s", dhcp->interface);
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_set_errno(err, errno, "interface %s", dhcp->interface);
	dhcp->index = (int)if_nametoindex(dhcp->interface);
	return true;
}

/* UDP to port 68 and nothing else: the socket stays open, and all other traffic passes it by. */
static bool filter_socket(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 2048),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static bool open_socket(struct dhcp *dhcp, struct error *err)
{
	struct sockaddr_ll own = {.sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = dhcp->index};
	dhcp->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP));
	if (dhcp->fd < 0 || !filter_socket(dhcp->fd) ||
	    bind(dhcp->fd, (const struct sockaddr *)&own, sizeof(own)) < 0)
		return error_set_errno(err, errno, "DHCP socket");
	return true;
}

struct dhcp *dhcp_start(struct loop *loop, const char *interface, dhcp_fn *fn, void *arg,
			struct error *err)
{
	struct dhcp *dhcp = xcalloc(1, sizeof(*dhcp));
	dhcp->loop = loop;
	dhcp->interface = xstrdup(interface);
	dhcp->fd = -1;
	dhcp->pause_ms = FIRST_PAUSE_MS;
	dhcp->fn = fn;
	dhcp->arg = arg;
	if (getrandom(&dhcp->transaction, sizeof(dhcp->transaction), GRND_NONBLOCK) < 0)
		dhcp->transaction = (uint32_t)getpid() * 2654435761U;
	if (!read_hardware(dhcp, err) || !open_socket(dhcp, err)) {
		auto_close(&dhcp->fd);
		free(dhcp->interface);
		free(dhcp);
		return NULL;
	}
	(void)loop_add_fd(loop, dhcp->fd, LOOP_READ, on_packet, dhcp);
	dhcp->timer = loop_add_timer(loop, 0, on_timer, dhcp);
	return dhcp;
}
