/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/disk/block_pump.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "cloud/aws/client/answer.h"
#include "cloud/patience.h"

#define START_WINDOW	 8
#define DEFAULT_PARALLEL 32
#define MAX_ATTEMPTS	 12
#define LATE_RETRY_MS	 2000
#define SAVE_EVERY_MS	 1000
#define STALL_MS	 60000
#define STEP_MS		 100

struct pump_run;

struct slot {
	struct pump_run *run;
	bool is_busy;
	size_t position; /* in pump->blocks */
	struct block_request request;
};

/* A block that waits for its next attempt. */
struct waiting {
	size_t position;
	uint64_t due_ms;
};

struct pump_run {
	struct block_pump *pump;
	struct slot slots[PUMP_MAX_PARALLEL];
	unsigned max_parallel;
	unsigned busy;
	double window;
	uint64_t shrunk_ms; /* when the window was halved last */
	uint64_t started_ms;
	uint64_t saved_ms;
	size_t next; /* first block never tried */
	size_t done_count;
	uint8_t *attempts;	 /* owned; per block */
	struct waiting *waiting; /* owned */
	size_t waiting_count;
	bool has_failed;
	struct error failure;
};

static void request_clear(struct block_request *request)
{
	free(TAKE_PTR(request->path));
	free(TAKE_PTR(request->query));
	string_list_clear(&request->headers);
	request->call = (struct aws_call){0};
}

static void run_clear(struct pump_run *run)
{
	for (size_t i = 0; i < PUMP_MAX_PARALLEL; i++) {
		request_clear(&run->slots[i].request);
		free(run->slots[i].request.bytes);
	}
	free(run->attempts);
	free(run->waiting);
	error_clear(&run->failure);
}

static void grow(struct pump_run *run)
{
	run->window += 1.0 / run->window;
	if (run->window > run->max_parallel)
		run->window = run->max_parallel;
}

static void shrink(struct pump_run *run)
{
	uint64_t now = clock_monotonic_ms();
	/* One congestion is answered by many requests at once: halve once a second for it. */
	if (now - run->shrunk_ms < 1000)
		return;
	run->shrunk_ms = now;
	run->window = run->window / 2 < 1 ? 1 : run->window / 2;
	log_debug("%s: %.0f requests at once from here", run->pump->step, run->window);
}

static void try_later(struct pump_run *run, size_t position, uint64_t wait_ms)
{
	struct waiting *waiting = ARRAY_APPEND(run->waiting, run->waiting_count);
	waiting->position = position;
	waiting->due_ms = clock_monotonic_ms() + wait_ms;
	run->pump->retries++;
}

static void fail(struct pump_run *run, struct error *err)
{
	if (run->has_failed)
		error_clear(err);
	else
		error_move(&run->failure, err);
	run->has_failed = true;
}

static void retry_counted(struct pump_run *run, size_t position, uint64_t at_least_ms,
			  struct error *why)
{
	unsigned attempt = run->attempts[position]++;
	if (attempt + 1 >= MAX_ATTEMPTS) {
		error_prefix(why, "block %u, %u attempts", run->pump->blocks[position].index,
			     MAX_ATTEMPTS);
		fail(run, why);
		return;
	}
	log_debug("block %u: %s; once more", run->pump->blocks[position].index, why->message);
	error_clear(why);
	static const struct backoff law = {250, 20000, 200};
	uint64_t wait = patience_backoff_ms(&law, attempt);
	try_later(run, position, wait > at_least_ms ? wait : at_least_ms);
}

static void block_done(struct pump_run *run, size_t position)
{
	struct block_pump *pump = run->pump;
	pump->done[position] = 1;
	run->done_count++;
	grow(run);
	progress_update(pump->progress, pump->step, pump->what, PROGRESS_BYTES,
			run->done_count * (uint64_t)BLOCK_SIZE, pump->count * (uint64_t)BLOCK_SIZE);
}

static void judge_answer(struct pump_run *run, struct slot *slot, struct http_response *response)
{
	struct block_pump *pump = run->pump;
	const struct block *block = &pump->blocks[slot->position];
	struct error why = ERROR_INIT;
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	aws_answer_read(slot->request.call.service, response, &answer);
	if (answer.status >= 300)
		aws_answer_error(&slot->request.call, &answer, &why);
	enum block_verdict verdict = aws_client_learn_clock(pump->client, &answer)
					     ? BLOCK_RETRY
					     : pump->judge(block, &answer, pump->arg, &why);
	bool is_still_early =
		clock_monotonic_ms() - run->started_ms < (uint64_t)pump->late_limit_s * 1000;
	if (verdict == BLOCK_RETRY_LATE && !is_still_early)
		verdict = BLOCK_FATAL;
	switch (verdict) {
	case BLOCK_DONE:
		block_done(run, slot->position);
		break;
	case BLOCK_RETRY_SLOWER:
		shrink(run);
		retry_counted(run, slot->position, answer.retry_after_ms, &why);
		break;
	case BLOCK_RETRY:
		retry_counted(run, slot->position, answer.retry_after_ms, &why);
		break;
	case BLOCK_RETRY_LATE:
		try_later(run, slot->position, LATE_RETRY_MS);
		break;
	case BLOCK_FATAL:
		fail(run, &why);
		break;
	}
	error_clear(&why);
}

static void on_done(struct http_response *response, struct error *err, void *arg)
{
	struct slot *slot = arg;
	struct pump_run *run = slot->run;
	slot->is_busy = false;
	run->busy--;
	if (err == NULL) {
		judge_answer(run, slot, response);
	} else {
		/* Lost on the way. A way that loses or stalls wants fewer at once. */
		struct error why = ERROR_INIT;
		error_set(&why, err->kind, "%s", err->message);
		shrink(run);
		retry_counted(run, slot->position, 0, &why);
		error_clear(&why);
	}
	request_clear(&slot->request);
}

static struct slot *free_slot(struct pump_run *run)
{
	size_t i = 0;
	while (run->slots[i].is_busy)
		i++; /* busy is less than the number of slots */
	return &run->slots[i];
}

static void submit(struct pump_run *run, size_t position)
{
	struct block_pump *pump = run->pump;
	struct slot *slot = free_slot(run);
	struct error why = ERROR_INIT;
	slot->position = position;
	if (slot->request.bytes == NULL)
		slot->request.bytes = xmalloc(BLOCK_SIZE);
	AUTO(aws_signed_clear) struct aws_signed wire = {0};
	if (!pump->prepare(&pump->blocks[position], &slot->request, pump->arg, &why) ||
	    !aws_client_sign(pump->client, &slot->request.call, &wire, &why)) {
		request_clear(&slot->request);
		fail(run, &why);
		return;
	}
	struct http_request request = {
		.method = slot->request.call.method,
		.url = wire.url,
		.headers = (const char *const *)wire.headers.items,
		.body = slot->request.call.body,
		.body_size = slot->request.call.body_size,
		.ca_file = aws_client_settings(pump->client)->ca_file,
		.max_response_bytes = BLOCK_SIZE + 4096,
		.stall_timeout_ms = STALL_MS,
		.send_raw_path = true,
	};
	slot->is_busy = true;
	run->busy++;
	if (run->busy > pump->widest)
		pump->widest = run->busy;
	http_client_submit(aws_client_http(pump->client), &request, on_done, slot);
}

/* The next block whose time has come; count when there is none now. */
static size_t take_next(struct pump_run *run)
{
	struct block_pump *pump = run->pump;
	uint64_t now = clock_monotonic_ms();
	for (size_t i = 0; i < run->waiting_count; i++) {
		if (run->waiting[i].due_ms > now)
			continue;
		size_t position = run->waiting[i].position;
		run->waiting[i] = run->waiting[--run->waiting_count];
		return position;
	}
	while (run->next < pump->count && pump->done[run->next])
		run->next++;
	return run->next < pump->count ? run->next++ : pump->count;
}

static void fill_window(struct pump_run *run)
{
	while (run->busy < (unsigned)run->window && !run->has_failed) {
		size_t position = take_next(run);
		if (position == run->pump->count)
			break;
		submit(run, position);
	}
}

static bool save_now_and_then(struct pump_run *run, struct error *err)
{
	uint64_t now = clock_monotonic_ms();
	if (run->pump->save == NULL || now - run->saved_ms < SAVE_EVERY_MS)
		return true;
	run->saved_ms = now;
	return run->pump->save(run->pump->arg, err);
}

static void step(struct pump_run *run)
{
	struct error err = ERROR_INIT;
	if (progress_is_cancelled(run->pump->progress)) {
		error_set(&err, ERROR_CANCELLED, "stopped");
		fail(run, &err);
	}
	fill_window(run);
	if (run->busy > 0)
		(void)http_client_step(aws_client_http(run->pump->client), STEP_MS);
	else if (!run->has_failed && run->waiting_count > 0)
		(void)!patience_wait_ms(STEP_MS, NULL, NULL);
	if (!save_now_and_then(run, &err))
		fail(run, &err);
}

bool block_pump_run(struct block_pump *pump, struct error *err)
{
	AUTO(run_clear)
	struct pump_run run = {
		.pump = pump,
		.max_parallel = pump->max_parallel > 0 ? pump->max_parallel : DEFAULT_PARALLEL,
		.attempts = xcalloc(pump->count + 1, 1),
		.started_ms = clock_monotonic_ms(),
		.saved_ms = clock_monotonic_ms(),
	};
	if (run.max_parallel > PUMP_MAX_PARALLEL)
		run.max_parallel = PUMP_MAX_PARALLEL;
	run.window = START_WINDOW < run.max_parallel ? START_WINDOW : run.max_parallel;
	http_client_set_parallel(aws_client_http(pump->client), run.max_parallel);
	for (size_t i = 0; i < PUMP_MAX_PARALLEL; i++)
		run.slots[i].run = &run;
	for (size_t i = 0; i < pump->count; i++)
		run.done_count += pump->done[i];
	/* What is under way when one fails is waited for: its answer counts, its buffer is ours. */
	while (run.busy > 0 || (!run.has_failed && run.done_count < pump->count))
		step(&run);
	if (pump->save != NULL && !pump->save(pump->arg, run.has_failed ? NULL : err))
		return run.has_failed ? error_move(err, &run.failure) : false;
	return run.has_failed ? error_move(err, &run.failure) : true;
}
