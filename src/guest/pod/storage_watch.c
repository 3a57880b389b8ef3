/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/storage_watch.h"

#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "guest/channel/say.h"
#include "guest/machine/rootfs.h"

#define LOOK_MS 2000

struct place {
	char *path;
	char *volume; /* NULL: the containers' writable layers */
	bool is_full;
};

struct storage_watch {
	struct guest *guest;
	struct place *places;
	size_t count;
};

static void add(struct storage_watch *watch, char *path, const char *volume)
{
	struct place *place = ARRAY_APPEND(watch->places, watch->count);
	place->path = path;
	place->volume = xstrdup_or_null(volume);
}

static char *describe(const struct storage_watch *watch, const struct place *place,
		      uint64_t size_bytes)
{
	uint64_t mib = size_bytes >> 20;
	if (place->volume != NULL)
		return xasprintf("volume '%s' is full (%" PRIu64 " MiB): raise its size",
				 place->volume, mib);
	if (watch->guest->release.scratch_serial != NULL)
		return xasprintf("the pod's scratch disk is full (%" PRIu64 " MiB): raise "
				 "resources.limits.ephemeral-storage",
				 mib);
	return xasprintf("what containers may write outside volumes is full (%" PRIu64
			 " MiB of memory): resources.limits.ephemeral-storage gives it a disk",
			 mib);
}

bool storage_is_full(bool was_full, uint64_t size_bytes, uint64_t free_bytes)
{
	return free_bytes <= size_bytes / (was_full ? 20 : 100);
}

static void look_at(struct storage_watch *watch, struct place *place)
{
	struct statvfs status;
	if (statvfs(place->path, &status) < 0 || status.f_blocks == 0)
		return;
	uint64_t size = (uint64_t)status.f_blocks * status.f_frsize;
	uint64_t left = (uint64_t)status.f_bavail * status.f_frsize;
	bool has_names = status.f_files == 0 || status.f_ffree > 0;
	bool is_full = !has_names || storage_is_full(place->is_full, size, left);
	if (is_full == place->is_full)
		return;
	place->is_full = is_full;
	if (!is_full)
		return;
	AUTO_FREE char *text = describe(watch, place, size);
	say("%s", text);
	events_full(watch->guest->events, text);
}

void storage_watch_look(struct storage_watch *watch)
{
	for (size_t i = 0; watch != NULL && i < watch->count; i++)
		look_at(watch, &watch->places[i]);
}

static void on_look(struct loop_timer *timer, void *arg)
{
	storage_watch_look(arg);
	loop_timer_set(timer, LOOK_MS);
}

/* Claims and emptyDirs with a size: each fills on its own. */
static bool has_own_size(const struct volume_rule *volume)
{
	return (volume->kind == VOLUME_CLAIM && !volume->is_read_only) ||
	       (volume->kind == VOLUME_EMPTY_DIR &&
		(volume->is_memory || volume->size_limit_bytes > 0));
}

struct storage_watch *storage_watch_new(struct guest *guest)
{
	struct storage_watch *watch = xcalloc(1, sizeof(*watch));
	watch->guest = guest;
	add(watch, xstrdup(ROOTFS_TOPS), NULL);
	for (size_t i = 0; i < guest->release.volume_count; i++) {
		const struct volume_rule *volume = &guest->release.volumes[i];
		if (has_own_size(volume))
			add(watch, volumes_folder(volume->name), volume->name);
	}
	(void)loop_add_timer(guest->loop, LOOK_MS, on_look, watch);
	return watch;
}
