/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/pod_room.h"

#define MIB	      ((uint64_t)1 << 20)
#define DEFAULT_BYTES ((uint64_t)10 << 30)
#define LEAST_BYTES   (16 * MIB) /* a file system has hardly room in less */

/* What containers that run side by side say. */
struct room {
	uint64_t limited_bytes;	  /* of those with a limit */
	uint64_t requested_bytes; /* of those without */
	bool is_open;		  /* one has none */
};

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void add_container(struct room *room, const struct container_spec *container)
{
	const struct resources *resources = &container->resources;

	if (resources->has_ephemeral_limit) {
		room->limited_bytes = add(room->limited_bytes, resources->ephemeral_limit_bytes);
		return;
	}
	room->is_open = true;
	room->requested_bytes = add(room->requested_bytes, resources->ephemeral_request_bytes);
}

/* Of `ephemeral` claims, or of the others. */
static uint64_t empty_dir_bytes(const struct pod_spec *pod, bool is_claimed)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume *volume = &pod->volumes[i];
		if (volume->kind == VOLUME_EMPTY_DIR && !volume->is_memory &&
		    volume->is_claimed == is_claimed)
			bytes = add(bytes, volume->size_limit_bytes);
	}
	return bytes;
}

bool pod_room_has_quota(const struct pod_spec *pod)
{
	return empty_dir_bytes(pod, false) > 0 || empty_dir_bytes(pod, true) > 0;
}

/* The least that any of them has without saying so is the default of the containers proper. */
static uint64_t room_bytes(const struct room *room, uint64_t default_bytes)
{
	return room->is_open ? add(room->limited_bytes, most(default_bytes, room->requested_bytes))
			     : room->limited_bytes;
}

uint64_t pod_room_bytes(const struct pod_spec *pod)
{
	const uint64_t most_bytes = (uint64_t)INT64_MAX & ~(MIB - 1);
	uint64_t before = 0;
	struct room beside = {0};

	for (size_t i = 0; i < pod->init_container_count; i++) {
		struct room now = beside;
		add_container(&now, &pod->init_containers[i]);
		if (pod->init_containers[i].is_sidecar)
			beside = now;
		else
			before = most(before, room_bytes(&now, 0));
	}
	for (size_t i = 0; i < pod->container_count; i++)
		add_container(&beside, &pod->containers[i]);
	uint64_t bytes = room_bytes(&beside, DEFAULT_BYTES);
	bytes = most(before, beside.is_open ? add(bytes, empty_dir_bytes(pod, false)) : bytes);
	bytes = add(bytes, empty_dir_bytes(pod, true));
	if (bytes == 0)
		return 0;
	return bytes >= most_bytes ? most_bytes : (most(bytes, LEAST_BYTES) + MIB - 1) & ~(MIB - 1);
}
