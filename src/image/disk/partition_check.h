/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_PARTITION_CHECK_H
#define I2KIT_IMAGE_DISK_PARTITION_CHECK_H

#include "base/error.h"
#include "image/disk/toc.h"

/*
 * Whether each partition of a disk has the bytes that its table of contents says; ERROR_CORRUPT
 * names the first that has others. path is for messages.
 */
MUST_CHECK bool partition_check_all(int fd, const char *path, const struct toc *toc,
				    struct error *err);
/* The digest of a range of a file. */
MUST_CHECK bool partition_check_digest(int fd, const char *path, uint64_t offset, uint64_t size,
				       struct digest *ret, struct error *err);

#endif
