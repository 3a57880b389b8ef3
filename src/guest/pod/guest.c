/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/guest.h"
#include "guest/documents/run_start.h"
#include "guest/machine/metadata_fence.h"
#include "guest/machine/scratch_disk.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "guest/channel/say.h"
#include "guest/kubelet/kubelet_probe.h"
#include "guest/kubelet/kubelet_unit.h"
#include "guest/machine/machine.h"
#include "guest/machine/modprobe.h"
#include "guest/machine/name_server.h"
#include "guest/machine/network.h"
#include "guest/machine/rootfs.h"
#include "guest/pod/checks.h"
#include "guest/pod/container.h"
#include "guest/pod/linuxkit.h"
#include "guest/pod/main_run.h"
#include "guest/pod/memory_watch.h"
#include "guest/pod/storage_watch.h"
#include "guest/pod/tunnel_table.h"
#include "guest/pod/uplink.h"

#define LAST_WORDS_MS 2000  /* what the host may take to store the last lines */
#define CLOUD_LAST_MS 15000 /* and what the cloud agent may take for that and its signal */
#define LAST_POLL_MS  5
#define MOST_SHM      ((uint64_t)64 << 20) /* Docker's and Kubernetes' */

struct volume_place guest_volume_plan(const struct guest *guest)
{
	return (struct volume_place){
		.pod = &guest->pod, .release = &guest->release, .facts = &guest->facts};
}

void guest_send_logs(void *arg)
{
	struct guest *guest = arg;
	const void *bytes;
	size_t size;
	struct log_loss loss;
	if (!channel_is_up(guest->channel))
		return;
	/* Summed up while the host is stuck: each on its own, they would push each other out. */
	while (!channel_is_full(guest->channel) && log_ring_take_loss(guest->logs, &loss))
		events_loss(guest->events, &loss);
	while (!channel_is_full(guest->channel) && log_ring_next(guest->logs, &bytes, &size))
		channel_send(guest->channel, WIRE_LOG, 0, bytes, size);
}

/* What a probe or hook under way belongs to. */
struct check_owner {
	struct guest *guest;
	size_t container;
	bool is_hook;
	enum probe_kind probe;
	bool is_post_start;
	size_t hooks_done; /* of those of its kind */
};

static void on_check_done(bool is_ok, const char *message, void *arg);

/* The next hook of a container that has several; false: there is none. */
static bool start_next_hook(struct check_owner *owner)
{
	const struct container_image *image = &owner->guest->pod.containers[owner->container];
	const struct check *more =
		owner->is_post_start ? image->more_post_starts : image->more_pre_stops;
	size_t count =
		owner->is_post_start ? image->more_post_start_count : image->more_pre_stop_count;
	if (!owner->is_hook || owner->hooks_done >= count)
		return false;
	check_start(owner->guest->containers[owner->container], &more[owner->hooks_done++], 0,
		    on_check_done, owner);
	return true;
}

static void on_check_done(bool is_ok, const char *message, void *arg)
{
	struct check_owner *owner = arg;
	struct guest *guest = owner->guest;
	uint64_t now = clock_monotonic_ms();
	if (is_ok && start_next_hook(owner))
		return;
	if (owner->is_hook)
		kubelet_hook_done(guest->kubelet, owner->container, owner->is_post_start, now,
				  is_ok, message);
	else
		kubelet_probed(guest->kubelet, owner->container, owner->probe, now, is_ok, message);
	free(owner);
	guest_advance(guest);
}

static const struct check *check_of(const struct container_image *image,
				    const struct kubelet_action *action, uint64_t *ret_timeout)
{
	const struct probe_spec *spec = &image->liveness;
	*ret_timeout = 0;
	if (action->type == ACTION_HOOK)
		return action->is_post_start ? &image->post_start : &image->pre_stop;
	if (action->probe == PROBE_STARTUP)
		spec = &image->startup;
	else if (action->probe == PROBE_READINESS)
		spec = &image->readiness;
	*ret_timeout = spec->timeout_ms;
	return &spec->check;
}

static void start_check(struct guest *guest, const struct kubelet_action *action)
{
	struct check_owner *owner = xcalloc(1, sizeof(*owner));
	owner->guest = guest;
	owner->container = action->container;
	owner->is_hook = action->type == ACTION_HOOK;
	owner->probe = action->probe;
	owner->is_post_start = action->is_post_start;
	uint64_t timeout = 0;
	const struct check *check =
		check_of(&guest->pod.containers[action->container], action, &timeout);
	check_start(guest->containers[action->container], check, timeout, on_check_done, owner);
}

static void on_last_poll(struct loop_timer *timer, void *arg)
{
	struct guest *guest = arg;
	uint64_t now = clock_monotonic_ms();
	guest_send_logs(guest);
	bool is_stored = !channel_is_up(guest->channel) || log_ring_bytes(guest->logs) == 0;
	if (!is_stored && now < guest->off_ms) {
		loop_timer_set(timer, LAST_POLL_MS);
		return;
	}
	if (channel_is_up(guest->channel))
		channel_drain(guest->channel, LAST_WORDS_MS);
	linuxkit_run_onshutdown();
	struct volume_place plan = guest_volume_plan(guest);
	volumes_finish(&plan);
	(void)umount2(ROOTFS_TOPS, MNT_DETACH);
	machine_power_off();
	loop_stop(guest->loop, 0);
}

static void begin_power_off(struct guest *guest)
{
	bool is_local = guest->release.where == NULL || strcmp(guest->release.where, "local") == 0;
	guest->off_ms = clock_monotonic_ms() + (is_local ? LAST_WORDS_MS : CLOUD_LAST_MS);
	(void)loop_add_timer(guest->loop, LAST_POLL_MS, on_last_poll, guest);
}

static void report_container(struct guest *guest, const struct kubelet_action *action)
{
	struct kubelet_action told = *action;
	if (action->message != NULL)
		say("container %s: %s: %s", guest->pod.containers[action->container].name,
		    action->reason, action->message);
	told.has_log_sequence = strcmp(action->state, "running") == 0;
	if (told.has_log_sequence)
		told.log_sequence = container_log_sequence(guest->containers[action->container]);
	events_report(guest->events, &guest->pod, &told);
}

/* Whoever waits for a run's command to begin. */
static void give_up_runs(struct guest *guest)
{
	for (size_t i = 0; guest->containers != NULL && i < guest->pod.container_count; i++)
		container_give_up_main(guest->containers[i],
				       "an init container failed: i2kit why tells");
}

static void carry_out(struct guest *guest, const struct kubelet_action *action)
{
	switch (action->type) {
	case ACTION_START:
		container_start(guest->containers[action->container]);
		break;
	case ACTION_SIGNAL:
		container_signal(guest->containers[action->container], action->signal);
		break;
	case ACTION_PROBE:
	case ACTION_HOOK:
		start_check(guest, action);
		break;
	case ACTION_REPORT_CONTAINER:
		report_container(guest, action);
		break;
	case ACTION_END:
		/* A last line, whose being stored also says that all before it was. */
		say("the pod is over: %s", kubelet_phase(guest->kubelet));
		give_up_runs(guest);
		begin_power_off(guest);
		break;
	default:
		events_report(guest->events, &guest->pod, action);
		break;
	}
}

static void on_tick(struct loop_timer *timer, void *arg)
{
	struct guest *guest = arg;
	(void)timer;
	kubelet_tick(guest->kubelet, clock_monotonic_ms());
	guest_advance(guest);
}

void guest_advance(struct guest *guest)
{
	struct kubelet_action action;
	/* An action may lead to others (a container that cannot be started): no recursion. */
	if (guest->is_advancing)
		return;
	guest->is_advancing = true;
	while (kubelet_next_action(guest->kubelet, &action)) {
		carry_out(guest, &action);
		kubelet_action_clear(&action);
	}
	guest->is_advancing = false;
	if (kubelet_phase_is_running(guest->kubelet) && !guest->has_told_started) {
		guest->has_told_started = true;
		events_boot(guest->events, "containers");
	}
	uint64_t next = kubelet_next_tick_ms(guest->kubelet);
	uint64_t now = clock_monotonic_ms();
	if (guest->tick == NULL)
		guest->tick = loop_add_timer(guest->loop, 3600000, on_tick, guest);
	if (next == UINT64_MAX)
		loop_timer_cancel(guest->tick);
	else
		loop_timer_set(guest->tick, next > now ? next - now : 0);
}

void guest_shutdown(struct guest *guest, int64_t grace_ms)
{
	if (guest->kubelet == NULL) {
		begin_power_off(guest);
		return;
	}
	guest->is_held = false;
	kubelet_shutdown(guest->kubelet, clock_monotonic_ms(), grace_ms);
	guest_advance(guest);
}

static void set_sysctls(const struct pod_image *pod)
{
	for (size_t i = 0; i < pod->sysctls.count; i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		const char *value = strchr(pod->sysctls.items[i], '=');
		AUTO_FREE char *key =
			xstrndup(pod->sysctls.items[i], (size_t)(value - pod->sysctls.items[i]));
		for (char *at = key; *at != '\0'; at++)
			*at = *at == '.' ? '/' : *at;
		AUTO_FREE char *path = path_join("/proc/sys", key);
		if (!path_is_below(key) || !machine_write(path, value + 1, &err))
			say("sysctl %s: %s", key, err.message != NULL ? err.message : "not a name");
	}
}

static bool mount_memory(const char *folder, unsigned long flags, const char *options,
			 struct error *err)
{
	if (!path_make_folders(folder, 0755, err))
		return false;
	if (mount("tmpfs", folder, "tmpfs", MS_NODEV | flags, options) < 0)
		return error_set_errno(err, errno, "%s", folder);
	return true;
}

/*
 * What containers can write to without end is never in /run itself, which init needs, and takes at
 * most seven eighths of the memory there is: files in memory cannot be reclaimed, and a container
 * that fills them would have others killed instead of seeing "no space left".
 */
static bool prepare_memory(struct guest *guest, struct error *err)
{
	uint64_t available = machine_available_bytes();
	uint64_t shared = available / 4 < MOST_SHM ? available / 4 : MOST_SHM;
	AUTO_FREE char *shm = xasprintf("mode=1777,size=%" PRIu64, shared);
	AUTO_FREE char *tops = xasprintf("mode=0755,size=%" PRIu64, available / 8 * 5);
	if (!mount_memory("/run/i2kit/shm", MS_NOSUID | MS_NOEXEC, shm, err) ||
	    !mount_memory(NETWORK_FILES, MS_NOSUID | MS_NOEXEC, "mode=0755,size=1m", err) ||
	    !mount_memory(CONTAINER_MESSAGES, MS_NOSUID | MS_NOEXEC, "mode=0700,size=1m", err) ||
	    !path_make_folders("/run/config", 0755, err))
		return false;
	if (guest->release.scratch_serial == NULL)
		return mount_memory(ROOTFS_TOPS, 0, tops, err);
	const struct scratch_disk scratch = {.serial = guest->release.scratch_serial,
					     .size_bytes = guest->release.scratch_bytes,
					     .has_quota = volumes_have_quota(&guest->release)};
	return path_make_folders(ROOTFS_TOPS, 0755, err) &&
	       scratch_disk_mount(&scratch, ROOTFS_TOPS, err);
}

static void set_names(struct guest *guest)
{
	const struct release *release = &guest->release;
	const char *name = release->hostname != NULL   ? release->hostname
			   : release->instance != NULL ? release->instance
						       : guest->pod.pod;
	guest->hostname = xstrndup(name, 63);
	if (sethostname(guest->hostname, strlen(guest->hostname)) < 0)
		say("hostname %s: %s", guest->hostname, strerror(errno));
	guest->address = network_plain_address(&release->network);
	guest->facts = (struct env_facts){.address = guest->address,
					  .hostname = guest->hostname,
					  .memory_bytes = machine_memory_bytes(),
					  .cpu_count = (unsigned)get_nprocs()};
}

/*
 * Before anything else of a release. A guest that goes on from a template does not begin without:
 * its random numbers would be those of its siblings.
 */
static bool take_clock_and_entropy(struct guest *guest, const struct release *release,
				   struct error *err)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	uint8_t *bytes = NULL;
	size_t size = 0;
	machine_set_wall_ns(release->time_ns);
	bool is_given = release->entropy != NULL &&
			base64_decode(release->entropy, strlen(release->entropy), &bytes, &size);
	bool is_good = is_given ? machine_add_entropy(bytes, size, &problem)
				: error_set(&problem, ERROR_INVALID, "the host sent no entropy");
	free(bytes);
	if (is_good || !guest->is_template)
		return true;
	return error_set(err, problem.kind, "a VM of a template cannot part from it: %s",
			 problem.message);
}

static bool has_limits(const struct pod_image *pod)
{
	for (size_t i = 0; i < pod->container_count; i++) {
		if (pod->containers[i].memory_limit_bytes == 0)
			return false;
	}
	return true;
}

/* In a cloud its own servers know the names, but for those outside of the project. */
static void start_names(struct guest *guest)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	const char *where = guest->release.where;
	bool is_local = where != NULL && strcmp(where, "local") == 0;

	if (guest->names != NULL || (!is_local && guest->release.hosts.count == 0))
		return;
	guest->names = name_server_start(guest->loop, &problem);
	if (guest->names == NULL)
		say("%s; names are in /etc/hosts alone", problem.message);
}

bool guest_write_names(struct guest *guest, struct error *err)
{
	start_names(guest);
	if (guest->names != NULL)
		name_server_use(guest->names, &guest->release.hosts, &guest->release.network.dns);
	return network_write_files(&guest->release, guest->hostname,
				   guest->names != NULL ? NAME_SERVER_ADDRESS : NULL, err);
}

/* Here there is no such service, and no need of the slower half. */
static bool fence_metadata(const struct guest *guest, struct error *err)
{
	bool is_local = guest->release.where == NULL || strcmp(guest->release.where, "local") == 0;
	if (!metadata_fence_start(CONTAINER_CGROUP, err))
		return false;
	AUTO_FREE char *interface = is_local ? NULL : network_find_interface(NULL);
	if (interface == NULL)
		return true;
	(void)machine_load_by_name("", "sch_ingress");
	(void)machine_load_by_name("", "cls_bpf");
	return metadata_fence_guard(interface, err);
}

static bool prepare_pod(struct guest *guest, struct error *err)
{
	if (!guest->release.network.is_dhcp && !network_configure(&guest->release.network, err))
		return error_prefix(err, "network");
	set_names(guest);
	events_boot(guest->events, "network");
	modprobe_enable(&guest->pod);
	set_sysctls(&guest->pod);
	machine_keep_reserve(has_limits(&guest->pod));
	struct volume_place plan = guest_volume_plan(guest);
	return fence_metadata(guest, err) && prepare_memory(guest, err) &&
	       guest_write_names(guest, err) && volumes_prepare(&plan, err);
}

void guest_start_pod(struct guest *guest)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const char *run = guest->release.run_container;
	bool is_run_there = run == NULL || pod_keep_run(&guest->pod, run, &err);
	guest->kubelet = kubelet_new(&guest->pod);
	guest->containers = xcalloc(guest->pod.container_count, sizeof(struct container *));
	for (size_t i = 0; i < guest->pod.container_count; i++)
		guest->containers[i] = container_new(guest, i);
	if (!is_run_there || !prepare_pod(guest, &err)) {
		AUTO_FREE char *message = err.hint != NULL
						  ? xasprintf("%s; %s", err.message, err.hint)
						  : xstrdup(err.message);
		say("the pod cannot be prepared: %s", message);
		guest->failure = xstrdup(message);
		kubelet_fail(guest->kubelet, clock_monotonic_ms(), "PrepareError", message);
	} else {
		tunnel_table_listen(guest->tunnels, &guest->release);
		guest->storage = storage_watch_new(guest);
		memory_watch_start(guest);
		guest->is_held = guest->release.is_held;
		if (!guest->is_held)
			kubelet_begin(guest->kubelet, clock_monotonic_ms());
	}
	guest_advance(guest);
}

/* What the pod waited for has come. Its VM, its volumes and its names are there already. */
static void let_go(struct guest *guest)
{
	if (!guest->is_held || guest->release.is_held)
		return;
	guest->is_held = false;
	kubelet_begin(guest->kubelet, clock_monotonic_ms());
	guest_advance(guest);
}

/* Only what may change while the pod runs: names, and files of maps and secrets. */
static void update_release(struct guest *guest, struct release *fresh)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct release old = guest->release;
	guest->release = *fresh;
	*fresh = old; /* freed by the caller */
	machine_set_wall_ns(guest->release.time_ns);
	tunnel_table_listen(guest->tunnels, &guest->release);
	struct volume_place plan = guest_volume_plan(guest);
	if (!guest_write_names(guest, &err) || !volumes_update(&plan, &err))
		say("new release: %s", err.message);
	let_go(guest);
}

/* Nothing runs yet, and nothing will: the host is to know why instead of waiting. */
static void refuse_first(struct guest *guest, const char *message)
{
	if (guest->has_release || guest->kubelet != NULL)
		return;
	guest->kubelet = kubelet_new(&guest->pod);
	kubelet_fail(guest->kubelet, clock_monotonic_ms(), "ReleaseError", message);
	guest_advance(guest);
}

void guest_take_release(struct guest *guest, const void *bytes, size_t size)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(release_clear) struct release release = {0};
	if (!release_document_read(bytes, size, &release, &err)) {
		say("%s", err.message);
		refuse_first(guest, err.message);
		return;
	}
	if (!guest->has_release && guest->kubelet != NULL)
		return; /* it ends already */
	if (!guest->has_release && !take_clock_and_entropy(guest, &release, &err)) {
		say("%s", err.message);
		machine_power_off();
		return;
	}
	(void)mkdir("/run/config", 0755);
	if (!file_write_atomic("/run/config/release.json", bytes, size, 0600, &err))
		say("%s", err.message);
	if (guest->has_release) {
		update_release(guest, &release);
		return;
	}
	guest->release = release;
	release = (struct release){0};
	guest->has_release = true;
	events_boot(guest->events, "release");
	if (guest->release.network.is_dhcp)
		uplink_want_lease(guest->uplink);
	else
		guest_start_pod(guest);
}
