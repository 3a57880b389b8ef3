/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/disk/snapshot.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "cloud/aws/client/xml.h"

#define TIMEOUT_MINUTES 720 /* the default hour is too short for a slow uplink */
#define POLL_MS		2000
#define WAIT_MS		(20 * 60 * 1000)
#define COMPLETED_TWICE 2 /* one answer may come from a replica that is ahead of the others */

bool snapshot_id_is_valid(const char *id)
{
	return id != NULL && strncmp(id, "snap-", 5) == 0 && strlen(id) <= 64 && id[5] != '\0' &&
	       id[5 + strspn(id + 5, "0123456789abcdef")] == '\0';
}

static json_t *tag(const char *key, const char *value)
{
	return json_pack("{s:s, s:s}", "Key", key, "Value", value);
}

static char *start_body(const struct snapshot_start *start)
{
	AUTO_FREE char *name = xasprintf("i2kit %s/%s", start->project, start->pod);
	json_t *tags =
		json_pack("[o, o, o, o]", tag("Name", name), tag("i2kit:project", start->project),
			  tag("i2kit:pod", start->pod), tag("i2kit:image-sha256", start->digest));
	AUTO_FREE char *description = xasprintf("%s %s", name, start->digest);
	json_t *body = json_pack("{s:i, s:s, s:o, s:s, s:i}", "VolumeSize", (int)start->volume_gib,
				 "Description", description, "Tags", tags, "ClientToken",
				 start->token, "Timeout", TIMEOUT_MINUTES);
	if (start->parent != NULL)
		json_object_set_new(body, "ParentSnapshotId", json_string(start->parent));
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

static bool read_start(const struct aws_answer *answer, char **ret_id, struct error *err)
{
	json_t *root =
		json_loadb(answer->body != NULL ? answer->body : "", answer->body_size, 0, NULL);
	const char *id = json_string_value(json_object_get(root, "SnapshotId"));
	json_int_t size = json_integer_value(json_object_get(root, "BlockSize"));
	bool is_good = snapshot_id_is_valid(id);
	if (is_good)
		*ret_id = xstrdup(id);
	json_decref(root);
	if (!is_good)
		return error_set(err, ERROR_INVALID, "StartSnapshot answered without a snapshot");
	if (size != (json_int_t)BLOCK_SIZE)
		log_verbose("EBS direct speaks of blocks of %lld bytes; only 524288 are allowed",
			    (long long)size);
	return true;
}

bool snapshot_start(struct aws_client *client, const struct snapshot_start *start, char **ret_id,
		    struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	AUTO_FREE char *body = start_body(start);
	struct aws_call call = {
		.service = &AWS_EBS,
		.action = "StartSnapshot",
		.path = "/snapshots",
		.headers = headers,
		.body = body,
		.body_size = strlen(body),
	};
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	return aws_client_call(client, &call, &answer, err) && read_start(&answer, ret_id, err);
}

/* Of the raw digests of all written blocks, one behind the other, by index. */
static char *linear_checksum(const struct block_map *written)
{
	struct sha256 *hash = sha256_new();
	for (size_t i = 0; i < written->count; i++)
		sha256_update(hash, written->blocks[i].digest, SHA256_SIZE);
	uint8_t raw[SHA256_SIZE];
	sha256_finish(hash, raw);
	sha256_free(hash);
	return base64_encode(raw, sizeof(raw));
}

bool snapshot_complete(struct aws_client *client, const char *id, const struct block_map *written,
		       struct error *err)
{
	AUTO_FREE char *checksum = linear_checksum(written);
	AUTO_FREE char *path = xasprintf("/snapshots/completion/%s", id);
	AUTO_FREE char *count = xasprintf("x-amz-ChangedBlocksCount: %zu", written->count);
	AUTO_FREE char *sum = xasprintf("x-amz-Checksum: %s", checksum);
	/* Nothing written (a disk equal to its parent): there is nothing to sum up either. */
	const char *with_sum[] = {count, sum, "x-amz-Checksum-Algorithm: SHA256",
				  "x-amz-Checksum-Aggregation-Method: LINEAR", NULL};
	const char *without_sum[] = {count, NULL};
	struct aws_call call = {
		.service = &AWS_EBS,
		.action = "CompleteSnapshot",
		.path = path,
		.headers = written->count > 0 ? with_sum : without_sum,
	};
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	return aws_client_call(client, &call, &answer, err);
}

bool snapshot_get_state(struct aws_client *client, const char *id, enum snapshot_state *ret,
			struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeSnapshots");
	aws_query_add(&query, "SnapshotId.1", id);
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, &failure);
	if (root == NULL && aws_code_is(&answer, "InvalidSnapshot.NotFound")) {
		*ret = SNAPSHOT_ABSENT;
		return true;
	}
	if (root == NULL)
		return error_move(err, &failure);
	const char *state = xml_text(root, "snapshotSet/item/status");
	if (state == NULL)
		*ret = SNAPSHOT_ABSENT;
	else if (strcmp(state, "completed") == 0)
		*ret = SNAPSHOT_COMPLETED;
	else if (strcmp(state, "error") == 0)
		*ret = SNAPSHOT_ERROR;
	else
		*ret = SNAPSHOT_PENDING;
	return true;
}

bool snapshot_wait(struct aws_client *client, const char *id, const struct progress *progress,
		   struct error *err)
{
	uint64_t end = clock_monotonic_ms() + WAIT_MS;
	unsigned completed = 0;
	uint64_t pause = 250; /* small snapshots are done at once */
	while (clock_monotonic_ms() < end) {
		enum snapshot_state state = SNAPSHOT_ABSENT;
		if (!snapshot_get_state(client, id, &state, err))
			return false;
		if (state == SNAPSHOT_ERROR)
			return error_set(err, ERROR_CORRUPT,
					 "AWS rejects the snapshot %s: what it received does not "
					 "match the checksums",
					 id);
		completed = state == SNAPSHOT_COMPLETED ? completed + 1 : 0;
		if (completed == COMPLETED_TWICE)
			return true;
		if (!aws_wait_ms(pause, progress, err))
			return false;
		pause = pause * 2 < POLL_MS ? pause * 2 : POLL_MS;
	}
	return error_set(err, ERROR_TIMEOUT, "the snapshot %s is not completed after 20 minutes",
			 id);
}

bool snapshot_delete(struct aws_client *client, const char *id, struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DeleteSnapshot");
	aws_query_add(&query, "SnapshotId", id);
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, &failure);
	if (root == NULL && !aws_code_is(&answer, "InvalidSnapshot.NotFound"))
		return error_move(err, &failure);
	return true;
}
