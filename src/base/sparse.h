/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_SPARSE_H
#define I2KIT_BASE_SPARSE_H

#include <stdbool.h>

#include "base/error.h"

/* All of a file into an empty one, whose size becomes the same; holes stay holes. */
MUST_CHECK bool fd_copy_sparse(int from, int to, struct error *err);

#endif
