/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/disk/ebs_verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/disk/block_pump.h"

#define PAGE_SIZE	"10000"
#define MAX_PER_PAGE	10000
#define MAX_PAGES	200
#define MAX_TOKEN	512
#define SAMPLE_EVERY	16
#define SAMPLE_AT_LEAST 32

/* A block the snapshot says it has. */
struct listed_block {
	uint32_t index;
	char *token; /* owned */
};

struct verify_run {
	const char *snapshot;
	struct listed_block *listed; /* owned; by index */
	size_t listed_count;
	struct block *wanted; /* owned; what to read, with the digest it must have */
	size_t *wanted_at;    /* owned; the position in `listed` of each */
	size_t wanted_count;
};

static void run_clear(struct verify_run *run)
{
	for (size_t i = 0; i < run->listed_count; i++)
		free(run->listed[i].token);
	free(run->listed);
	free(run->wanted);
	free(run->wanted_at);
}

/* An empty snapshot has no "Blocks". */
static void add_page(struct verify_run *run, struct json_view blocks)
{
	size_t count = json_view_count(blocks, MAX_PER_PAGE);
	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(blocks, i);
		struct json_view token = json_view_require(item, "BlockToken");
		const char *text = json_view_peek(token);
		int64_t index =
			json_view_number(json_view_require(item, "BlockIndex"), 0, UINT32_MAX, 0);
		if (text != NULL && strlen(text) > MAX_TOKEN)
			json_view_complain(token, "is too long");
		struct listed_block *block = ARRAY_APPEND(run->listed, run->listed_count);
		block->index = (uint32_t)index;
		block->token = xstrdup_or_null(text);
	}
}

static bool list_page(struct verify_run *run, struct aws_client *client, struct aws_pager *pager,
		      struct error *err)
{
	AUTO_FREE char *path = xasprintf("/snapshots/%s/blocks", run->snapshot);
	AUTO(strbuf_clear) struct strbuf query = STRBUF_INIT;
	strbuf_append(&query, "maxResults=" PAGE_SIZE);
	if (pager->token != NULL) {
		strbuf_append(&query, "&pageToken=");
		strbuf_append_url(&query, pager->token);
	}
	struct aws_call call = {.service = &AWS_EBS,
				.action = "ListSnapshotBlocks",
				.method = "GET",
				.path = path,
				.query = strbuf_text(&query)};
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	if (!aws_client_call(client, &call, &answer, err))
		return false;
	AUTO_PTR(json_document)
	struct json_document *document = aws_answer_json(&answer, "ListSnapshotBlocks", err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	add_page(run, json_view_get(root, "Blocks"));
	return aws_pager_turn(pager, json_view_peek(json_view_get(root, "NextToken")), err) &&
	       json_document_check(document, err);
}

static int by_index(const void *a, const void *b)
{
	uint32_t one = ((const struct listed_block *)a)->index;
	uint32_t other = ((const struct listed_block *)b)->index;
	return (one > other) - (one < other);
}

/* Nothing promises an order, or that no block comes twice. */
static bool sort_list(struct verify_run *run, struct error *err)
{
	if (run->listed_count > 1)
		qsort(run->listed, run->listed_count, sizeof(*run->listed), by_index);
	for (size_t i = 1; i < run->listed_count; i++)
		if (run->listed[i].index == run->listed[i - 1].index)
			return error_set(err, ERROR_INVALID,
					 "ListSnapshotBlocks has block %u twice",
					 run->listed[i].index);
	return true;
}

static bool list_all(struct verify_run *run, struct aws_client *client, struct error *err)
{
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "ListSnapshotBlocks", .most = MAX_PAGES};
	do {
		if (!list_page(run, client, &pager, err))
			return false;
	} while (pager.token != NULL);
	return sort_list(run, err);
}

static void want(struct verify_run *run, size_t position, struct digest digest)
{
	size_t count = run->wanted_count;
	struct block *block = ARRAY_APPEND(run->wanted, run->wanted_count);
	block->index = run->listed[position].index;
	block->digest = digest;
	size_t at_count = count;
	*ARRAY_APPEND(run->wanted_at, at_count) = position;
}

/* Marks `count` of the `total` by chance, all of them alike: who changes a block cannot know. */
static bool draw(uint8_t *marks, size_t total, size_t count, struct error *err)
{
	/* Floyd's way of drawing without a second try: Bentley, CACM 30 (1987), p. 754. */
	for (size_t i = total - count; i < total; i++) {
		uint64_t number = 0;
		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return error_set_errno(err, errno, "getrandom");
		size_t pick = (size_t)(number % (i + 1));
		marks[marks[pick] ? i : pick] = 1;
	}
	return true;
}

/*
 * Every block of ours must be listed; one that is listed and zero here must be read and be zero.
 * Which ones an upload's sample takes follows from the digests: no choice, and no pattern on the
 * disk.
 */
static bool choose(struct verify_run *run, const struct ebs_verify *what, struct error *err)
{
	const struct block_map *disk = what->disk;
	enum verify_kind kind = what->kind;
	bool is_drawn = what->sample > 0 && what->sample < disk->count;
	AUTO_FREE uint8_t *marks = xcalloc(disk->count + 1, 1);
	if (is_drawn && !draw(marks, disk->count, what->sample, err))
		return false;
	AUTO_FREE void *zeros = xcalloc(1, BLOCK_SIZE);
	struct digest zero_digest = sha256_digest(zeros, BLOCK_SIZE);
	size_t found = 0;
	bool is_all = kind == VERIFY_FULL || disk->count <= SAMPLE_AT_LEAST * 2;
	for (size_t i = 0; i < run->listed_count; i++) {
		const struct block *mine = block_map_find(disk, run->listed[i].index);
		found += mine != NULL;
		if (mine == NULL)
			want(run, i, zero_digest);
		else if (is_drawn) {
			if (marks[mine - disk->blocks])
				want(run, i, mine->digest);
		} else if (is_all || mine->digest.bytes[0] % SAMPLE_EVERY == 0 ||
			   found <= SAMPLE_AT_LEAST / 2)
			want(run, i, mine->digest);
	}
	if (found != disk->count)
		return error_set(err, ERROR_CORRUPT,
				 "the snapshot %s holds %zu of the disk's %zu blocks",
				 run->snapshot, found, disk->count);
	return true;
}

static bool prepare_get(const struct block *block, struct block_request *request, void *arg,
			struct error *err)
{
	(void)err;
	const struct verify_run *run = arg;
	size_t low = 0;
	size_t high = run->wanted_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (run->wanted[middle].index <= block->index)
			low = middle;
		else
			high = middle;
	}
	AUTO(strbuf_clear) struct strbuf query = STRBUF_INIT;
	strbuf_append(&query, "blockToken=");
	strbuf_append_url(&query, run->listed[run->wanted_at[low]].token);
	request->path = xasprintf("/snapshots/%s/blocks/%u", run->snapshot, block->index);
	request->query = strbuf_take(&query);
	request->call = (struct aws_call){
		.service = &AWS_EBS,
		.action = "GetSnapshotBlock",
		.method = "GET",
		.path = request->path,
		.query = request->query,
		.is_raw_answer = true,
	};
	return true;
}

static enum block_verdict judge_get(const struct block *block, const struct aws_answer *answer,
				    void *arg, struct error *err)
{
	const struct verify_run *run = arg;
	if (answer->status == 200) {
		struct digest digest =
			sha256_digest(answer->body != NULL ? answer->body : "", answer->body_size);
		if (answer->body_size == BLOCK_SIZE && digest_equal(&digest, &block->digest))
			return BLOCK_DONE;
		error_set(err, ERROR_CORRUPT,
			  "block %u of the snapshot %s is not what was on the disk", block->index,
			  run->snapshot);
		return BLOCK_FATAL;
	}
	if (aws_answer_is_throttle(&AWS_EBS, answer) || answer->status == 503)
		return BLOCK_RETRY_SLOWER;
	return aws_answer_is_transient(&AWS_EBS, answer) ? BLOCK_RETRY : BLOCK_FATAL;
}

bool ebs_verify_run(struct aws_client *client, const struct ebs_verify *what,
		    const struct progress *progress, uint64_t *ret_verified, struct error *err)
{
	const char *snapshot = what->snapshot;
	AUTO(run_clear) struct verify_run run = {.snapshot = snapshot};
	if (!list_all(&run, client, err) || !choose(&run, what, err))
		return false;
	AUTO_FREE uint8_t *done = xcalloc(run.wanted_count + 1, 1);
	struct block_pump pump = {
		.client = client,
		.progress = progress,
		.step = "verify",
		.what = snapshot,
		.blocks = run.wanted,
		.count = run.wanted_count,
		.done = done,
		.max_parallel = what->parallel,
		.prepare = prepare_get,
		.judge = judge_get,
		.arg = &run,
	};
	progress_start(progress, "verify", snapshot, PROGRESS_BYTES,
		       pump.count * (uint64_t)BLOCK_SIZE);
	if (!block_pump_run(&pump, err)) {
		progress_failed(progress, "verify", snapshot, NULL);
		return false;
	}
	progress_done(progress, "verify", snapshot, NULL);
	*ret_verified = run.wanted_count;
	return true;
}
