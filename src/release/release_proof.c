/* SPDX-License-Identifier: Apache-2.0 */
#include "release/release_proof.h"

#include "base/cleanup.h"
#include "release/receipt.h"

static bool is_good(const struct receipt *receipt)
{
	return !receipt->is_dirty && receipt->replicas > 0 &&
	       receipt->replicas >= receipt->desired &&
	       (!receipt->is_warm ||
		receipt_has_cold(receipt->project, receipt->pod, &receipt->release.image));
}

static bool agrees(const struct receipt *receipt, const struct statement_pod *pod,
		   struct error *err)
{
	struct statement_pod said = *pod;
	struct statement_pod known = {
		.pod = receipt->pod,
		.release = receipt->release,
		.accelerator = receipt->accelerator,
		.firmware = receipt->firmware,
		.replicas = receipt->replicas,
		.ready_ns = receipt->ready_ns,
	};
	const struct release_statement one = {.pods = &said, .pod_count = 1};
	const struct release_statement other = {.pods = &known, .pod_count = 1};
	return release_statement_agrees(&one, &other, err);
}

bool release_proof_find(const struct release_statement *statement, const struct statement_pod *pod,
			enum release_proof *ret, struct error *err)
{
	AUTO(receipt_clear) struct receipt receipt = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	*ret = PROOF_NONE;
	if (!receipt_find(statement->project, pod->pod, &pod->release, &receipt, &failure))
		return failure.kind == ERROR_NOT_FOUND || error_move(err, &failure);
	if (!agrees(&receipt, pod, err))
		return false;
	*ret = receipt.ready_ns == pod->ready_ns && is_good(&receipt) ? PROOF_RECEIPT
								      : PROOF_OTHER_RUN;
	return true;
}
