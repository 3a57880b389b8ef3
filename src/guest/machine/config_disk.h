/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_CONFIG_DISK_H
#define I2KIT_GUEST_MACHINE_CONFIG_DISK_H

#include <stddef.h>

#include "base/error.h"

/* Where the files of OpenStack's configuration drive lie for the cloud agent: meta_data.json, user_data. */
#define CONFIG_DRIVE_FILES "/run/i2kit/config-drive"

/*
 * The release document from a disk labelled cidata (file user-data) or config-2 (file
 * openstack/latest/user_data or ec2/latest/user-data). *ret owned. ERROR_NOT_FOUND: no such disk.
 * may_wait: nobody else has a configuration, so drivers of CD-ROMs are loaded and given a moment.
 */
MUST_CHECK bool config_disk_read(bool may_wait, char **ret, size_t *ret_size, struct error *err);
/* Whether that disk was OpenStack's, and its files lie in CONFIG_DRIVE_FILES. */
bool config_disk_is_drive(void);

#endif
