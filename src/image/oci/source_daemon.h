/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_SOURCE_DAEMON_H
#define I2KIT_IMAGE_OCI_SOURCE_DAEMON_H

/* Images of a Docker daemon on this machine. */

#include <stddef.h>

#include "base/error.h"

/* The image's id in a daemon's answer to GET …/images/NAME/json, owned; pure. */
MUST_CHECK bool daemon_parse_image(const char *text, size_t size, char **ret_id, struct error *err);

#endif
