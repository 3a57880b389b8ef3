/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/pod_room.h"

static uint64_t room_of(const struct container_spec *container)
{
	const struct resources *resources = &container->resources;
	return resources->ephemeral_limit_bytes > resources->ephemeral_request_bytes
		       ? resources->ephemeral_limit_bytes
		       : resources->ephemeral_request_bytes;
}

/* As Kubernetes counts: init containers run before the others, sidecars beside all of them. */
uint64_t pod_room_bytes(const struct pod_spec *pod)
{
	uint64_t beside = 0;
	uint64_t before = 0;
	uint64_t sum = 0;
	for (size_t i = 0; i < pod->init_container_count; i++) {
		uint64_t room = room_of(&pod->init_containers[i]);
		if (pod->init_containers[i].is_sidecar)
			beside += room;
		else if (room + beside > before)
			before = room + beside;
	}
	for (size_t i = 0; i < pod->container_count; i++)
		sum += room_of(&pod->containers[i]);
	return sum + beside > before ? sum + beside : before;
}
