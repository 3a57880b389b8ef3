/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/job_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "manifest/job_spec.h"
#include "wire/document.h"

enum { JOBS_VERSION = 1, JOBS_MAX_BYTES = 64 << 20, MAX_LIST = 1000000 };

/* The first stands for none. */
static const char *const reason_words[] = {"",
					   "CompletionsReached",
					   "SuccessPolicy",
					   "BackoffLimitExceeded",
					   "DeadlineExceeded",
					   "PodFailurePolicy",
					   "FailedIndexes",
					   "MaxFailedIndexesExceeded"};

void job_state_clear(struct job_state *state)
{
	free(state->pod);
	free(state->active);
	free(state->indexes);
	*state = (struct job_state){0};
}

void job_state_reset(struct job_state *state, const struct release_id *release)
{
	char *pod = TAKE_PTR(state->pod);

	job_state_clear(state);
	state->pod = pod;
	state->release = *release;
	state->is_changed = true;
}

void job_state_set_indexes(struct job_state *state, size_t count)
{
	if (count <= state->index_count)
		return;
	state->indexes = xreallocarray(state->indexes, count, sizeof(*state->indexes));
	memset(state->indexes + state->index_count, 0,
	       (count - state->index_count) * sizeof(*state->indexes));
	state->index_count = count;
}

bool job_state_is_active(const struct job_state *state, unsigned number)
{
	for (size_t i = 0; i < state->active_count; i++) {
		if (state->active[i] == number)
			return true;
	}
	return false;
}

void job_state_started(struct job_state *state, unsigned number)
{
	if (!job_state_is_active(state, number))
		*ARRAY_APPEND(state->active, state->active_count) = number;
	if (number >= state->next)
		state->next = number + 1;
	state->is_changed = true;
}

void job_state_forget(struct job_state *state, unsigned number)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->active_count; i++) {
		if (state->active[i] != number)
			state->active[kept++] = state->active[i];
	}
	state->active_count = kept;
	state->is_changed = true;
}

void job_states_clear(struct job_states *states)
{
	for (size_t i = 0; i < states->count; i++)
		job_state_clear(&states->items[i]);
	free(states->items);
	for (size_t i = 0; i < states->cron_count; i++)
		cron_state_clear(&states->crons[i]);
	free(states->crons);
	*states = (struct job_states){0};
}

const struct job_state *job_states_find(const struct job_states *states, const char *pod)
{
	for (size_t i = 0; i < states->count; i++) {
		if (strcmp(states->items[i].pod, pod) == 0)
			return &states->items[i];
	}
	return NULL;
}

struct job_state *job_states_get(struct job_states *states, const char *pod,
				 const struct release_id *release)
{
	for (size_t i = 0; i < states->count; i++) {
		if (strcmp(states->items[i].pod, pod) == 0)
			return &states->items[i];
	}
	struct job_state *state = ARRAY_APPEND(states->items, states->count);
	*state = (struct job_state){.pod = xstrdup(pod)};
	job_state_reset(state, release);
	return state;
}

const struct cron_state *job_states_find_cron(const struct job_states *states, const char *pod)
{
	for (size_t i = 0; i < states->cron_count; i++) {
		if (strcmp(states->crons[i].pod, pod) == 0)
			return &states->crons[i];
	}
	return NULL;
}

struct cron_state *job_states_cron(struct job_states *states, const char *pod)
{
	for (size_t i = 0; i < states->cron_count; i++) {
		if (strcmp(states->crons[i].pod, pod) == 0)
			return &states->crons[i];
	}
	struct cron_state *state = ARRAY_APPEND(states->crons, states->cron_count);
	*state = (struct cron_state){.pod = xstrdup(pod), .is_changed = true};
	return state;
}

/* --- the file ------------------------------------------------------------------------------- */

static char *index_text(const struct job_state *state, bool is_failed)
{
	struct index_range *ranges = NULL;
	size_t count = 0;

	for (size_t i = 0; i < state->index_count; i++) {
		if (!(is_failed ? state->indexes[i].is_failed : state->indexes[i].is_done))
			continue;
		if (count > 0 && ranges[count - 1].last + 1 == i)
			ranges[count - 1].last = (uint32_t)i;
		else
			*ARRAY_APPEND(ranges, count) =
				(struct index_range){(uint32_t)i, (uint32_t)i};
	}
	char *text = index_ranges_text(ranges, count);
	free(ranges);
	return text;
}

static void write_indexes(struct json_writer *json, const struct job_state *state)
{
	AUTO_FREE char *done = index_text(state, false);
	AUTO_FREE char *failed = index_text(state, true);

	json_write_text(json, "done", done);
	json_write_text(json, "failedIndexes", failed);
	json_open_list(json, "tries");
	for (size_t i = 0; i < state->index_count; i++) {
		const struct job_index *index = &state->indexes[i];
		if (index->tries == 0 || index->is_done)
			continue;
		json_open_object(json, NULL);
		json_write_unsigned(json, "index", i);
		json_write_unsigned(json, "failures", index->failures);
		json_write_unsigned(json, "tries", index->tries);
		json_write_number(json, "failedNs", index->failed_ns);
		json_close(json);
	}
	json_close(json);
}

static void write_state(struct json_writer *json, const struct job_state *state)
{
	json_open_object(json, NULL);
	json_write_text(json, "pod", state->pod);
	json_write_text(json, "imageDigest", DIGEST_TEXT(&state->release.image));
	json_write_text(json, "configDigest", DIGEST_TEXT(&state->release.config));
	json_write_number(json, "startNs", state->start_ns);
	json_write_number(json, "endNs", state->end_ns);
	json_write_text(json, "end", job_end_words[state->end]);
	json_write_text(json, "reason", state->reason != NULL ? state->reason : "");
	json_write_number(json, "exitCode", state->exit_code);
	json_write_unsigned(json, "succeeded", state->succeeded);
	json_write_unsigned(json, "failed", state->failed);
	json_write_unsigned(json, "streak", state->streak);
	json_write_number(json, "failedNs", state->failed_ns);
	json_write_unsigned(json, "next", state->next);
	json_write_bool(json, "suspended", state->is_suspended);
	json_write_bool(json, "expired", state->is_expired);
	json_open_list(json, "active");
	for (size_t i = 0; i < state->active_count; i++)
		json_write_unsigned(json, NULL, state->active[i]);
	json_close(json);
	json_write_unsigned(json, "indexes", state->index_count);
	if (state->index_count > 0)
		write_indexes(json, state);
	json_close(json);
}

static void write_cron(struct json_writer *json, const struct cron_state *state)
{
	json_open_object(json, NULL);
	json_write_text(json, "pod", state->pod);
	json_write_number(json, "created", state->created_s);
	json_write_number(json, "last", state->last_s);
	json_write_number(json, "successNs", state->success_ns);
	json_write_unsigned(json, "manual", state->next_manual);
	json_write_number(json, "told", state->told_s);
	json_close(json);
}

char *job_states_write(const struct job_states *states)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	json_open_object(&json, NULL);
	json_write_number(&json, "version", JOBS_VERSION);
	json_open_list(&json, "jobs");
	for (size_t i = 0; i < states->count; i++)
		write_state(&json, &states->items[i]);
	json_close(&json);
	json_open_list(&json, "crons");
	for (size_t i = 0; i < states->cron_count; i++)
		write_cron(&json, &states->crons[i]);
	json_close_if_filled(&json);
	json_close(&json);
	return strbuf_take(&text);
}

static void read_marks(struct json_view view, struct job_state *state, bool is_failed)
{
	struct index_range *ranges = NULL;
	size_t count = 0;
	const char *why = NULL;
	const char *text = json_view_peek(view);

	if (text != NULL &&
	    !index_ranges_parse(text, (uint32_t)state->index_count, &ranges, &count, &why))
		json_view_complain(view, "are not indexes of the Job");
	for (size_t i = 0; i < count; i++) {
		for (size_t k = ranges[i].first; k <= ranges[i].last; k++) {
			state->indexes[k].is_done = state->indexes[k].is_done || !is_failed;
			state->indexes[k].is_failed = state->indexes[k].is_failed || is_failed;
		}
	}
	free(ranges);
}

static void read_indexes(struct json_view view, struct job_state *state)
{
	struct json_view tries = json_view_get(view, "tries");

	job_state_set_indexes(
		state, (size_t)json_view_number(json_view_get(view, "indexes"), 0, MAX_LIST, 0));
	read_marks(json_view_get(view, "done"), state, false);
	read_marks(json_view_get(view, "failedIndexes"), state, true);
	for (size_t i = 0; i < json_view_count(tries, MAX_LIST); i++) {
		struct json_view one = json_view_at(tries, i);
		struct json_view number = json_view_require(one, "index");
		uint64_t place = (uint64_t)json_view_number(number, 0, MAX_LIST, 0);
		if (place >= state->index_count) {
			json_view_complain(number, "is no index of the Job");
			continue;
		}
		struct job_index *index = &state->indexes[place];
		index->failures = (unsigned)json_view_number(json_view_get(one, "failures"), 0,
							     UINT32_MAX, 0);
		index->tries =
			(unsigned)json_view_number(json_view_get(one, "tries"), 0, UINT32_MAX, 0);
		index->failed_ns =
			json_view_number(json_view_get(one, "failedNs"), 0, INT64_MAX / 2, 0);
	}
}

static unsigned read_count(struct json_view view, const char *key)
{
	return (unsigned)json_view_number(json_view_get(view, key), 0, UINT32_MAX, 0);
}

static int64_t read_time(struct json_view view, const char *key)
{
	return json_view_number(json_view_get(view, key), 0, INT64_MAX / 2, 0);
}

static void read_state(struct json_view view, struct job_state *state)
{
	struct json_view active = json_view_get(view, "active");
	unsigned reason = json_view_word(json_view_get(view, "reason"), reason_words,
					 ARRAY_SIZE(reason_words), 0);

	state->pod = json_view_text(json_view_require(view, "pod"));
	state->release.image = json_view_digest(json_view_require(view, "imageDigest"));
	state->release.config = json_view_digest(json_view_require(view, "configDigest"));
	state->start_ns = read_time(view, "startNs");
	state->end_ns = read_time(view, "endNs");
	state->end = (enum job_end)json_view_word(json_view_get(view, "end"), job_end_words,
						  JOB_ENDS, JOB_RUNNING);
	state->reason = reason > 0 ? reason_words[reason] : NULL;
	state->exit_code =
		(int)json_view_number(json_view_get(view, "exitCode"), INT32_MIN, INT32_MAX, 0);
	state->succeeded = read_count(view, "succeeded");
	state->failed = read_count(view, "failed");
	state->streak = read_count(view, "streak");
	state->failed_ns = read_time(view, "failedNs");
	state->next = read_count(view, "next");
	state->is_suspended = json_view_bool(json_view_get(view, "suspended"), false);
	state->is_expired = json_view_bool(json_view_get(view, "expired"), false);
	for (size_t i = 0; i < json_view_count(active, MAX_LIST); i++)
		*ARRAY_APPEND(state->active, state->active_count) =
			(unsigned)json_view_number(json_view_at(active, i), 0, UINT32_MAX, 0);
	read_indexes(view, state);
}

static int64_t read_seconds(struct json_view view, const char *key)
{
	/* As nanoseconds it must have room in 64 bits. */
	return json_view_number(json_view_get(view, key), 0, INT64_MAX / 2000000000, 0);
}

static void read_cron(struct json_view view, struct cron_state *state)
{
	state->pod = json_view_text(json_view_require(view, "pod"));
	state->created_s = read_seconds(view, "created");
	state->last_s = read_seconds(view, "last");
	state->success_ns = read_time(view, "successNs");
	state->next_manual = read_count(view, "manual");
	state->told_s = read_seconds(view, "told");
}

bool job_states_read(const char *what, const char *text, size_t size, struct job_states *ret,
		     struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, what, 0, err);
	AUTO(job_states_clear) struct job_states states = {0};

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view jobs = json_view_get(root, "jobs");
	document_check_version(root, JOBS_VERSION);
	for (size_t i = 0; i < json_view_count(jobs, MAX_LIST); i++)
		read_state(json_view_at(jobs, i), ARRAY_APPEND(states.items, states.count));
	struct json_view crons = json_view_get(root, "crons");
	for (size_t i = 0; i < json_view_count(crons, MAX_LIST); i++)
		read_cron(json_view_at(crons, i), ARRAY_APPEND(states.crons, states.cron_count));
	if (!json_document_check(document, err))
		return false;
	*ret = states;
	states = (struct job_states){0};
	return true;
}

char *job_states_path(const char *project)
{
	AUTO_FREE char *below = xasprintf("projects/%s/jobs.json", project);

	return path_folder(PATH_STATE, below);
}

bool job_states_save(const char *project, struct job_states *states, struct error *err)
{
	AUTO_FREE char *path = job_states_path(project);
	AUTO_FREE char *text = job_states_write(states);

	if (!file_write_atomic(path, text, strlen(text), 0600, err))
		return false;
	states->is_changed = false;
	for (size_t i = 0; i < states->count; i++)
		states->items[i].is_changed = false;
	for (size_t i = 0; i < states->cron_count; i++)
		states->crons[i].is_changed = false;
	return true;
}

bool job_states_load(const char *project, struct job_states *ret, struct error *err)
{
	AUTO_FREE char *path = job_states_path(project);
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (!path_exists(path))
		return true;
	return file_read(path, JOBS_MAX_BYTES, &text, &size, err) &&
	       job_states_read(path, text, size, ret, err);
}
