/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_COPY_ADOPT_H
#define I2KIT_CLI_COPY_ADOPT_H

#include <stddef.h>

#include "base/error.h"

/*
 * Moves what a container sent from the private folder `from`, where it was unpacked, below `to` on
 * the same file system (made where missing). A container is not trusted: no link in `to` is
 * followed, so what an earlier copy left there leads nowhere; set-id bits go; devices, pipes and
 * sockets are left out and counted. `from` is empty or gone afterwards, apart from those.
 */
MUST_CHECK bool copy_adopt(const char *from, const char *to, size_t *ret_left_out,
			   struct error *err);

#endif
