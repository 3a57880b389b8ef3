/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/parse.h"
#include "release/receipt_tag.h"

#define NS_PER_S INT64_C(1000000000)
#define ROLLBACK "rollback to "

bool cloud_pod_release(const struct cloud_pod_status *pod, struct release_id *ret)
{
	return digest_parse(pod->image_digest, &ret->image) &&
	       digest_parse(pod->config_digest, &ret->config);
}

struct release_scope cloud_pods_scope(const struct cloud_pod_status *pods, size_t count,
				      const char *project, const char *environment)
{
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	for (size_t i = 0; i < count; i++) {
		struct release_id release;
		if (cloud_pod_release(&pods[i], &release))
			release_scope_add(&lines, pods[i].name, &release);
	}
	return release_scope_make(project, environment, &lines);
}

static const struct cloud_pod_status *find_pod(const struct cloud_pod_status *pods, size_t count,
					       const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pods[i].name, name) == 0)
			return &pods[i];
	return NULL;
}

/*
 * When a pod's receipt says that it was ready. 0: it was forced, or nobody who is trusted says so;
 * such a time holds nothing up.
 */
static int64_t ready_ns(const struct cloud_pod_status *pod, const struct release_scope *scope,
			const struct trusted_keys *trusted)
{
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	struct release_id release;
	if (pod == NULL || pod->receipt_tag == NULL || !cloud_pod_release(pod, &release) ||
	    !receipt_check_tag(pod->receipt_tag, scope, pod->name, &release, trusted, &claim,
			       NULL) ||
	    !claim.is_signature_good || claim.key_name == NULL || claim.is_forced)
		return 0;
	return claim.ready_ns;
}

/* --- a promotion ---------------------------------------------------------------------------- */

/* The tag of what is brought back on somebody's word. */
static bool force_pod(struct promotion *promotion, struct promotion_pod *entry,
		      const char *environment, struct error *err)
{
	const struct release_scope scope = promotion_scope(promotion, environment);
	const struct release_id release = promotion_pod_release(entry);
	free(TAKE_PTR(entry->receipt_tag));
	return receipt_forced_tag(&scope, entry->pod->name, &release, &entry->receipt_tag, err);
}

/* Whether the pod's receipt is older than that of another release which runs in its place. */
static bool is_replayed(const struct promotion_pod *entry, const struct cloud_pod_status *there,
			int64_t there_ns)
{
	const struct release_id own = promotion_pod_release(entry);
	struct release_id release;
	return entry->receipt.project != NULL && there != NULL &&
	       cloud_pod_release(there, &release) && !release_id_equal(&release, &own) &&
	       entry->receipt.ready_ns / NS_PER_S < there_ns / NS_PER_S;
}

bool replay_check_promotion(struct promotion *promotion, const char *environment, bool is_forced,
			    const struct cloud_status *status, const struct trusted_keys *trusted,
			    struct string_list *ret, struct error *err)
{
	const struct release_scope scope = cloud_pods_scope(status->pods, status->pod_count,
							    promotion->app->project, environment);
	for (size_t i = 0; i < promotion->count; i++) {
		struct promotion_pod *entry = &promotion->pods[i];
		const struct cloud_pod_status *there =
			find_pod(status->pods, status->pod_count, entry->pod->name);
		int64_t there_ns = ready_ns(there, &scope, trusted);
		char here_text[RFC3339_SIZE];
		char there_text[RFC3339_SIZE];
		if (!is_replayed(entry, there, there_ns))
			continue;
		clock_format_rfc3339(here_text, entry->receipt.ready_ns, 0);
		clock_format_rfc3339(there_text, there_ns, 0);
		string_list_addf(ret,
				 "pod '%s' was ready at %s, before what runs in the cloud (%s): "
				 "its receipt is an old one",
				 entry->pod->name, here_text, there_text);
		if (!force_pod(promotion, entry, environment, err))
			return false;
	}
	if (ret->count == 0 || is_forced)
		return true;
	error_set(err, ERROR_DENIED, "not promoted: %zu receipt%s older than what runs", ret->count,
		  ret->count == 1 ? " is" : "s are");
	return error_hint(
		err, "i2kit rollback returns to an earlier release; if it is to be a new one, "
		     "i2kit down and up --cold --wait here, then promote; or --force, which is "
		     "recorded");
}

/* --- records -------------------------------------------------------------------------------- */

static bool is_same_text(const char *one, const char *other)
{
	return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

static bool is_same_pod(const struct cloud_pod_status *one, const struct cloud_pod_status *other)
{
	return is_same_text(one->image_digest, other->image_digest) &&
	       is_same_text(one->config_digest, other->config_digest) &&
	       is_same_text(one->receipt_tag, other->receipt_tag);
}

/* "rollback to 3" → 3; 0: it is something else. */
static unsigned rolled_back_to(const struct cloud_record *record)
{
	uint64_t number = 0;
	bool is_back = strncmp(record->note, ROLLBACK, strlen(ROLLBACK)) == 0 &&
		       parse_u64(record->note + strlen(ROLLBACK), 1, 999999, &number);
	return is_back ? (unsigned)number : 0;
}

static bool check_newest(const struct cloud_status *status, const struct cloud_record *newest,
			 const struct trusted_keys *trusted, struct error *err)
{
	bool is_same = status->pod_count == newest->pod_count;
	for (size_t i = 0; i < newest->pod_count && is_same; i++) {
		const struct cloud_pod_status *pod =
			find_pod(status->pods, status->pod_count, newest->pods[i].name);
		is_same = pod != NULL && is_same_pod(pod, &newest->pods[i]);
	}
	if (!is_same) {
		error_set(err, ERROR_CORRUPT,
			  "what runs is not release %u, the newest that was recorded: something "
			  "else changed %s",
			  newest->number, status->name);
		return error_hint(err, "i2kit releases; then promote, or rollback");
	}
	if (newest->is_signed && trusted_keys_name(trusted, newest->key) != NULL)
		return true;
	error_set(err, ERROR_CORRUPT, "nobody who is trusted here signed the record of release %u",
		  newest->number);
	return error_hint(err, "i2kit key trust, if you know who promoted it; else promote what is "
			       "ready here");
}

/* The time of a pod's receipt in one record. */
static int64_t recorded_ns(const struct cloud_record *record, const char *pod, const char *project,
			   const char *environment, const struct trusted_keys *trusted)
{
	const struct release_scope scope =
		cloud_pods_scope(record->pods, record->pod_count, project, environment);
	return ready_ns(find_pod(record->pods, record->pod_count, pod), &scope, trusted);
}

/* Whether the record put another release in the pod's place whose receipt is older. */
static bool is_older(const struct cloud_record *newest, const struct cloud_record *before,
		     const struct cloud_pod_status *pod, const char *project,
		     const char *environment, const struct trusted_keys *trusted)
{
	const struct cloud_pod_status *old = find_pod(before->pods, before->pod_count, pod->name);
	struct release_id one;
	struct release_id other;
	if (old == NULL || !cloud_pod_release(pod, &one) || !cloud_pod_release(old, &other) ||
	    release_id_equal(&one, &other))
		return false;
	int64_t now = recorded_ns(newest, pod->name, project, environment, trusted);
	int64_t then = recorded_ns(before, pod->name, project, environment, trusted);
	return now != 0 && now < then;
}

bool replay_check_records(const struct cloud_status *status,
			  const struct cloud_record_list *records, const char *project,
			  const char *environment, const struct trusted_keys *trusted,
			  struct error *err)
{
	if (records->count == 0 || status->is_changing)
		return true;
	const struct cloud_record *newest = &records->items[records->count - 1];
	if (!check_newest(status, newest, trusted, err))
		return false;
	if (records->count == 1 || rolled_back_to(newest) != 0)
		return true;
	const struct cloud_record *before = &records->items[records->count - 2];
	for (size_t p = 0; p < newest->pod_count; p++) {
		if (!is_older(newest, before, &newest->pods[p], project, environment, trusted))
			continue;
		error_set(err, ERROR_CORRUPT,
			  "pod '%s': release %u brought back a receipt that is older than that of "
			  "release %u, and is no rollback",
			  newest->pods[p].name, newest->number, before->number);
		return error_hint(err, "i2kit releases; then promote what is ready here, or "
				       "rollback");
	}
	return true;
}
