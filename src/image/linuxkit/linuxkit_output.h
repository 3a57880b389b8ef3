/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_OUTPUT_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_OUTPUT_H

/* A file that appears under its name when it is whole. */

#include "base/error.h"

struct linuxkit_output {
	char *path;	 /* owned */
	char *temporary; /* owned, or NULL once committed */
	int fd;
};
#define LINUXKIT_OUTPUT_INIT ((struct linuxkit_output){.fd = -1})
MUST_CHECK bool linuxkit_output_open(const char *path, struct linuxkit_output *ret,
				     struct error *err);
MUST_CHECK bool linuxkit_output_commit(struct linuxkit_output *output, struct error *err);
void linuxkit_output_clear(struct linuxkit_output *output);

#endif
