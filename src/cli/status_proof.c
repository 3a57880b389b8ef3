/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status_proof.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cloud/replay.h"
#include "release/receipt_tag.h"

#define REPORT_WITHIN_NS (INT64_C(300) * 1000000000)

/* What a pod's receipt is worth. */
enum receipt_worth {
	RECEIPT_NONE,
	RECEIPT_UNREADABLE,
	RECEIPT_WRONG,
	RECEIPT_OLD,
	RECEIPT_STRANGE,
	RECEIPT_FORCED,
	RECEIPT_READY
};

struct proof_scope status_proof_scope(const struct cloud_status *status,
				      const struct cloud_scope *scope,
				      const struct trusted_keys *trusted)
{
	return (struct proof_scope){cloud_pods_scope(status->pods, status->pod_count,
						     scope->project, scope->environment),
				    trusted};
}

static enum receipt_worth receipt_worth(const struct proof_scope *scope,
					const struct cloud_pod_status *pod,
					struct receipt_claim *claim)
{
	struct release_id release;

	if (pod->receipt_tag == NULL || pod->image_digest == NULL || pod->config_digest == NULL)
		return RECEIPT_NONE;
	if (!cloud_pod_release(pod, &release) ||
	    !receipt_check_tag(pod->receipt_tag, &scope->release, pod->name, &release,
			       scope->trusted, claim, NULL))
		return RECEIPT_UNREADABLE;
	if (!claim->is_signature_good)
		return RECEIPT_WRONG;
	if (claim->is_old)
		return RECEIPT_OLD;
	if (claim->key_name == NULL)
		return RECEIPT_STRANGE;
	return claim->is_forced ? RECEIPT_FORCED : RECEIPT_READY;
}

/* Who signed, where that is somebody else. Owned. */
static char *signer_of(const struct receipt_claim *claim)
{
	if (claim->key_name == NULL)
		return xstrdup(", UNKNOWN KEY");
	if (strcmp(claim->key_name, "you") == 0)
		return xstrdup("");
	return claim->key_name[0] != '\0' ? xasprintf(", by %s", claim->key_name)
					  : xasprintf(", by %.12s…", claim->key);
}

char *status_proof_receipt(const struct proof_scope *scope, const struct cloud_pod_status *pod)
{
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	enum receipt_worth worth = receipt_worth(scope, pod, &claim);
	AUTO_FREE char *signer = signer_of(&claim);
	char when[RFC3339_SIZE];

	if (worth == RECEIPT_NONE)
		return xstrdup("none");
	if (worth == RECEIPT_UNREADABLE)
		return xstrdup("unreadable");
	if (worth == RECEIPT_WRONG)
		return xstrdup("WRONG SIGNATURE");
	if (worth == RECEIPT_OLD)
		return xstrdup("OF AN OLD FORM");
	if (claim.is_forced)
		return xasprintf("forced%s", signer);
	clock_format_rfc3339(when, claim.ready_ns, 0);
	return xasprintf("ready %u/%u %s %s%s", claim.replicas, claim.desired, claim.accelerator,
			 when, signer);
}

bool status_proof_is_bad(const struct proof_scope *scope, const struct cloud_pod_status *pod)
{
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	return receipt_worth(scope, pod, &claim) < RECEIPT_FORCED;
}

static bool check_receipt(const struct proof_scope *scope, const struct cloud_pod_status *pod,
			  struct error *err)
{
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};

	switch (receipt_worth(scope, pod, &claim)) {
	case RECEIPT_FORCED:
	case RECEIPT_READY:
		return true;
	case RECEIPT_NONE:
		return error_set(err, ERROR_CORRUPT, "pod '%s': no receipt came with its release",
				 pod->name);
	case RECEIPT_UNREADABLE:
		return error_set(err, ERROR_CORRUPT, "pod '%s': its receipt is none", pod->name);
	case RECEIPT_WRONG:
		return error_set(err, ERROR_CORRUPT,
				 "pod '%s': its receipt was not signed with its key, or for "
				 "another release or environment",
				 pod->name);
	case RECEIPT_OLD:
		error_set(err, ERROR_CORRUPT,
			  "pod '%s': its receipt covers neither environment nor the other pods",
			  pod->name);
		return error_hint(err, "the next release that i2kit promote brings is signed anew");
	case RECEIPT_STRANGE:
		break;
	}
	error_set(err, ERROR_CORRUPT,
		  "pod '%s': its receipt is signed by %s, whom nobody trusts here", pod->name,
		  claim.key);
	return error_hint(err, "i2kit key trust %s --name NAME, if you know whose it is",
			  claim.key);
}

/* Whether an instance runs its pod's release. */
enum boot_verdict {
	BOOT_UNKNOWN_POD,
	BOOT_OTHER_IMAGE,
	BOOT_OTHER_DISK,
	BOOT_NOT_SAID,
	BOOT_EQUAL
};

static enum boot_verdict boot_verdict(const struct cloud_status *status,
				      const struct cloud_instance *instance)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct cloud_pod_status *pod = &status->pods[i];
		if (strcmp(pod->name, instance->pod) != 0 || pod->image_digest == NULL)
			continue;
		bool is_same = instance->image_digest != NULL &&
			       strcmp(instance->image_digest, pod->image_digest) == 0;
		if (instance->booted_digest != NULL &&
		    strcmp(instance->booted_digest, pod->image_digest) != 0)
			return BOOT_OTHER_DISK;
		if (!is_same)
			return BOOT_OTHER_IMAGE;
		return instance->booted_digest != NULL ? BOOT_EQUAL : BOOT_NOT_SAID;
	}
	return BOOT_UNKNOWN_POD;
}

const char *status_proof_boot(const struct cloud_status *status,
			      const struct cloud_instance *instance)
{
	static const char *const notes[] = {[BOOT_UNKNOWN_POD] = "no such pod",
					    [BOOT_OTHER_IMAGE] = "other image",
					    [BOOT_OTHER_DISK] = "BOOTED ANOTHER DISK",
					    [BOOT_NOT_SAID] = "",
					    [BOOT_EQUAL] = "booted digest equal"};
	return notes[boot_verdict(status, instance)];
}

static bool check_instance(const struct cloud_status *status, const struct cloud_instance *instance,
			   int64_t now_ns, struct error *err)
{
	enum boot_verdict verdict = boot_verdict(status, instance);
	bool is_settled = !status->is_changing && strcmp(instance->state, "running") == 0;
	bool is_old = now_ns - instance->launched_ns > REPORT_WITHIN_NS;

	if (verdict == BOOT_OTHER_DISK)
		return error_set(err, ERROR_CORRUPT, "instance %s of pod '%s' booted %s",
				 instance->id, instance->pod, instance->booted_digest);
	if (verdict == BOOT_EQUAL || !is_settled)
		return true;
	if (verdict == BOOT_OTHER_IMAGE)
		return error_set(
			err, ERROR_CORRUPT,
			"instance %s of pod '%s' runs image %s, which is not the release's",
			instance->id, instance->pod, instance->image);
	if (verdict == BOOT_UNKNOWN_POD)
		return error_set(err, ERROR_CORRUPT,
				 "instance %s is of a pod '%s' that no release has", instance->id,
				 instance->pod);
	return !is_old || error_set(err, ERROR_CORRUPT,
				    "instance %s of pod '%s' never said which disk it booted",
				    instance->id, instance->pod);
}

bool status_proof_check(const struct proof_scope *scope, const struct cloud_status *status,
			int64_t now_ns, struct error *err)
{
	for (size_t i = 0; i < status->pod_count; i++)
		if (!check_receipt(scope, &status->pods[i], err))
			return false;
	for (size_t i = 0; i < status->instance_count; i++)
		if (!check_instance(status, &status->instances[i], now_ns, err))
			return false;
	return true;
}
