/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PID 1 of a pod's VM: from the kernel's hand-over to running containers, then their kubelet and
 * the host's agent, all on one loop. doc/guest.md tells the whole way.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "guest/channel/say.h"
#include "guest/machine/config_disk.h"
#include "guest/machine/disks.h"
#include "guest/machine/machine.h"
#include "guest/machine/modprobe.h"
#include "guest/machine/network.h"
#include "guest/machine/power_button.h"
#include "guest/pod/exec_table.h"
#include "guest/pod/guest.h"
#include "guest/pod/host_link.h"
#include "guest/pod/linuxkit.h"
#include "guest/pod/pause.h"
#include "guest/pod/stats.h"
#include "guest/pod/tunnel_table.h"
#include "guest/pod/uplink.h"
#include "wire/name_record.h"

#define POD_DOCUMENT	"/etc/i2kit/pod.json"
#define POD_MAX_BYTES	((size_t)4 << 20)
#define LEAST_RING	((uint64_t)512 << 10)
#define MOST_RING	((uint64_t)8 << 20)
#define FAILED_PAUSE_MS 1000
#define LATE_DEVICES_MS 1000
#define LEAVE_MS	((NAME_RECORD_TTL_S + 2) * 1000)

static size_t ring_bytes(void)
{
	uint64_t share = machine_memory_bytes() / 32;
	return (size_t)(share < LEAST_RING ? LEAST_RING : share > MOST_RING ? MOST_RING : share);
}

static bool load_pod(struct guest *guest, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	return file_read(POD_DOCUMENT, POD_MAX_BYTES, &text, &size, err) &&
	       pod_document_read(text, size, POD_DOCUMENT, &guest->pod, err);
}

static bool enter_disk(struct guest *guest, struct error *err)
{
	AUTO(string_list_clear) struct string_list devices = STRING_LIST_INIT;
	if (!disks_find_partitions(&guest->pod, &devices, err) ||
	    !disks_enter_base(devices.items[0], err))
		return false;
	events_boot(guest->events, "base");
	if (!disks_mount_layers(&devices, err))
		return false;
	events_boot(guest->events, "layers");
	return true;
}

static void on_signal(struct loop_signal *source, int signo, void *arg)
{
	(void)source;
	(void)signo;
	guest_shutdown(arg, -1);
}

static void on_left(struct loop_timer *timer, void *arg)
{
	loop_timer_remove(timer);
	guest_shutdown(arg, -1);
}

/*
 * Where names lead here, the cloud agent takes them away first; who looked one up before goes on
 * with it for its time to live, and the pod serves that long. Pressed again: at once.
 */
static void on_power_button(void *arg)
{
	struct guest *guest = arg;
	if (guest->kubelet == NULL || guest->is_leaving || guest->release.cloud.names.count == 0) {
		say("the power button was pressed: the pod stops");
		guest_shutdown(guest, -1);
		return;
	}
	say("the power button was pressed: the pod leaves its names and stops in %d s",
	    LEAVE_MS / 1000);
	guest->is_leaving = true;
	kubelet_leave(guest->kubelet, clock_monotonic_ms());
	guest_advance(guest);
	(void)loop_add_timer(guest->loop, LEAVE_MS, on_left, guest);
}

/*
 * Not part of the boot: these drivers would take time from the containers' start. The devices that
 * nothing waited for are the balloon, which gives the host back what the pod has freed, and the
 * host's source of randomness.
 */
static void on_started(struct loop_timer *timer, void *arg)
{
	struct guest *guest = arg;
	loop_timer_remove(timer);
	machine_load_for_devices("");
	power_button_watch(guest->loop, on_power_button, guest);
}

static bool make_loop(struct guest *guest, struct error *err)
{
	guest->loop = loop_new(err);
	if (guest->loop == NULL)
		return false;
	guest->logs = log_ring_new(ring_bytes());
	say_set_ring(guest->logs);
	guest->events = events_new();
	guest->reaper = reaper_new(guest->loop);
	guest->pause = pause_new(guest->reaper);
	guest->execs = exec_table_new(guest);
	guest->tunnels = tunnel_table_new(guest);
	guest->stats = stats_new(guest);
	guest->uplink = uplink_new(guest);
	/* Ctrl-Alt-Del and whoever else asks PID 1 politely. */
	(void)reboot(RB_DISABLE_CAD);
	(void)loop_add_signal(guest->loop, SIGINT, on_signal, guest);
	(void)loop_add_signal(guest->loop, SIGTERM, on_signal, guest);
	(void)loop_add_timer(guest->loop, LATE_DEVICES_MS, on_started, guest);
	(void)signal(SIGPIPE, SIG_IGN);
	return true;
}

static bool boot(struct guest *guest, struct error *err)
{
	if (!machine_mount(err))
		return false;
	say_open();
	if (!make_loop(guest, err))
		return false;
	events_boot(guest->events, "kernel");
	machine_load_modules();
	machine_load_for_devices("");
	events_boot(guest->events, "init");
	if (!load_pod(guest, err) || !enter_disk(guest, err) || !network_start_loopback(err))
		return false;
	machine_set_defaults();
	if (!linuxkit_run_onboot(err))
		return false;
	linuxkit_start_services(guest);
	host_link_open(guest);
	return true;
}

/* Without a channel the configuration is on a disk, or comes from the cloud's metadata service. */
static void find_release_elsewhere(struct guest *guest)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;
	bool has_disk = config_disk_read(guest->channel == NULL, &bytes, &size, &err);
	if (has_disk && guest->channel == NULL && config_disk_is_drive() &&
	    path_exists(CLOUD_AGENT))
		uplink_serve_drive(guest->uplink);
	else if (has_disk)
		guest_take_release(guest, bytes, size);
	else if (guest->channel == NULL)
		uplink_find_release(guest->uplink);
}

int main(int argc, char *argv[])
{
	static struct guest guest;
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (strcmp(argv[0], PAUSE_NAME) == 0) /* 1 as well, of its own namespace */
		pause_run();
	if (getpid() != 1 && argc == 4 && strcmp(argv[1], "-q") == 0)
		return modprobe_run(argc, argv);
	if (getpid() != 1) {
		(void)fprintf(stderr, "init: only for use as the first process of a pod's VM\n");
		return 2;
	}
	if (!boot(&guest, &err)) {
		say("cannot boot: %s", err.message);
		(void)poll(NULL, 0, FAILED_PAUSE_MS); /* for the console to be read */
		machine_power_off();
		return 1;
	}
	find_release_elsewhere(&guest);
	return loop_run(guest.loop);
}
