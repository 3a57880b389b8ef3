/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/supervisor_watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "local/agent/agent.h"
#include "local/logs/log_store.h"
#include "local/supervisor/hypervisor.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/instance_agent.h"
#include "local/supervisor/lifecycle.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/supervisor/worker.h"

enum { LOOK_MS = 2000, STALL_MS = 5000, SAVE_MS = 1000, MAX_SAVES = 64 };
#define ENOUGH_BYTES ((uint64_t)64 << 20)
#define FAR_AWAY_S   ((time_t)1 << 40)

struct watch {
	struct supervisor *supervisor;
	int clock_fd;
	struct loop_fd *clock;
	struct loop_timer *look;
	struct loop_timer *beat;
	struct loop_timer *save;
	uint64_t beat_ms; /* when it is due */
};

/* A timer that never ends but for its side: the kernel wakes it when somebody sets the clock. */
static void arm_clock(const struct watch *watch)
{
	const struct itimerspec never = {.it_value.tv_sec = FAR_AWAY_S};

	if (timerfd_settime(watch->clock_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
			    NULL) < 0)
		log_verbose("the clock cannot be watched");
}

static void send_time(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct agent *agent = supervisor->instances[i]->agent;
		if (agent != NULL && agent_is_up(agent) &&
		    !agent_send_time(agent, clock_wall_ns(), NULL))
			log_verbose("the time was not sent");
	}
}

/* The clock was set, or the host slept: guests go by ours. */
static void on_clock(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct watch *watch = arg;
	struct supervisor *supervisor = watch->supervisor;
	uint64_t ignored;

	(void)source;
	(void)events;
	if (read(fd, &ignored, sizeof(ignored)) < 0 && errno != ECANCELED)
		return;
	arm_clock(watch);
	send_time(supervisor);
	supervisor_say(supervisor, false, "ClockSet", supervisor->project,
		       "this machine's clock jumped; the pods' follow");
}

/* Asks each guest whether it lives, and sees to those that do not or do not get on. */
static void check_health(struct instance *instance)
{
	struct lifecycle_facts facts;

	instance->unanswered = instance->agent != NULL ? agent_ping(instance->agent) : 0;
	instance_get_facts(instance, &facts);
	enum lifecycle_health health = lifecycle_health(&facts);
	if (health == LIFECYCLE_LATE) {
		instance_end(instance, instance->is_greeted
					       ? "its guest spoke, but started no container in time"
					       : "nothing was heard of its guest in time");
		return;
	}
	if (health == LIFECYCLE_HUNG) {
		instance_end(instance, "its guest hangs: it did not answer for 45 s");
		return;
	}
	if (instance->is_silent != (health == LIFECYCLE_SILENT)) {
		instance->is_silent = health == LIFECYCLE_SILENT;
		instance_update_ready(instance);
		supervisor_changed(instance->supervisor);
	}
}

/*
 * Nobody sets a clock when processes are stopped and go on later, as a frozen control group's are.
 * A guest that did not run for some seconds has lost them: its timer has wrapped.
 */
static void on_beat(struct loop_timer *timer, void *arg)
{
	struct watch *watch = arg;
	struct supervisor *supervisor = watch->supervisor;
	uint64_t now_ms = clock_monotonic_ms();

	if (now_ms > watch->beat_ms + STALL_MS) {
		send_time(supervisor);
		supervisor_say(supervisor, false, "ClockSet", supervisor->project,
			       "this machine stood still for %llu s; the pods' clocks are set",
			       (unsigned long long)(now_ms - watch->beat_ms) / 1000);
	}
	for (size_t i = supervisor->instance_count; i-- > 0;)
		check_health(supervisor->instances[i]);
	watch->beat_ms = now_ms + LIFECYCLE_PING_MS;
	loop_timer_set(timer, LIFECYCLE_PING_MS);
}

/* Disks of volumes and scratch lie below these two. */
static bool has_room(const char *folder)
{
	struct statvfs room;

	return statvfs(folder, &room) < 0 ||
	       (uint64_t)room.f_bavail * room.f_frsize >= ENOUGH_BYTES;
}

static void on_resumed(struct error *err_or_null, void *arg)
{
	struct supervisor *supervisor = arg;

	/* The next view shows which of them go on. */
	if (err_or_null != NULL)
		log_verbose("%s", err_or_null->message);
	else
		supervisor_say(supervisor, false, "Resumed", supervisor->project,
			       "there is room on the disk again");
}

static void on_look(struct loop_timer *timer, void *arg)
{
	struct watch *watch = arg;
	struct supervisor *supervisor = watch->supervisor;
	AUTO_FREE char *below = path_join("volumes", supervisor->project);
	AUTO_FREE char *volumes = path_folder(PATH_DATA, below);
	AUTO_FREE char *state = path_folder(PATH_STATE, "projects");
	bool is_roomy = hypervisor_is_connected(supervisor->hypervisor) && has_room(volumes) &&
			has_room(state);
	bool has_paused = false;

	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct instance *instance = supervisor->instances[i];
		if (instance->is_paused && is_roomy)
			hypervisor_resume(supervisor->hypervisor, instance->status.uuid, on_resumed,
					  supervisor);
		has_paused = has_paused || instance->is_paused;
	}
	if (has_paused)
		loop_timer_set(timer, LOOK_MS);
}

void watch_paused(struct supervisor *supervisor, struct instance *instance)
{
	if (!instance->is_paused)
		supervisor_say(
			supervisor, true, "Paused", instance->status.name,
			"its disk cannot be written: this machine's disk is full or broken; it "
			"goes on by itself when there are 64 MiB free");
	instance->is_paused = true;
	loop_timer_set(supervisor->watch->look, LOOK_MS);
}

static bool run_save(void *arg, struct error *err)
{
	(void)err;
	log_unsaved_write(arg);
	return true;
}

static void on_saved(void *arg, struct error *err)
{
	struct log_unsaved *unsaved = arg;
	(void)err;

	log_unsaved_clear(unsaved);
	free(unsaved);
}

/* What guests cause is saved once a second, on a thread: syncing is the disk's pace, not ours. */
static void on_save(struct loop_timer *timer, void *arg)
{
	struct watch *watch = arg;
	struct log_unsaved unsaved;

	/* The one thread writes one after another: what is newer is never overtaken. */
	while (worker_pending(watch->supervisor->worker) < MAX_SAVES &&
	       log_store_take_unsaved(watch->supervisor->logs, &unsaved)) {
		struct log_unsaved *job = xcalloc(1, sizeof(*job));
		*job = unsaved;
		worker_submit(watch->supervisor->worker, run_save, on_saved, job);
	}
	loop_timer_set(timer, SAVE_MS);
}

struct watch *watch_new(struct supervisor *supervisor)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	watch->supervisor = supervisor;
	watch->look = loop_add_timer(supervisor->loop, LOOK_MS, on_look, watch);
	watch->beat = loop_add_timer(supervisor->loop, LIFECYCLE_PING_MS, on_beat, watch);
	watch->save = loop_add_timer(supervisor->loop, SAVE_MS, on_save, watch);
	watch->beat_ms = clock_monotonic_ms() + LIFECYCLE_PING_MS;
	watch->clock_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (watch->clock_fd >= 0) {
		watch->clock =
			loop_add_fd(supervisor->loop, watch->clock_fd, LOOP_READ, on_clock, watch);
		arm_clock(watch);
	}
	return watch;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	loop_fd_remove(watch->clock);
	auto_close(&watch->clock_fd);
	loop_timer_remove(watch->look);
	loop_timer_remove(watch->beat);
	loop_timer_remove(watch->save);
	free(watch);
}
