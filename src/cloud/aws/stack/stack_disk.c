/* SPDX-License-Identifier: Apache-2.0 */
/* The disks that an instance brings with it and takes along. */
#include "cloud/aws/stack/stack_disk.h"

#include <inttypes.h>

#include "base/json_writer.h"
#include "cloud/aws/disk/ami.h"
#include "cloud/aws/stack/template_writer.h"
#include "manifest/pod_room.h"

#define BYTES_PER_GIB (UINT64_C(1) << 30)
#define MAX_GIB	      16384 /* of gp3 */

uint64_t stack_scratch_gib(const struct pod_spec *pod)
{
	uint64_t bytes = pod_room_bytes(pod);
	return bytes / BYTES_PER_GIB + (bytes % BYTES_PER_GIB != 0);
}

bool stack_check_disks(const struct pod_spec *pod, struct error *err)
{
	uint64_t gib = stack_scratch_gib(pod);
	if (gib <= MAX_GIB)
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "pod '%s': its containers ask for %" PRIu64
		  " GiB of ephemeral-storage together; gp3 has %d at most",
		  pod->name, gib, MAX_GIB);
	return error_hint(err, "use a claim");
}

/* What an image's own mapping does not say: its snapshot need not be encrypted, the disk is. */
static void write_root(struct json_writer *json, const char *kms_key)
{
	json_open_object(json, NULL);
	json_write_text(json, "DeviceName", AMI_ROOT_DEVICE);
	json_open_object(json, "Ebs");
	json_write_bool(json, "Encrypted", true);
	json_write_text(json, "KmsKeyId", kms_key);
	json_close(json);
	json_close(json);
}

/* The guest formats it at its first boot, and it goes with the instance. */
static void write_scratch(struct json_writer *json, uint64_t gib, const char *kms_key)
{
	json_open_object(json, NULL);
	json_write_text(json, "DeviceName", STACK_SCRATCH_DEVICE);
	json_open_object(json, "Ebs");
	json_write_unsigned(json, "VolumeSize", gib);
	json_write_text(json, "VolumeType", "gp3");
	json_write_bool(json, "Encrypted", true);
	json_write_text_if(json, "KmsKeyId", kms_key);
	json_write_bool(json, "DeleteOnTermination", true);
	json_close(json);
	json_close(json);
}

void stack_write_disks(struct template_writer *writer, const struct pod_spec *pod)
{
	uint64_t gib = stack_scratch_gib(pod);
	json_open_list(&writer->json, "BlockDeviceMappings");
	if (writer->target->kms_key != NULL)
		write_root(&writer->json, writer->target->kms_key);
	if (gib > 0)
		write_scratch(&writer->json, gib, writer->target->kms_key);
	json_close_if_filled(&writer->json);
}
