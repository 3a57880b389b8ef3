/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_SBOM_H
#define I2KIT_IMAGE_SBOM_SBOM_H

/*
 * What a pod's disk is made of: the base with its packages, the images of its containers and volumes, and the
 * packages that the databases in their layers name. A function of the disk's bytes alone, so it is
 * the same on every machine.
 */

#include <stddef.h>

#include "base/error.h"
#include "base/sha256.h"
#include "image/disk/toc.h"
#include "image/sbom/package.h"
#include "wire/pod_document.h"

/* What has no licence or version of its own kind: Debian's packages that the base is built of. */
struct base_package {
	char *name; /* owned, all */
	char *version;
	char *purl;
	char *licence; /* a sentence; or NULL */
	char *comment; /* what of it is in the base; or NULL */
};

struct sbom_image {
	char *name;	/* as the manifest has it; owned */
	char *digest;	/* of its manifest; or NULL */
	size_t *layers; /* indexes into the pod's; owned */
	size_t layer_count;
	struct distribution distribution;
	struct package_list packages;
	char *problem; /* why there are none, or not all: a sentence; or NULL */
};

struct sbom {
	struct digest digest; /* of the disk */
	uint64_t size;
	struct toc toc;
	struct pod_image pod;
	struct base_package *base; /* owned */
	size_t base_count;
	struct sbom_image *images; /* each image once, of containers, then of volumes; owned */
	size_t image_count;
};
void sbom_clear(struct sbom *sbom);

/* path names the disk in messages. Reads untrusted bytes: in a process of its own (sbom_make.h). */
MUST_CHECK bool sbom_read(int fd, const char *path, struct sbom *ret, struct error *err);

#endif
