/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/receipts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/supervisor/disk_check.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/supervisor_parts.h"
#include "release/receipt.h"

static void add_probes(struct receipt *receipt, const struct instance_status *status)
{
	for (size_t i = 0; i < status->probe_count; i++) {
		const struct probe_result *probe = &status->probes[i];
		bool is_known = !probe->is_ok;
		for (size_t k = 0; k < receipt->probe_count; k++)
			is_known = is_known ||
				   (strcmp(receipt->probes[k].container, probe->container) == 0 &&
				    strcmp(receipt->probes[k].probe, probe->probe) == 0);
		if (!is_known)
			receipt_add_probe(receipt, probe->container, probe->probe);
	}
}

static uint64_t start_ms(const struct instance_status *status)
{
	return status->ready_ns > status->created_ns
		       ? (uint64_t)(status->ready_ns - status->created_ns) / 1000000
		       : 0;
}

static void add_instance(struct receipt *receipt, const struct instance_status *status)
{
	uint64_t ms = start_ms(status);

	receipt->replicas++;
	receipt->start_ms = ms > receipt->start_ms ? ms : receipt->start_ms;
	receipt->ready_ns =
		status->ready_ns > receipt->ready_ns ? status->ready_ns : receipt->ready_ns;
	receipt->is_dirty = receipt->is_dirty || status->is_dirty;
	receipt->is_warm = receipt->is_warm || status->is_warm;
	add_probes(receipt, status);
}

/* Its runs of now have one, or cannot have one. */
static void set_receipt(struct supervisor *supervisor, const struct pod_plan *pod)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (strcmp(supervisor->instances[i]->status.pod, pod->name) == 0)
			supervisor->instances[i]->has_receipt = true;
	}
}

/*
 * The receipt says what was booted. Kernel and initrd were hashed before the VM was made
 * (domain_work.c), its disk since (disk_check.c). False: not known yet, or said.
 */
static bool is_disk_good(struct supervisor *supervisor, const struct pod_plan *pod)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;

	switch (disk_checks_ask(supervisor->disk_checks, pod->image_path, &pod->release.image,
				&problem)) {
	case DISK_GOOD:
		return true;
	case DISK_BAD:
		supervisor_say(supervisor, true, "ReceiptFailed", pod->name, "%s", problem.message);
		set_receipt(supervisor, pod);
		return false;
	case DISK_UNKNOWN:
		return false; /* asked again when it is known */
	}
	return false;
}

static void fill(const struct supervisor *supervisor, const struct pod_plan *pod,
		 struct receipt *receipt)
{
	receipt->project = xstrdup(supervisor->project);
	receipt->pod = xstrdup(pod->name);
	receipt->release = pod->release;
	receipt->accelerator = xstrdup(supervisor->accel.is_kvm ? "kvm" : "tcg");
	receipt->firmware = xstrdup(supervisor->plan.firmware);
	receipt->desired = pod->replicas;
}

static void write_pod(struct supervisor *supervisor, const struct pod_plan *pod)
{
	AUTO(receipt_clear) struct receipt receipt = {0};
	bool is_new = false;

	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct instance *instance = supervisor->instances[i];
		if (strcmp(instance->status.pod, pod->name) != 0 || !instance->status.is_ready ||
		    !instance_is_current(instance, pod) ||
		    !release_id_equal(&instance->status.release, &pod->release))
			continue;
		add_instance(&receipt, &instance->status);
		is_new = is_new || !instance->has_receipt;
	}
	if (!is_new || receipt.replicas < pod->replicas || !is_disk_good(supervisor, pod))
		return;
	AUTO(error_clear) struct error problem = ERROR_INIT;
	fill(supervisor, pod, &receipt);
	if (!receipt_record(&receipt, &problem))
		supervisor_say(supervisor, true, "ReceiptFailed", pod->name, "%s", problem.message);
	set_receipt(supervisor, pod);
}

bool receipts_void(const struct instance *instance, struct error *err)
{
	AUTO(receipt_clear) struct receipt receipt = {0};
	AUTO(error_clear) struct error absent = ERROR_INIT;
	const struct instance_status *status = &instance->status;

	/* One that cannot be read proves nothing to promote either. */
	if (!receipt_find(instance->supervisor->project, status->pod, &status->release, &receipt,
			  &absent) ||
	    receipt.is_dirty)
		return true;
	receipt.is_dirty = true;
	return receipt_record(&receipt, err) ||
	       error_prefix(err, "pod '%s': its receipt cannot be voided", status->pod);
}

void receipts_write(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->plan.pod_count; i++) {
		/* A run is nothing to ship. */
		if (supervisor->plan.pods[i].run_container == NULL)
			write_pod(supervisor, &supervisor->plan.pods[i]);
	}
}
