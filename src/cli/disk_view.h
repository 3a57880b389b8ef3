/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_DISK_VIEW_H
#define I2KIT_CLI_DISK_VIEW_H

#include "image/pod/image_build.h"

/* A line for a disk that was built: its pod, digest, size and where it is; or a JSON object. */
void disk_view_print(const char *pod, const struct disk_image *image, const char *path,
		     bool is_json);

#endif
