/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CRON_SPEC_H
#define I2KIT_MANIFEST_CRON_SPEC_H

/*
 * When a CronJob's Jobs are made, and which of them are kept: what of its spec is not jobTemplate.
 * As in https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/, defaults filled in.
 */

#include <stdbool.h>
#include <stdint.h>

#define CRON_SUCCESSFUL_KEPT 3
#define CRON_FAILED_KEPT     1
/* Kubernetes' bound: with "-MINUTE" behind it, a Job's name is one of 63 letters at most. */
#define CRON_NAME_MAX 52

/* While an earlier run is not over: one more beside it, none, or one in its place. */
enum cron_concurrency { CRON_ALLOW, CRON_FORBID, CRON_REPLACE, CRON_CONCURRENCIES };
extern const char *const cron_concurrency_words[CRON_CONCURRENCIES];

struct cron_spec {
	char *schedule;	 /* cron_schedule.h; NULL: it is no CronJob */
	char *time_zone; /* or NULL: this machine's */
	bool has_deadline;
	uint64_t deadline_s; /* startingDeadlineSeconds: so late may a run begin */
	enum cron_concurrency concurrency;
	bool is_suspended;
	uint32_t successful_kept;
	uint32_t failed_kept;
};
void cron_spec_clear(struct cron_spec *spec);
void cron_spec_copy(struct cron_spec *to, const struct cron_spec *from);

#endif
