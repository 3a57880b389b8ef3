/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/ebs_name.h"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define AMAZON	      0x1d0f /* PCI vendor */
#define MODEL	      "Amazon Elastic Block Store"
#define MODEL_AT      24
#define NAME_AT	      3072
#define IDENTIFY      0x06
#define OF_CONTROLLER 1

bool ebs_name_read(const uint8_t identity[NVME_IDENTITY_BYTES], char ret[EBS_NAME_SIZE])
{
	size_t size = 0;
	if ((identity[0] | identity[1] << 8) != AMAZON ||
	    memcmp(identity + MODEL_AT, MODEL, strlen(MODEL)) != 0)
		return false;
	const char *name = (const char *)identity + NAME_AT;
	if (strncmp(name, "/dev/", 5) == 0)
		name += 5;
	while (size < EBS_NAME_SIZE - 1 && name[size] > ' ' && name[size] <= '~')
		size++;
	memcpy(ret, name, size);
	ret[size] = '\0';
	return size > 0;
}

static bool identify(const char *disk, uint8_t identity[NVME_IDENTITY_BYTES])
{
	AUTO_FREE char *device = xasprintf("/dev/%s", disk);
	AUTO_CLOSE int fd = open(device, O_RDONLY | O_CLOEXEC);
	struct nvme_admin_cmd command = {.opcode = IDENTIFY,
					 .addr = (uintptr_t)identity,
					 .data_len = NVME_IDENTITY_BYTES,
					 .cdw10 = OF_CONTROLLER};
	return fd >= 0 && ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command) == 0;
}

bool ebs_name_is(const char *disk, const char *name)
{
	uint8_t identity[NVME_IDENTITY_BYTES] = {0};
	char found[EBS_NAME_SIZE];
	const char *plain = strncmp(name, "/dev/", 5) == 0 ? name + 5 : name;
	if (strchr(disk, 'p') != NULL)
		return false; /* a partition */
	/* Xen has xvdg for sdg. */
	if (strncmp(disk, "xvd", 3) == 0 && strncmp(plain, "sd", 2) == 0)
		return strcmp(disk + 3, plain + 2) == 0;
	return strncmp(disk, "nvme", 4) == 0 && identify(disk, identity) &&
	       ebs_name_read(identity, found) && strcmp(found, plain) == 0;
}
