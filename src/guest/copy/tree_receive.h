/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_COPY_TREE_RECEIVE_H
#define I2KIT_GUEST_COPY_TREE_RECEIVE_H

#include "base/error.h"

/*
 * Reads a tar from fd to its end and unpacks it into the working folder, which is a new one, and
 * nowhere else: no name, link or device in it leads out. ERROR_INVALID when its end is missing. What
 * is there after a failure is the caller's to remove.
 */
MUST_CHECK bool tree_receive(int fd, struct error *err);

#endif
