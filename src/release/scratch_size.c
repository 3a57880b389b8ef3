/* SPDX-License-Identifier: Apache-2.0 */
#include "release/scratch_size.h"

#define MIB	      ((uint64_t)1 << 20)
#define DEFAULT_BYTES ((uint64_t)10 << 30)
#define LEAST_BYTES   (16 * MIB) /* ext4 has hardly room in less */

/* What containers say; those that run side by side are added. */
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

static void add_container(struct room *room, const struct resources *resources)
{
	if (resources->has_ephemeral_limit) {
		room->limited_bytes = add(room->limited_bytes, resources->ephemeral_limit_bytes);
		return;
	}
	room->is_open = true;
	room->requested_bytes = add(room->requested_bytes, resources->ephemeral_request_bytes);
}

static uint64_t empty_dir_bytes(const struct pod_spec *pod)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume *volume = &pod->volumes[i];
		if (volume->kind == VOLUME_EMPTY_DIR && !volume->is_memory)
			bytes = add(bytes, volume->size_limit_bytes);
	}
	return bytes;
}

static uint64_t room_bytes(const struct room *room, uint64_t empty_dirs)
{
	if (!room->is_open)
		return room->limited_bytes;
	return add(add(room->limited_bytes, most(DEFAULT_BYTES, room->requested_bytes)),
		   empty_dirs);
}

uint64_t scratch_size(const struct pod_spec *pod)
{
	const uint64_t most_bytes = (uint64_t)INT64_MAX & ~(MIB - 1);
	uint64_t empty_dirs = empty_dir_bytes(pod);
	uint64_t bytes = 0;
	struct room beside = {0};

	for (size_t i = 0; i < pod->container_count; i++)
		add_container(&beside, &pod->containers[i].resources);
	for (size_t i = 0; i < pod->init_container_count; i++) {
		const struct container_spec *container = &pod->init_containers[i];
		struct room alone = {0};
		add_container(container->is_sidecar ? &beside : &alone, &container->resources);
		if (!container->is_sidecar)
			bytes = most(bytes,
				     alone.is_open ? alone.requested_bytes : alone.limited_bytes);
	}
	bytes = most(bytes, room_bytes(&beside, empty_dirs));
	if (bytes == 0)
		return 0;
	return bytes >= most_bytes ? most_bytes : (most(bytes, LEAST_BYTES) + MIB - 1) & ~(MIB - 1);
}
