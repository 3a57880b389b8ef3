/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/uplink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "guest/channel/say.h"
#include "guest/documents/name_files.h"
#include "guest/machine/dhcp.h"
#include "guest/machine/machine.h"
#include "guest/machine/network.h"
#include "guest/pod/host_link.h"

#define AGAIN_MS 2000

struct uplink {
	struct guest *guest;
	struct dhcp *dhcp;
	bool has_lease;
	struct dhcp_lease lease;
	bool is_pod_waiting;
	bool is_cloud_wanted;
	struct loop_timer *again; /* the cloud agent ended: start it anew */
};

struct uplink *uplink_new(struct guest *guest)
{
	struct uplink *uplink = xcalloc(1, sizeof(*uplink));
	uplink->guest = guest;
	return uplink;
}

static char *address_text(uint32_t address)
{
	char text[INET_ADDRSTRLEN] = "";
	struct in_addr raw = {htonl(address)};
	(void)inet_ntop(AF_INET, &raw, text, sizeof(text));
	return xstrdup(text);
}

/* What the lease says, where the release says nothing. */
static void fill_network(const struct dhcp_lease *lease, struct network_config *network)
{
	AUTO_FREE char *address = address_text(lease->address);
	free(network->address);
	network->address = xasprintf("%s/%u", address, lease->prefix > 0 ? lease->prefix : 24);
	if (network->dns.count == 0) {
		for (size_t i = 0; i < lease->dns_count; i++)
			string_list_take(&network->dns, address_text(lease->dns[i]));
	}
	if (lease->domain[0] != '\0' && strpbrk(lease->domain, " \t\r\n") == NULL &&
	    !string_list_has(&network->searches, lease->domain))
		string_list_add(&network->searches, lease->domain);
}

static void start_cloud_agent(struct uplink *uplink);

static void on_again(struct loop_timer *timer, void *arg)
{
	(void)timer;
	start_cloud_agent(arg);
}

static void on_agent_end(pid_t pid, int status, void *arg)
{
	struct uplink *uplink = arg;
	(void)pid;
	say("the cloud agent ended (status %d); it is started again", status);
	if (uplink->again == NULL)
		uplink->again = loop_add_timer(uplink->guest->loop, AGAIN_MS, on_again, uplink);
	else
		loop_timer_set(uplink->again, AGAIN_MS);
}

static void start_cloud_agent(struct uplink *uplink)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const char *const argv[] = {CLOUD_AGENT, NULL};
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		say("cloud agent: %s", strerror(errno));
		return;
	}
	AUTO_CLOSE int own = ends[0];
	AUTO_CLOSE int other = ends[1];
	AUTO_CLOSE int console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	int fds[3] = {other, other, console};
	(void)fcntl(own, F_SETFL, O_NONBLOCK);
	pid_t pid = spawn(argv, NULL, fds, &err);
	if (pid < 0) {
		say("no way to a configuration: %s", err.message);
		return;
	}
	reaper_watch(uplink->guest->reaper, pid, REAPER_CHILD, on_agent_end, uplink);
	host_link_attach(uplink->guest, take_fd(&own));
}

/* The cloud agent looks names up before there is a pod. */
static void write_resolv_conf(const struct uplink *uplink)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(release_clear) struct release empty = {0};
	fill_network(&uplink->lease, &empty.network);
	AUTO_FREE char *text = resolv_conf_make(&empty, NULL);
	if (!path_make_folders(NETWORK_FILES, 0755, &err) ||
	    !file_write_atomic(NETWORK_FILES "/resolv.conf", text, strlen(text), 0644, &err))
		say("%s", err.message);
}

static void on_lease(const struct dhcp_lease *lease, void *arg)
{
	struct uplink *uplink = arg;
	struct guest *guest = uplink->guest;
	bool is_first = !uplink->has_lease;
	uplink->lease = *lease;
	uplink->has_lease = true;
	if (guest->has_release)
		fill_network(lease, &guest->release.network);
	if (uplink->is_pod_waiting) {
		uplink->is_pod_waiting = false;
		guest_start_pod(guest);
	}
	if (is_first && uplink->is_cloud_wanted) {
		write_resolv_conf(uplink);
		start_cloud_agent(uplink);
	}
}

static void start_dhcp(struct uplink *uplink)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (uplink->dhcp != NULL)
		return;
	AUTO_FREE char *interface = network_find_interface(NULL);
	if (interface == NULL) {
		machine_load_for_devices("");
		interface = network_find_interface(NULL);
	}
	if (interface == NULL)
		(void)error_set(&err, ERROR_NOT_FOUND, "the VM has no network interface");
	else
		uplink->dhcp = dhcp_start(uplink->guest->loop, interface, on_lease, uplink, &err);
	if (uplink->dhcp == NULL)
		say("network: %s", err.message);
}

void uplink_want_lease(struct uplink *uplink)
{
	if (uplink->has_lease) {
		fill_network(&uplink->lease, &uplink->guest->release.network);
		guest_start_pod(uplink->guest);
		return;
	}
	uplink->is_pod_waiting = true;
	start_dhcp(uplink);
}

void uplink_serve_drive(struct uplink *uplink)
{
	start_cloud_agent(uplink);
}

void uplink_find_release(struct uplink *uplink)
{
	if (!path_exists(CLOUD_AGENT)) {
		say("no agent channel, no configuration disk, and the base has no cloud agent");
		return;
	}
	uplink->is_cloud_wanted = true;
	start_dhcp(uplink);
}
