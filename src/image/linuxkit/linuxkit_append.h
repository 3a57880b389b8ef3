/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_APPEND_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_APPEND_H

/* Several LinuxKit documents as one. */

#include "base/error.h"

struct linuxkit_document;

/*
 * Adds a second document to a first one, as LinuxKit does with several files: what the second says
 * of the kernel replaces, lists go on. *from is empty after. An error where a service or a volume
 * is in both; *to is then of no use.
 */
MUST_CHECK bool linuxkit_document_append(struct linuxkit_document *to,
					 struct linuxkit_document *from, struct error *err);

#endif
