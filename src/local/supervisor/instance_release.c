/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/instance_release.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/service_names.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/vm/vm_identity.h"
#include "local/vm/volume_disk.h"
#include "wire/release_document.h"

/* INSTANCE of one instance; the configuration around which it goes is the plan's. */

static void fill_network(const struct instance *instance, struct network_config *ret)
{
	const struct supervisor *supervisor = instance->supervisor;
	char mac[MAC_SIZE];

	vm_mac_make(instance->status.uuid, mac);
	ret->mac = xstrdup(mac);
	/* QEMU's user network is the same for every guest. */
	ret->address = supervisor->is_session ? xstrdup("10.0.2.15/24")
					      : xasprintf("%s/24", instance->status.address);
	ret->gateway = supervisor->is_session ? xstrdup("10.0.2.2")
					      : xasprintf("10.77.%u.1", supervisor->network.subnet);
	string_list_add(&ret->dns, supervisor->is_session ? "10.0.2.3" : ret->gateway);
	/* As a kubelet gives them. */
	string_list_add(&ret->searches, "default.svc.cluster.local");
	string_list_add(&ret->searches, "svc.cluster.local");
	string_list_add(&ret->searches, "cluster.local");
}

static bool is_formatted(const struct instance *instance, const struct pod_plan *pod,
			 const struct volume_plan *volume)
{
	struct vm_disk disk = volume_disk_make(&instance->supervisor->plan, pod, volume,
					       instance->status.replica);
	bool is_formatted = volume_disk_is_formatted(disk.path);

	free(disk.path);
	free(disk.former_path);
	return is_formatted;
}

static void fill_delivery(const struct instance *instance, const struct pod_plan *pod,
			  const struct volume_plan *volume, struct volume_delivery *ret)
{
	char serial[SERIAL_SIZE];
	bool is_session = instance->supervisor->is_session;

	vm_serial_make(volume->name, serial);
	ret->volume = xstrdup(volume->name);
	if (volume_plan_is_disk(volume)) {
		ret->how = DELIVERY_DISK;
		ret->serial = xstrdup(serial);
		ret->is_formatted = is_formatted(instance, pod, volume);
	} else if (volume_plan_is_pushed(volume, is_session)) {
		ret->how = DELIVERY_PUSHED;
		ret->file = volume->is_file ? xstrdup(strrchr(volume->host_path, '/') + 1) : NULL;
	} else {
		ret->how = DELIVERY_VIRTIOFS;
		ret->tag = xstrdup(serial);
	}
}

static void fill_volumes(const struct instance *instance, const struct pod_plan *pod,
			 struct release *ret)
{
	char serial[SERIAL_SIZE];

	for (size_t i = 0; i < pod->volume_count; i++)
		fill_delivery(instance, pod, &pod->volumes[i],
			      ARRAY_APPEND(ret->deliveries, ret->delivery_count));
	vm_serial_make("/scratch", serial);
	if (pod->scratch_bytes > 0)
		ret->scratch_serial = xstrdup(serial);
}

/* What a cluster's controllers write on a pod. */
static void fill_own_labels(const struct instance_status *status, const struct pod_plan *pod,
			    struct release *ret)
{
	if (pod->workload == WORKLOAD_STATEFUL_SET) {
		string_list_addf(&ret->own_labels, LABEL_POD_INDEX "=%u", status->replica);
		string_list_addf(&ret->own_labels, LABEL_POD_NAME "=%s", status->name);
	}
	if (pod->workload == WORKLOAD_JOB) {
		string_list_addf(&ret->own_labels, LABEL_JOB_NAME "=%s", pod->name);
		string_list_addf(&ret->own_labels, "job-name=%s", pod->name);
	}
	if (pod->workload == WORKLOAD_JOB && pod->job.is_indexed) {
		string_list_addf(&ret->own_labels, LABEL_COMPLETION_INDEX "=%u", status->replica);
		string_list_addf(&ret->own_annotations, LABEL_COMPLETION_INDEX "=%u",
				 status->replica);
	}
}

char *instance_release_make(const struct instance *instance, const struct pod_plan *pod)
{
	AUTO(release_clear) struct release release = {0};
	const struct instance_status *status = &instance->status;
	uint8_t entropy[32];

	release.project = xstrdup(instance->supervisor->project);
	release.pod = xstrdup(status->pod);
	release.instance = xstrdup(status->name);
	release.replica = status->replica;
	fill_own_labels(status, pod, &release);
	release.uid = xstrdup(status->uuid);
	release.image_digest = xstrdup(DIGEST_TEXT(&status->release.image));
	release.config_digest = xstrdup(DIGEST_TEXT(&status->release.config));
	release.where = xstrdup("local");
	release.is_held = instance->is_held;
	release.run_container = xstrdup_or_null(pod->run_container);
	fill_network(instance, &release.network);
	services_add_hosts(instance->supervisor, pod, &release.hosts);
	services_add_proxies(instance->supervisor, pod, &release);
	services_add_env(instance->supervisor, pod, &release.service_env);
	fill_volumes(instance, pod, &release);
	release.time_ns = clock_wall_ns();
	if (getrandom(entropy, sizeof(entropy), 0) == (ssize_t)sizeof(entropy))
		release.entropy = base64_encode(entropy, sizeof(entropy));
	return release_document_write_around(pod->config_json, &release);
}
