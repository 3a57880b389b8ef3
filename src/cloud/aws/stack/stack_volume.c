/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as EBS volumes. One that is there is written as it was made: anything else replaces it. */
#include "cloud/aws/stack/stack_volume.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/template_writer.h"
#include "cloud/claims.h"
#include "manifest/app.h"

#define BYTES_PER_GIB (UINT64_C(1) << 30)
#define MAX_GIB	      16384 /* of gp3 */

const struct stack_volume *stack_find_volume(const struct stack_target *target, const char *claim)
{
	for (size_t i = 0; i < target->volume_count; i++)
		if (strcmp(target->volumes[i].claim, claim) == 0)
			return &target->volumes[i];
	return NULL;
}

char *stack_volume_id(const struct stack_target *target, const char *claim)
{
	const struct stack_volume *volume = stack_find_volume(target, claim);
	return volume != NULL ? xstrdup(volume->logical_id) : stack_logical_id(claim, "Volume");
}

static const char *restored_from(const struct stack_target *target, const char *claim)
{
	for (size_t i = 0; i < target->restore_count; i++)
		if (strcmp(target->restore[i].key, claim) == 0)
			return target->restore[i].value;
	return NULL;
}

static bool check_size(const struct pod_spec *pod, const struct cloud_claim *claim, uint64_t gib,
		       const struct stack_volume *before, struct error *err)
{
	if (gib > MAX_GIB)
		return error_set(err, ERROR_UNSUPPORTED,
				 "pod '%s': claim '%s' asks for %" PRIu64
				 " GiB; gp3 has %d at most",
				 pod->name, claim->name, gib, MAX_GIB);
	if (before == NULL || gib >= before->size_gib)
		return true;
	error_set(err, ERROR_INVALID,
		  "pod '%s': claim '%s' asks for %" PRIu64 " GiB and its volume has %" PRIu64
		  ": a volume does not shrink",
		  pod->name, claim->name, gib, before->size_gib);
	return error_hint(err,
			  "storage: %" PRIu64 "Gi; or copy the data to a claim of another name",
			  before->size_gib);
}

/* The zone as a parameter, so that it is told apart from the design. */
static void write_zone(struct template_writer *writer, const struct cloud_claim *claim,
		       const struct stack_volume *before)
{
	const struct stack_target *target = writer->target;
	if (target->vpc == NULL) {
		template_write_attribute(&writer->json, "AvailabilityZone", "SubnetA",
					 "AvailabilityZone");
		return;
	}
	AUTO_FREE char *id = stack_logical_id(claim->name, "VolumeZone");
	struct strbuf *out = &writer->parameters;
	strbuf_append(out, out->size > 0 ? "," : "");
	strbuf_append_json(out, id);
	strbuf_append_char(out, ':');
	struct json_writer json = JSON_WRITER(out, JSON_ASCII);
	json_open_object(&json, NULL);
	json_write_text(&json, "Type", "AWS::EC2::AvailabilityZone::Name");
	json_write_text(&json, "Default", before != NULL ? before->zone : target->subnets[0].zone);
	json_close(&json);
	template_write_ref(&writer->json, "AvailabilityZone", id);
}

static bool add_volume(struct template_writer *writer, const struct pod_spec *pod,
		       const struct cloud_claim *claim, struct error *err)
{
	const struct stack_target *target = writer->target;
	const struct stack_volume *before = stack_find_volume(target, claim->name);
	uint64_t gib = (claim->size_bytes + BYTES_PER_GIB - 1) / BYTES_PER_GIB;
	if (!check_size(pod, claim, gib, before, err))
		return false;
	AUTO_FREE char *id = stack_volume_id(target, claim->name);
	AUTO_FREE char *label = xasprintf("%s/%s", target->project, claim->name);
	struct json_writer *json = template_resource(writer, id, "AWS::EC2::Volume");
	json_write_text(json, "DeletionPolicy", "Snapshot");
	json_write_text(json, "UpdateReplacePolicy", "Snapshot");
	template_properties(writer);
	json_write_unsigned(json, "Size", gib);
	json_write_text(json, "VolumeType", "gp3");
	json_write_bool(json, "Encrypted", true);
	json_write_text_if(json, "KmsKeyId", before != NULL ? before->kms_key : target->kms_key);
	json_write_text_if(json, "SnapshotId",
			   before != NULL ? before->snapshot : restored_from(target, claim->name));
	write_zone(writer, claim, before);
	json_open_list(json, "Tags");
	template_write_tag(json, "Name", label);
	template_write_tag(json, "i2kit:project", target->project);
	template_write_tag(json, "i2kit:stack", target->stack);
	template_write_tag(json, "i2kit:pod", pod->name);
	template_write_tag(json, "i2kit:claim", claim->name);
	json_close(json);
	template_end(writer);
	return true;
}

bool stack_add_volumes(struct template_writer *writer, const struct pod_spec *pod,
		       const struct cloud_claim_list *claims, struct error *err)
{
	for (size_t i = 0; i < claims->count; i++)
		if (!add_volume(writer, pod, &claims->items[i], err))
			return false;
	return true;
}
