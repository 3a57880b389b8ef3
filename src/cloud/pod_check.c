/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/pod_check.h"

static bool check_kind(const struct pod_spec *pod, struct error *err)
{
	if (pod->cron.schedule != NULL) {
		error_set(err, ERROR_UNSUPPORTED,
			  "'%s' is a CronJob, and nobody keeps its schedule in the cloud",
			  pod->name);
		return error_hint(err, "i2kit up on a machine that stays up; leave it out of what "
				       "is promoted: -f …");
	}
	if (pod->workload == WORKLOAD_JOB || pod->restart_policy != RESTART_ALWAYS) {
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s' ends by itself; only pods that run for ever can be promoted",
			  pod->name);
		return error_hint(err, "leave Jobs out of what is promoted: -f …");
	}
	if (pod->partition > 0) {
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s': partition: %u wants two releases at once, and in a cloud a "
			  "pod has one",
			  pod->name, pod->partition);
		return error_hint(err, "partition: 0 for what is promoted");
	}
	return true;
}

bool cloud_pod_check(const struct pod_spec *pod, struct error *err)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		if (pod->volumes[i].kind != VOLUME_HOST_PATH)
			continue;
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s': volume '%s' is a folder of this machine", pod->name,
			  pod->volumes[i].name);
		return error_hint(err,
				  "use a persistentVolumeClaim, a configMap or the image itself");
	}
	return check_kind(pod, err);
}
