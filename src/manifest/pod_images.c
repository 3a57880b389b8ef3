/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/pod_images.h"

#include "base/alloc.h"

size_t pod_images_count(const struct pod_spec *pod)
{
	size_t count = pod->init_container_count + pod->container_count;

	for (size_t i = 0; i < pod->volume_count; i++)
		count += pod->volumes[i].kind == VOLUME_IMAGE ? 1 : 0;
	return count;
}

static struct pod_image_use of_container(const struct container_spec *container)
{
	return (struct pod_image_use){.image = container->image,
				      .pull_policy = container->pull_policy,
				      .container = container};
}

struct pod_image_use pod_images_at(const struct pod_spec *pod, size_t index)
{
	if (index < pod->init_container_count)
		return of_container(&pod->init_containers[index]);
	index -= pod->init_container_count;
	if (index < pod->container_count)
		return of_container(&pod->containers[index]);
	index -= pod->container_count;
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume *volume = &pod->volumes[i];
		if (volume->kind == VOLUME_IMAGE && index-- == 0)
			return (struct pod_image_use){.image = volume->image,
						      .pull_policy = volume->pull_policy,
						      .volume = volume};
	}
	return (struct pod_image_use){0};
}

char *pod_image_use_name(const struct pod_image_use *use)
{
	return use->container != NULL ? xasprintf("container '%s'", use->container->name)
				      : xasprintf("volume '%s'", use->volume->name);
}
