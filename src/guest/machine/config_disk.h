/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_CONFIG_DISK_H
#define I2KIT_GUEST_MACHINE_CONFIG_DISK_H

#include <stddef.h>

#include "base/error.h"

/*
 * The release document from a disk labelled cidata (file user-data) or config-2 (file
 * openstack/latest/user_data or ec2/latest/user-data). *ret owned. ERROR_NOT_FOUND: no such disk.
 */
MUST_CHECK bool config_disk_read(char **ret, size_t *ret_size, struct error *err);

#endif
