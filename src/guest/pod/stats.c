/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "base/parse.h"
#include "base/path.h"
#include "guest/machine/network.h"
#include "guest/pod/container.h"
#include "wire/stats.h"

#define LEAST_MS 100

struct stats {
	struct guest *guest;
	struct loop_timer *timer;
	uint32_t interval_ms; /* 0: off */
};

/* The number after `key` at the start of a line of a file, 0 where it is not. */
static uint64_t number_after(const char *text, const char *key)
{
	size_t size = strlen(key);
	for (const char *line = text; line != NULL && *line != '\0';) {
		if (strncmp(line, key, size) == 0) {
			const char *at = line + size + strspn(line + size, " \t");
			AUTO_FREE char *digits = xstrndup(at, strspn(at, "0123456789"));
			uint64_t value = 0;
			return parse_u64(digits, 0, UINT64_MAX, &value) ? value : 0;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return 0;
}

static char *read_text(const char *path)
{
	char *text = NULL;
	return file_read(path, 65536, &text, NULL, NULL) ? text : xstrdup("");
}

static char *read_cgroup(const char *container, const char *file)
{
	AUTO_FREE char *path = xasprintf("%s/%s/%s", CONTAINER_CGROUP, container, file);
	return read_text(path);
}

/* io.stat has one line per device: "253:0 rbytes=… wbytes=… …". */
static uint64_t sum_of(const char *text, const char *key)
{
	uint64_t sum = 0;
	for (const char *at = strstr(text, key); at != NULL; at = strstr(at, key)) {
		at += strlen(key);
		AUTO_FREE char *digits = xstrndup(at, strspn(at, "0123456789"));
		uint64_t value = 0;
		if (parse_u64(digits, 0, UINT64_MAX, &value))
			sum += value;
	}
	return sum;
}

static void fill_container(const char *name, struct guest_container_stats *ret)
{
	AUTO_FREE char *cpu = read_cgroup(name, "cpu.stat");
	AUTO_FREE char *memory = read_cgroup(name, "memory.current");
	AUTO_FREE char *io = read_cgroup(name, "io.stat");
	AUTO_FREE char *pids = read_cgroup(name, "pids.current");
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->cpu_usec = number_after(cpu, "usage_usec");
	ret->memory_bytes = number_after(memory, "");
	ret->read_bytes = sum_of(io, "rbytes=");
	ret->write_bytes = sum_of(io, "wbytes=");
	ret->pids = number_after(pids, "");
}

static void fill_memory(struct guest_stats *ret)
{
	AUTO_FREE char *text = read_text("/proc/meminfo");
	uint64_t total = number_after(text, "MemTotal:") * 1024;
	uint64_t available = number_after(text, "MemAvailable:") * 1024;
	ret->memory_total_bytes = total;
	ret->memory_available_bytes = available;
	ret->memory_used_bytes = total > available ? total - available : 0;
}

static void fill_network(struct guest_stats *ret)
{
	AUTO_FREE char *interface = network_find_interface(NULL);
	AUTO_FREE char *received = xasprintf("/sys/class/net/%s/statistics/rx_bytes",
					     interface != NULL ? interface : "lo");
	AUTO_FREE char *sent = xasprintf("/sys/class/net/%s/statistics/tx_bytes",
					 interface != NULL ? interface : "lo");
	AUTO_FREE char *rx = read_text(received);
	AUTO_FREE char *tx = read_text(sent);
	ret->rx_bytes = number_after(rx, "");
	ret->tx_bytes = number_after(tx, "");
}

static void send_stats(struct stats *stats)
{
	struct guest *guest = stats->guest;
	AUTO(guest_stats_clear) struct guest_stats now = {.time_ns = clock_wall_ns()};
	(void)getloadavg(&now.load1, 1);
	for (size_t i = 0; guest->kubelet != NULL && i < guest->pod.container_count; i++) {
		if (kubelet_is_running(guest->kubelet, i))
			fill_container(guest->pod.containers[i].name,
				       ARRAY_APPEND(now.containers, now.container_count));
	}
	fill_memory(&now);
	fill_network(&now);
	AUTO_FREE char *text = guest_stats_write(&now);
	if (channel_is_up(guest->channel) && !channel_is_full(guest->channel))
		channel_send_text(guest->channel, WIRE_STATS, 0, text);
}

static void on_timer(struct loop_timer *timer, void *arg)
{
	struct stats *stats = arg;
	send_stats(stats);
	loop_timer_set(timer, stats->interval_ms);
}

struct stats *stats_new(struct guest *guest)
{
	struct stats *stats = xcalloc(1, sizeof(*stats));
	stats->guest = guest;
	stats->timer = loop_add_timer(guest->loop, 1000, on_timer, stats);
	loop_timer_cancel(stats->timer);
	return stats;
}

void stats_request(struct stats *stats, uint32_t interval_ms)
{
	stats->interval_ms = interval_ms > 0 && interval_ms < LEAST_MS ? LEAST_MS : interval_ms;
	if (stats->interval_ms == 0) {
		stats_stop(stats);
		return;
	}
	send_stats(stats);
	loop_timer_set(stats->timer, stats->interval_ms);
}

void stats_stop(struct stats *stats)
{
	stats->interval_ms = 0;
	loop_timer_cancel(stats->timer);
}
