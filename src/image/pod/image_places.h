/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_IMAGE_PLACES_H
#define I2KIT_IMAGE_POD_IMAGE_PLACES_H

/* Where the process that reads images reads and writes: what its fence (base/fence.h) is given. */

#include "image/pod/image_process.h"

struct image_places {
	struct string_list writes;   /* i2kit's own folders, the lock file's */
	struct string_list reads;    /* the base, the images of this machine and what links in them
				      lead to, registries' settings */
	struct string_list programs; /* gpgv, where a policy asks for OpenPGP */
	bool has_daemon;	     /* docker-daemon: is a socket */
};
void image_places_clear(struct image_places *places);

MUST_CHECK bool image_places_find(const struct image_process *process, struct image_places *ret,
				  struct error *err);

#endif
