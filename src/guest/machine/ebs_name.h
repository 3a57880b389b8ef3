/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_EBS_NAME_H
#define I2KIT_GUEST_MACHINE_EBS_NAME_H

/*
 * The device name that an EBS volume was attached under, "sdg". On NVMe the kernel's names say
 * nothing of it; the controller does, in the vendor's part of its identity: EC2 User Guide, "Map
 * Amazon EBS volumes to NVMe device names", and Amazon's ebsnvme-id.
 */

#include <stdbool.h>
#include <stdint.h>

#define NVME_IDENTITY_BYTES 4096
#define EBS_NAME_SIZE	    33

/* False: not one of Amazon's volumes, or it says no name. Pure. */
bool ebs_name_read(const uint8_t identity[NVME_IDENTITY_BYTES], char ret[EBS_NAME_SIZE]);

/* Whether the disk ("nvme1n1", "xvdg") is the volume attached as "/dev/sdg". */
bool ebs_name_is(const char *disk, const char *name);

#endif
