/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/network.h"
#include "guest/documents/name_files.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/ether.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/parse.h"
#include "base/path.h"
#include "guest/machine/dhcp_message.h"

static void set_name(struct ifreq *request, const char *interface)
{
	(void)memset(request, 0, sizeof(*request));
	(void)memcpy(request->ifr_name, interface, strnlen(interface, IFNAMSIZ - 1));
}

static bool bring_up(int fd, const char *interface, struct error *err)
{
	struct ifreq request;
	set_name(&request, interface);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return error_set_errno(err, errno, "interface %s", interface);
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP | IFF_RUNNING);
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_set_errno(err, errno, "interface %s", interface);
	return true;
}

static int control_socket(struct error *err)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		(void)error_set_errno(err, errno, "network");
	return fd;
}

bool network_start_loopback(struct error *err)
{
	AUTO_CLOSE int fd = control_socket(err);
	return fd >= 0 && bring_up(fd, "lo", err);
}

static bool has_mac(const char *interface, const char *mac)
{
	AUTO_FREE char *path = xasprintf("/sys/class/net/%s/address", interface);
	AUTO_FREE char *text = NULL;
	if (!file_read(path, 64, &text, NULL, NULL))
		return false;
	text[strcspn(text, "\n")] = '\0';
	return strcasecmp(text, mac) == 0;
}

/*
 * A VM that goes on from a saved state has the address of the one that was saved: its card's state
 * came along. Before the interface is up, or nobody could be sure which one was used.
 */
static bool set_mac(const char *interface, const char *mac, struct error *err)
{
	struct ifreq request;
	struct ether_addr address;
	AUTO_CLOSE int fd = control_socket(err);
	if (fd < 0)
		return false;
	if (ether_aton_r(mac, &address) == NULL)
		return error_set(err, ERROR_INVALID, "'%s' is no MAC address", mac);
	set_name(&request, interface);
	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, &address, sizeof(address));
	return ioctl(fd, SIOCSIFHWADDR, &request) == 0 ||
	       error_set_errno(err, errno, "MAC address of %s", interface);
}

char *network_find_interface(const char *mac_or_null)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	if (!folder_list("/sys/class/net", &names, NULL))
		return NULL;
	string_list_sort(&names);
	char *first = NULL;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *device = xasprintf("/sys/class/net/%s/device", names.items[i]);
		if (!path_exists(device))
			continue; /* lo, sit0 … */
		if (mac_or_null != NULL && has_mac(names.items[i], mac_or_null)) {
			free(first);
			return xstrdup(names.items[i]);
		}
		if (first == NULL)
			first = xstrdup(names.items[i]);
	}
	return first;
}

static void set_ipv4(struct sockaddr *to, struct in_addr address)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_addr = address};
	(void)memcpy(to, &ipv4, sizeof(ipv4));
}

static bool parse_address(const char *text, struct in_addr *ret, struct in_addr *ret_mask,
			  struct error *err)
{
	size_t size = strcspn(text, "/");
	AUTO_FREE char *plain = xstrndup(text, size);
	uint64_t bits = 24;
	if (inet_pton(AF_INET, plain, ret) != 1 ||
	    (text[size] == '/' && !parse_u64(text + size + 1, 1, 32, &bits)))
		return error_set(err, ERROR_INVALID, "'%s' is no IPv4 address with a prefix length",
				 text);
	ret_mask->s_addr = htonl(UINT32_MAX << (32 - bits));
	return true;
}

bool network_set_address(const char *interface, const char *address, unsigned mtu,
			 struct error *err)
{
	struct in_addr ip = {0};
	struct in_addr mask = {0};
	struct ifreq request;
	AUTO_CLOSE int fd = control_socket(err);
	if (fd < 0 || !parse_address(address, &ip, &mask, err))
		return false;
	if (mtu > 0) {
		set_name(&request, interface);
		request.ifr_mtu = (int)mtu;
		if (ioctl(fd, SIOCSIFMTU, &request) < 0)
			return error_set_errno(err, errno, "MTU %u on %s", mtu, interface);
	}
	set_name(&request, interface);
	set_ipv4(&request.ifr_addr, ip);
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		return error_set_errno(err, errno, "address %s on %s", address, interface);
	set_ipv4(&request.ifr_netmask, mask);
	if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
		return error_set_errno(err, errno, "netmask of %s on %s", address, interface);
	return bring_up(fd, interface, err);
}

bool network_add_route(const char *interface, const struct dhcp_route *route, struct error *err)
{
	AUTO_CLOSE int fd = control_socket(err);
	if (fd < 0)
		return false;
	AUTO_FREE char *device = xstrdup(interface);
	struct rtentry entry = {.rt_flags = RTF_UP, .rt_dev = device};
	if (route->gateway != 0)
		entry.rt_flags |= RTF_GATEWAY;
	uint32_t mask = route->prefix == 0 ? 0 : UINT32_MAX << (32 - route->prefix);
	set_ipv4(&entry.rt_gateway, (struct in_addr){htonl(route->gateway)});
	set_ipv4(&entry.rt_dst, (struct in_addr){htonl(route->network)});
	set_ipv4(&entry.rt_genmask, (struct in_addr){htonl(mask)});
	if (ioctl(fd, SIOCADDRT, &entry) < 0 && errno != EEXIST)
		return error_set_errno(err, errno, "a route of %u bits", route->prefix);
	return true;
}

bool network_add_gateway(const char *interface, const char *gateway, struct error *err)
{
	struct in_addr ip;
	if (inet_pton(AF_INET, gateway, &ip) != 1)
		return error_set(err, ERROR_INVALID, "gateway '%s' is no IPv4 address", gateway);
	const struct dhcp_route route = {.gateway = ntohl(ip.s_addr)};
	return network_add_route(interface, &route, err) ||
	       error_prefix(err, "gateway %s", gateway);
}

bool network_configure(const struct network_config *config, struct error *err)
{
	if (config->address == NULL)
		return true; /* a pod without network */
	AUTO_FREE char *interface = network_find_interface(config->mac);
	if (interface == NULL)
		return error_set(err, ERROR_NOT_FOUND, "the VM has no network interface");
	if (config->mac != NULL && !has_mac(interface, config->mac) &&
	    !set_mac(interface, config->mac, err))
		return false;
	if (!network_set_address(interface, config->address, config->mtu, err))
		return false;
	return config->gateway == NULL || network_add_gateway(interface, config->gateway, err);
}

char *network_plain_address(const struct network_config *config)
{
	if (config->address == NULL)
		return NULL;
	return xstrndup(config->address, strcspn(config->address, "/"));
}

static bool write_in_place(const char *name, const char *text, struct error *err)
{
	AUTO_FREE char *path = path_join(NETWORK_FILES, name);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	size_t size = strlen(text);
	/* The new text first, the cut last: a reader in between sees a whole first part. */
	if (fd < 0 || pwrite(fd, text, size, 0) != (ssize_t)size || ftruncate(fd, (off_t)size) < 0)
		return error_set_errno(err, errno, "%s", path);
	return true;
}

bool network_write_files(const struct release *release, const char *hostname,
			 const char *name_server, struct error *err)
{
	AUTO_FREE char *address = network_plain_address(&release->network);
	AUTO_FREE char *hosts = hosts_make(release, hostname, address);
	AUTO_FREE char *resolv = resolv_conf_make(release, name_server);
	AUTO_FREE char *name = xasprintf("%s\n", hostname);
	return path_make_folders(NETWORK_FILES, 0755, err) && write_in_place("hosts", hosts, err) &&
	       write_in_place("resolv.conf", resolv, err) && write_in_place("hostname", name, err);
}
