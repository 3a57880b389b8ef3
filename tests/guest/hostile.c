/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For guest_cloud.py, inside a container: tries to reach an address in every way there is.
 *	hostile ADDRESS…	a line for each way: ADDRESS WAY sent|refused ERRNO
 *	hostile listen FROM	for some seconds, with a raw socket and one of frames: heard raw|frames N
 * What it sends has HOSTILE in it, so that a dump of the wire shows whether it got out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK "HOSTILE"

static void tell(const char *address, const char *way, int failed)
{
	printf("%s %s %s %s\n", address, way, failed == 0 ? "sent" : "refused",
	       failed == 0 ? "-" : strerror(failed));
	fflush(stdout);
}

static int result_of(ssize_t sent)
{
	return sent < 0 ? errno : 0;
}

/* A connection: within a second, or not at all. */
static int try_tcp(const struct sockaddr *to, socklen_t size)
{
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int failed = ETIMEDOUT;
	socklen_t length = sizeof(failed);
	if (fd < 0)
		return errno;
	if (connect(fd, to, size) < 0 && errno != EINPROGRESS) {
		failed = errno;
	} else {
		struct pollfd wait = {.fd = fd, .events = POLLOUT};
		if (poll(&wait, 1, 1500) > 0)
			(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &length);
		if (failed == 0)
			(void)!send(fd, "GET /" MARK " HTTP/1.0\r\n\r\n", 22, MSG_NOSIGNAL);
	}
	close(fd);
	return failed;
}

static int try_send(int fd, const void *bytes, size_t size, const struct sockaddr *to,
		    socklen_t length)
{
	if (fd < 0)
		return errno;
	int failed = result_of(sendto(fd, bytes, size, 0, to, length));
	close(fd);
	return failed;
}

/* An IP header and a datagram for port 80 behind it. */
static size_t make_packet(unsigned char *out, const char *address, struct in_addr from)
{
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .saddr = from.s_addr};
	struct udphdr udp = {
		.source = htons(1234), .dest = htons(80), .len = htons(sizeof(udp) + sizeof(MARK))};
	unsigned sum = 0;
	size_t size = sizeof(ip) + sizeof(udp) + sizeof(MARK);
	ip.tot_len = htons((unsigned short)size);
	(void)inet_pton(AF_INET, address, &ip.daddr);
	memcpy(out, &ip, sizeof(ip));
	for (size_t i = 0; i < sizeof(ip); i += 2)
		sum += (unsigned)out[i] << 8 | out[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	ip.check = htons((unsigned short)~(sum + (sum >> 16)));
	memcpy(out, &ip, sizeof(ip));
	memcpy(out + sizeof(ip), &udp, sizeof(udp));
	memcpy(out + sizeof(ip) + sizeof(udp), MARK, sizeof(MARK));
	return size;
}

static unsigned interface(void)
{
	struct if_nameindex *all = if_nameindex();
	unsigned found = 0;
	for (struct if_nameindex *one = all; one != NULL && one->if_index != 0; one++)
		if (strcmp(one->if_name, "lo") != 0 && found == 0)
			found = one->if_index;
	return found;
}

/* A frame for everybody: the address is in the packet. */
static int try_frame(const unsigned char *packet, size_t size, unsigned short kind, int is_tagged)
{
	unsigned char frame[ETH_FRAME_LEN] = {0};
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = (int)interface(), .sll_halen = 6};
	size_t at = 0;
	memset(frame, 0xff, 6);
	memset(to.sll_addr, 0xff, 6);
	frame[6] = 2;
	at = 12;
	if (is_tagged) {
		const unsigned char tag[4] = {0x81, 0, 0, 0};
		memcpy(frame + at, tag, sizeof(tag));
		at += sizeof(tag);
	}
	frame[at++] = (unsigned char)(kind >> 8);
	frame[at++] = (unsigned char)kind;
	memcpy(frame + at, packet, size);
	return try_send(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), frame, at + size,
			(const struct sockaddr *)&to, sizeof(to));
}

static int try_packet(const unsigned char *packet, size_t size)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)interface(),
				 .sll_halen = 6,
				 .sll_protocol = htons(ETH_P_IP)};
	memset(to.sll_addr, 0xff, 6);
	return try_send(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)), packet, size,
			(const struct sockaddr *)&to, sizeof(to));
}

/* A socket of frames as a 32-bit program asks for it: by the call whose arguments lie in memory. */
static int try_old_call(void)
{
	unsigned *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result = 102; /* socketcall */
	if (words == MAP_FAILED)
		return errno;
	words[0] = AF_PACKET;
	words[1] = SOCK_RAW;
	words[2] = htons(ETH_P_ALL);
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(1L), "c"(words)
			 : "memory", "r8", "r9", "r10", "r11");
	if (result >= 0)
		close((int)result);
	return result < 0 ? (int)-result : 0;
}

static int try_socket(int family)
{
	int fd = socket(family, SOCK_RAW, 0);
	int failed = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	return failed;
}

/* How many packets of the address a socket heard of. */
static int count_from(int fd, size_t at, const char *address)
{
	unsigned char bytes[2048];
	unsigned char wanted[4];
	int count = 0;
	(void)inet_pton(AF_INET, address, wanted);
	for (ssize_t size = 0; size >= 0 || errno == EINTR;) {
		size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (size >= (ssize_t)at + 20 && memcmp(bytes + at + 12, wanted, 4) == 0)
			count++;
	}
	return count;
}

static void listen_to(const char *address)
{
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
	int frames = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	int heard_raw = 0;
	int heard_frames = 0;
	for (time_t end = time(NULL) + 12; time(NULL) < end;) {
		struct pollfd both[2] = {{.fd = raw, .events = POLLIN},
					 {.fd = frames, .events = POLLIN}};
		/* What it says is what the guest then sends there. */
		printf("listening\n");
		fflush(stdout);
		(void)poll(both, 2, 500);
		heard_raw += raw >= 0 ? count_from(raw, 0, address) : 0;
		heard_frames += frames >= 0 ? count_from(frames, ETH_HLEN, address) : 0;
		usleep(100000);
	}
	printf("heard raw %d\nheard frames %d\n", raw < 0 ? -1 : heard_raw,
	       frames < 0 ? -1 : heard_frames);
	fflush(stdout);
}

static void try_all4(const char *address)
{
	unsigned char packet[128];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sockaddr_in own = {.sin_family = AF_INET};
	socklen_t length = sizeof(own);
	const struct sockaddr *place = (const struct sockaddr *)&to;
	const int yes = 1;
	(void)inet_pton(AF_INET, address, &to.sin_addr);
	int probe = socket(AF_INET, SOCK_DGRAM, 0);
	if (connect(probe, place, sizeof(to)) == 0)
		(void)getsockname(probe, (struct sockaddr *)&own, &length);
	close(probe);
	size_t size = make_packet(packet, address, own.sin_addr);
	tell(address, "tcp", try_tcp(place, sizeof(to)));
	tell(address, "frame-old-call", try_old_call());
	tell(address, "frame-xdp", try_socket(AF_XDP));
	tell(address, "udp",
	     try_send(socket(AF_INET, SOCK_DGRAM, 0), MARK, sizeof(MARK), place, sizeof(to)));
	int header = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	tell(address, "raw-header", try_send(header, packet, size, place, sizeof(to)));
	tell(address, "raw",
	     try_send(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), "\10\0\367\377" MARK, 12, place,
		      sizeof(to)));
	int mapped = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
	six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
	memcpy(six.sin6_addr.s6_addr + 12, &to.sin_addr, 4);
	tell(address, "tcp-mapped", try_tcp((const struct sockaddr *)&six, sizeof(six)));
	tell(address, "udp-mapped",
	     try_send(mapped, MARK, sizeof(MARK), (const struct sockaddr *)&six, sizeof(six)));
	/* A datagram in pieces. */
	unsigned char large[4000] = MARK;
	tell(address, "udp-pieces",
	     try_send(socket(AF_INET, SOCK_DGRAM, 0), large, sizeof(large), place, sizeof(to)));
	int marked = socket(AF_INET, SOCK_DGRAM, 0);
	(void)setsockopt(marked, SOL_SOCKET, SO_DONTROUTE, &yes, sizeof(yes));
	tell(address, "udp-unrouted", try_send(marked, MARK, sizeof(MARK), place, sizeof(to)));
	tell(address, "frame", try_frame(packet, size, ETH_P_IP, 0));
	tell(address, "frame-tagged", try_frame(packet, size, ETH_P_IP, 1));
	tell(address, "packet", try_packet(packet, size));
}

static void try_all6(const char *address)
{
	unsigned char packet[128] = {0};
	struct ip6_hdr ip = {0};
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_scope_id = interface()};
	const struct sockaddr *place = (const struct sockaddr *)&to;
	(void)inet_pton(AF_INET6, address, &to.sin6_addr);
	ip.ip6_vfc = 0x60;
	ip.ip6_plen = htons(sizeof(MARK));
	ip.ip6_nxt = 59;
	ip.ip6_dst = to.sin6_addr;
	memcpy(packet, &ip, sizeof(ip));
	memcpy(packet + sizeof(ip), MARK, sizeof(MARK));
	tell(address, "tcp", try_tcp(place, sizeof(to)));
	tell(address, "udp",
	     try_send(socket(AF_INET6, SOCK_DGRAM, 0), MARK, sizeof(MARK), place, sizeof(to)));
	tell(address, "raw",
	     try_send(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), "\200\0\0\0" MARK, 12, place,
		      sizeof(to)));
	tell(address, "frame", try_frame(packet, sizeof(ip) + sizeof(MARK), ETH_P_IPV6, 0));
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "listen") == 0) {
		listen_to(argv[2]);
		return 0;
	}
	for (int i = 1; i < argc; i++)
		if (strchr(argv[i], ':') != NULL)
			try_all6(argv[i]);
		else
			try_all4(argv[i]);
	return 0;
}
