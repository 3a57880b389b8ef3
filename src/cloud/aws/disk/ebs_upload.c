/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/disk/ebs_upload.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/path.h"
#include "base/sha256.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/disk/block_pump.h"
#include "cloud/aws/disk/snapshot.h"
#include "cloud/aws/disk/upload_state.h"

#define LATE_LIMIT_S   180 /* "does not exist" has been seen for two minutes after StartSnapshot */
#define BLOCKS_PER_GIB 2048

void ebs_snapshot_clear(struct ebs_snapshot *snapshot)
{
	free(snapshot->id);
	free(snapshot->parent);
	block_map_clear(&snapshot->disk);
	*snapshot = (struct ebs_snapshot){0};
}

/* One run. */
struct upload_run {
	struct aws_client *client;
	const struct ebs_upload *upload;
	const struct progress *progress;
	int fd;
	int lock;
	char *path; /* owned; of the state */
	struct upload_state state;
	struct block_map disk;
	struct block_map to_write;
	uint32_t volume_gib;
	bool is_completed; /* the snapshot was completed by an earlier run */
	uint64_t sent;
};

static void run_clear(struct upload_run *run)
{
	auto_close(&run->fd);
	auto_close(&run->lock);
	free(run->path);
	upload_state_clear(&run->state);
	block_map_clear(&run->disk);
	block_map_clear(&run->to_write);
}

/* --- blocks --------------------------------------------------------------------------------- */

static bool prepare_put(const struct block *block, struct block_request *request, void *arg,
			struct error *err)
{
	struct upload_run *run = arg;
	if (block->index < run->disk.total) {
		if (!block_read(run->fd, block->index, request->bytes, err))
			return false;
	} else {
		memset(request->bytes, 0, BLOCK_SIZE); /* only the larger parent had something */
	}
	struct digest digest = sha256_digest(request->bytes, BLOCK_SIZE);
	if (!digest_equal(&digest, &block->digest))
		return error_set(err, ERROR_CORRUPT,
				 "block %u of the disk changed while it was uploaded",
				 block->index);
	AUTO_FREE char *checksum = base64_encode(digest.bytes, sizeof(digest.bytes));
	sha256_hex(digest.bytes, request->body_hash);
	request->path = xasprintf("/snapshots/%s/blocks/%u", run->state.snapshot, block->index);
	string_list_add(&request->headers, "Content-Type: application/octet-stream");
	string_list_addf(&request->headers, "x-amz-Data-Length: %zu", BLOCK_SIZE);
	string_list_addf(&request->headers, "x-amz-Checksum: %s", checksum);
	string_list_add(&request->headers, "x-amz-Checksum-Algorithm: SHA256");
	request->call = (struct aws_call){
		.service = &AWS_EBS,
		.action = "PutSnapshotBlock",
		.method = "PUT",
		.path = request->path,
		.headers = (const char *const *)request->headers.items,
		.body = request->bytes,
		.body_size = BLOCK_SIZE,
		.body_hash = request->body_hash,
		.has_signed_checksum = true,
	};
	return true;
}

/* Field experience with EBS direct: see "late" and "block data". */
static enum block_verdict judge_put(const struct block *block, const struct aws_answer *answer,
				    void *arg, struct error *err)
{
	(void)block;
	(void)err;
	struct upload_run *run = arg;
	if (answer->status >= 200 && answer->status < 300) {
		run->sent++;
		return BLOCK_DONE;
	}
	if (answer->status == 404)
		return BLOCK_RETRY_LATE;
	if (answer->message != NULL && strstr(answer->message, "Failed to read block data") != NULL)
		return BLOCK_RETRY_SLOWER; /* a thin uplink shared by too many PUTs */
	if (aws_answer_is_throttle(&AWS_EBS, answer))
		return BLOCK_RETRY_SLOWER;
	if (answer->status == 503)
		return BLOCK_RETRY_SLOWER;
	return aws_answer_is_transient(&AWS_EBS, answer) ? BLOCK_RETRY : BLOCK_FATAL;
}

static bool save_state(void *arg, struct error *err)
{
	struct upload_run *run = arg;
	return upload_state_save(run->path, &run->state, err);
}

/* --- starting and going on ------------------------------------------------------------------ */

/* The blocks to write against the state's parent; false when the parent's map is gone. */
static bool plan_blocks(struct upload_run *run)
{
	AUTO(block_map_clear) struct block_map parent = {0};
	bool has_parent = run->state.parent != NULL;
	if (has_parent && !block_map_load(&run->state.parent_digest, &parent))
		return false;
	block_map_clear(&run->to_write);
	block_map_difference(&run->disk, has_parent ? &parent : NULL, &run->to_write);
	run->volume_gib = (run->to_write.total + BLOCKS_PER_GIB - 1) / BLOCKS_PER_GIB;
	return true;
}

static bool random_token(char **ret, struct error *err)
{
	uint8_t random[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set_errno(err, errno, "no random bytes");
	sha256_hex(random, hex);
	*ret = xstrdup(hex);
	return true;
}

static bool begin_state(struct upload_run *run, bool with_parent, struct error *err)
{
	const struct ebs_upload *upload = run->upload;
	upload_state_clear(&run->state);
	run->state.digest = upload->disk->digest;
	if (with_parent && upload->parent != NULL) {
		run->state.parent = xstrdup(upload->parent);
		run->state.parent_digest = *upload->parent_digest;
	}
	if (!plan_blocks(run)) {
		free(TAKE_PTR(run->state.parent));
		(void)!plan_blocks(run);
	}
	run->state.count = run->to_write.count;
	run->state.done = xcalloc(run->state.count + 1, 1);
	return random_token(&run->state.token, err) && save_state(run, err);
}

static bool start_snapshot(struct upload_run *run, struct error *err)
{
	const struct cloud_upload *disk = run->upload->disk;
	struct snapshot_start start = {
		.project = disk->project,
		.pod = disk->pod,
		.digest = disk->digest,
		.parent = run->state.parent,
		.token = run->state.token,
		.volume_gib = run->volume_gib,
	};
	return snapshot_start(run->client, &start, &run->state.snapshot, err) &&
	       save_state(run, err);
}

/* With its parent; without it where AWS will not have that one (deleted, encrypted, foreign). */
static bool begin(struct upload_run *run, struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (!begin_state(run, true, err))
		return false;
	if (start_snapshot(run, &failure))
		return true;
	bool is_parents_fault = run->state.parent != NULL &&
				(failure.kind == ERROR_INVALID || failure.kind == ERROR_NOT_FOUND);
	if (!is_parents_fault)
		return error_move(err, &failure);
	log_verbose("no delta against %s: %s", run->state.parent, failure.message);
	return begin_state(run, false, err) && start_snapshot(run, err);
}

/* Deletes what an interrupted upload of another disk of this pod left behind. */
static void drop_abandoned(struct upload_run *run)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (run->state.snapshot != NULL &&
	    !snapshot_delete(run->client, run->state.snapshot, &failure))
		log_verbose("the abandoned snapshot %s stays: %s", run->state.snapshot,
			    failure.message);
	else if (run->state.snapshot != NULL)
		log_verbose("deleted the abandoned snapshot %s", run->state.snapshot);
	(void)!path_remove_tree(run->path, NULL);
	upload_state_clear(&run->state);
}

/* *ret_going: an earlier run's state fits and its snapshot is still there. */
static bool go_on(struct upload_run *run, bool *ret_going, struct error *err)
{
	*ret_going = false;
	if (!upload_state_load(run->path, &run->state))
		return true;
	bool is_same = digest_equal(&run->state.digest, &run->upload->disk->digest) &&
		       plan_blocks(run) && run->to_write.count == run->state.count;
	if (!is_same) {
		drop_abandoned(run);
		return true;
	}
	*ret_going = true;
	/* Killed before StartSnapshot's answer: the same token yields the same snapshot. */
	if (run->state.snapshot == NULL)
		return start_snapshot(run, err);
	enum snapshot_state state = SNAPSHOT_ABSENT;
	if (!snapshot_get_state(run->client, run->state.snapshot, &state, err))
		return false;
	run->is_completed = state == SNAPSHOT_COMPLETED;
	if (state == SNAPSHOT_ABSENT || state == SNAPSHOT_ERROR) {
		drop_abandoned(run);
		*ret_going = false;
	}
	return true;
}

static bool open_run(struct upload_run *run, struct error *err)
{
	const struct cloud_upload *disk = run->upload->disk;
	run->fd = open(disk->path, O_RDONLY | O_CLOEXEC);
	if (run->fd < 0)
		return error_set_errno(err, errno, "cannot open %s", disk->path);
	progress_start(run->progress, "hash", disk->pod, PROGRESS_BYTES, disk->size_bytes);
	if (!block_map_scan(run->fd, &disk->digest, run->progress, &run->disk, err))
		return false;
	progress_done(run->progress, "hash", disk->pod, NULL);
	run->path = upload_state_path(run->upload->account, aws_client_region(run->client),
				      disk->project, disk->pod);
	AUTO_FREE char *folder = xstrndup(run->path, (size_t)(strrchr(run->path, '/') - run->path));
	AUTO_FREE char *lock_path = xasprintf("%s.lock", run->path);
	if (!path_make_folders(folder, 0700, err))
		return false;
	run->lock = file_lock(lock_path, false, err);
	if (run->lock >= 0)
		return true;
	error_prefix(err, "another promote of pod '%s' is at work", disk->pod);
	return error_hint(err, "wait for it, then run this again");
}

static bool write_blocks(struct upload_run *run, struct ebs_snapshot *ret, struct error *err)
{
	const struct cloud_upload *disk = run->upload->disk;
	struct block_pump pump = {
		.client = run->client,
		.progress = run->progress,
		.step = "upload",
		.what = disk->pod,
		.blocks = run->to_write.blocks,
		.count = run->to_write.count,
		.done = run->state.done,
		.max_parallel = run->upload->parallel,
		.late_limit_s = LATE_LIMIT_S,
		.prepare = prepare_put,
		.judge = judge_put,
		.save = save_state,
		.arg = run,
	};
	progress_start(run->progress, "upload", disk->pod, PROGRESS_BYTES,
		       pump.count * (uint64_t)BLOCK_SIZE);
	bool is_ok = block_pump_run(&pump, err);
	ret->widest = pump.widest;
	ret->retries = pump.retries;
	if (!is_ok)
		progress_failed(run->progress, "upload", disk->pod, NULL);
	return is_ok;
}

static bool upload_all(struct upload_run *run, struct ebs_snapshot *ret, struct error *err)
{
	bool is_going = false;
	if (!go_on(run, &is_going, err) || (!is_going && !begin(run, err)))
		return false;
	if (!run->is_completed &&
	    (!write_blocks(run, ret, err) ||
	     !snapshot_complete(run->client, run->state.snapshot, &run->to_write, err)))
		return false;
	if (!snapshot_wait(run->client, run->state.snapshot, run->progress, err))
		return false;
	progress_done(run->progress, "upload", run->upload->disk->pod, NULL);
	return block_map_save(&run->disk, &run->upload->disk->digest, err);
}

/* Another run of the same command could succeed with what is there already. */
static bool is_worth_keeping(const struct error *failure)
{
	switch (failure->kind) {
	case ERROR_NETWORK:
	case ERROR_TIMEOUT:
	case ERROR_CANCELLED:
	case ERROR_SYSTEM:
	case ERROR_FULL:
		return true;
	default:
		return false;
	}
}

static bool end_failed(struct upload_run *run, struct error *failure, struct error *err)
{
	if (run->state.snapshot == NULL)
		return error_move(err, failure);
	if (is_worth_keeping(failure)) {
		error_move(err, failure);
		return error_hint(err, "run it again: it goes on where it stopped");
	}
	drop_abandoned(run);
	return error_move(err, failure);
}

bool ebs_upload_run(struct aws_client *client, const struct ebs_upload *upload,
		    const struct progress *progress, struct ebs_snapshot *ret, struct error *err)
{
	AUTO(run_clear)
	struct upload_run run = {
		.client = client, .upload = upload, .progress = progress, .fd = -1, .lock = -1};
	AUTO(ebs_snapshot_clear) struct ebs_snapshot out = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (!open_run(&run, err))
		return false;
	if (!upload_all(&run, &out, &failure))
		return end_failed(&run, &failure, err);
	out.id = TAKE_PTR(run.state.snapshot);
	out.parent = TAKE_PTR(run.state.parent);
	out.disk = run.disk;
	out.blocks_sent = run.sent;
	run.disk = (struct block_map){0};
	*ret = out;
	out = (struct ebs_snapshot){0};
	return true;
}

bool ebs_upload_forget(struct aws_client *client, const struct ebs_upload *upload,
		       struct error *err)
{
	AUTO_FREE char *path = upload_state_path(upload->account, aws_client_region(client),
						 upload->disk->project, upload->disk->pod);
	return path_remove_tree(path, err);
}
