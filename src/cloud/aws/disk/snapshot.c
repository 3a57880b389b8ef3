/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/disk/snapshot.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/xml.h"
#include "cloud/aws/client/answer.h"
#include "cloud/patience.h"

#define TIMEOUT_MINUTES 720 /* the default hour is too short for a slow uplink */
#define POLL_MS		2000
#define WAIT_MS		(20 * 60 * 1000)
#define COMPLETED_TWICE 2 /* one answer may come from a replica that is ahead of the others */

bool snapshot_id_is_valid(const char *id)
{
	return id != NULL && strncmp(id, "snap-", 5) == 0 && strlen(id) <= 64 && id[5] != '\0' &&
	       id[5 + strspn(id + 5, "0123456789abcdef")] == '\0';
}

static void write_tag(struct json_writer *json, const char *key, const char *value)
{
	json_open_object(json, NULL);
	json_write_text(json, "Key", key);
	json_write_text(json, "Value", value);
	json_close(json);
}

static void write_start(const struct snapshot_start *start, struct strbuf *body)
{
	AUTO_FREE char *name = xasprintf("i2kit %s/%s", start->project, start->pod);
	AUTO_FREE char *description = xasprintf("%s %s", name, DIGEST_TEXT(&start->digest));
	struct json_writer json = JSON_WRITER(body, 0);
	json_open_object(&json, NULL);
	json_write_unsigned(&json, "VolumeSize", start->volume_gib);
	json_write_text(&json, "Description", description);
	json_open_list(&json, "Tags");
	write_tag(&json, "Name", name);
	write_tag(&json, "i2kit:project", start->project);
	write_tag(&json, "i2kit:pod", start->pod);
	write_tag(&json, "i2kit:image-sha256", DIGEST_TEXT(&start->digest));
	json_close(&json);
	json_write_text(&json, "ClientToken", start->token);
	json_write_number(&json, "Timeout", TIMEOUT_MINUTES);
	json_write_text_if(&json, "ParentSnapshotId", start->parent);
	json_close(&json);
}

static bool read_start(const struct aws_answer *answer, char **ret_id, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = aws_answer_json(answer, "StartSnapshot", err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	const char *id = json_view_peek(json_view_get(root, "SnapshotId"));
	int64_t size = json_view_number(json_view_get(root, "BlockSize"), 0, INT64_MAX, 0);
	if (!snapshot_id_is_valid(id))
		return error_set(err, ERROR_INVALID, "StartSnapshot answered without a snapshot");
	if (size != BLOCK_SIZE)
		log_verbose("EBS direct speaks of blocks of %" PRId64 " bytes; only 524288 are "
			    "allowed",
			    size);
	*ret_id = xstrdup(id);
	return true;
}

bool snapshot_start(struct aws_client *client, const struct snapshot_start *start, char **ret_id,
		    struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	write_start(start, &body);
	struct aws_call call = {
		.service = &AWS_EBS,
		.action = "StartSnapshot",
		.path = "/snapshots",
		.headers = headers,
		.body = strbuf_text(&body),
		.body_size = body.size,
	};
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	return aws_client_call(client, &call, &answer, err) && read_start(&answer, ret_id, err);
}

/* Of the raw digests of all written blocks, one behind the other, by index. */
static char *linear_checksum(const struct block_map *written)
{
	struct sha256 *hash = sha256_new();
	for (size_t i = 0; i < written->count; i++)
		sha256_update(hash, written->blocks[i].digest.bytes, DIGEST_BYTES);
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
		if (!patience_wait_ms(pause, progress, err))
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
