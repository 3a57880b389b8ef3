/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_BUNDLE_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_BUNDLE_H

/*
 * config.json (OCI runtime specification) and runtime.json (what LinuxKit's init does around it)
 * of one component: for each field the document's value, else that of the image's label
 * org.mobyproject.config, else the default. Pure. The rules are LinuxKit's but for two faults of it
 * that are not repeated: keys with inner capitals (kernelTCP, hostID) count, and a volume's name as
 * the source of `mounts` is resolved as it is in `binds`.
 */

#include "base/error.h"
#include "image/linuxkit/linuxkit_document.h"

struct linuxkit_bundle {
	char *config_json;  /* owned */
	char *runtime_json; /* owned */
	bool is_read_only;
};
void linuxkit_bundle_clear(struct linuxkit_bundle *bundle);

/*
 * path is the bundle's folder ("containers/onboot/000-dhcpcd"). root is where the image's files are
 * when another bundle has unpacked them already, or NULL: PATH/rootfs or, writable, PATH/lower.
 */
MUST_CHECK bool linuxkit_bundle_make(const struct linuxkit_document *document,
				     const struct linuxkit_component *component,
				     const char *image_config, const char *path, const char *root,
				     struct linuxkit_bundle *ret, struct error *err);

#endif
