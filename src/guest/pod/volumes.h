/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_VOLUMES_H
#define I2KIT_GUEST_POD_VOLUMES_H

/*
 * The pod's volumes as folders under /run/i2kit/volumes/NAME: emptyDir, disks and shares mounted,
 * config maps and secrets written as files. Those have Kubernetes' shape (a `..data` link that is
 * swapped), so that an update is seen whole or not at all.
 */

#include "guest/documents/environment.h"
#include "guest/documents/mount_list.h"
#include "wire/pod_document.h"
#include "wire/request.h"

struct volume_place {
	const struct pod_image *pod;
	const struct release *release;
	const struct env_facts *facts;
};

/* Whether parts of the scratch disk are limited. */
bool volumes_have_quota(const struct release *release);
/* Makes every volume ready. */
MUST_CHECK bool volumes_prepare(const struct volume_place *plan, struct error *err);
/* Writes the files of config maps, secrets, downward and projected volumes anew. */
MUST_CHECK bool volumes_update(const struct volume_place *plan, struct error *err);
/* Unmounts the disks, so that their file systems are clean. */
void volumes_finish(const struct volume_place *plan);

/*
 * What one mount of a container shows, in ret->source and is_read_only: makes the subPath's folder
 * where it is missing, and binds it to `place`.
 */
MUST_CHECK bool volumes_resolve_mount(const struct volume_place *plan,
				      const struct mount_rule *rule,
				      const struct string_list *environment, const char *place,
				      struct oci_mount *ret, struct error *err);

/* One changed file of a pushed hostPath volume, and its content (none where it is deleted). */
/* Where a volume is; owned. */
char *volumes_folder(const char *volume);
MUST_CHECK bool volumes_push_file(const struct file_push *file, const void *bytes, size_t size,
				  struct error *err);

#endif
