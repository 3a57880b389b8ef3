/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_BUILD_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_BUILD_H

/*
 * A LinuxKit document built as `linuxkit build` builds it: the same file tree. Where upstream is
 * not exact we are: opaque folders of layers are honoured, and an initrd has folders before what
 * is in them. Files get upstream's fixed time; the same document and images give the same bytes.
 */

#include "base/error.h"
#include "base/progress.h"
#include "image/disk/disk_image.h"
#include "image/linuxkit/linuxkit_document.h"
#include "image/oci/image_options.h"
#include "image/store/store.h"

enum linuxkit_format {
	LINUXKIT_TAR,		/* PREFIX.tar */
	LINUXKIT_RAW,		/* PREFIX.img: boots with BIOS and UEFI */
	LINUXKIT_KERNEL_INITRD, /* PREFIX-kernel, PREFIX-initrd.img, PREFIX-cmdline */
};
/* "tar" and "kernel+initrd" as upstream spells them; "raw". */
MUST_CHECK bool linuxkit_format_parse(const char *text, enum linuxkit_format *ret,
				      struct error *err);

struct linuxkit_build {
	struct store *store;
	const struct linuxkit_document *document;
	const struct image_options *images; /* pull policy, folder … */
	const char *folder;		    /* files[].source start here */
	const struct progress *progress;
};

/* Files appear whole or not at all; existing ones are replaced. */
MUST_CHECK bool linuxkit_build(const struct linuxkit_build *build, enum linuxkit_format format,
			       const char *prefix, struct error *err);

#endif
