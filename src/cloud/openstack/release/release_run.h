/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_RELEASE_RELEASE_RUN_H
#define I2KIT_CLOUD_OPENSTACK_RELEASE_RELEASE_RUN_H

/* Looks, asks release_step_next(), does it, looks again: until the cloud is what is wanted. */

#include "base/progress.h"
#include "cloud/openstack/client/client.h"
#include "cloud/openstack/release/release_services.h"
#include "cloud/openstack/release/release_step.h"
#include "cloud/provider.h"

struct release_run {
	struct openstack_client *client; /* these borrowed */
	const struct cloud_scope *scope;
	const struct wanted *wanted;
	const struct release_services *services;
	const struct progress *progress; /* or NULL */
	unsigned
		record; /* its number: a newer one ends this run (ERROR_BUSY); 0: that is not asked */
	uint64_t patience_ms; /* for a server to become ready */
	/* The run's own. */
	struct string_list earlier; /* ids of servers that were there before it */
	struct release_watch *watches;
	size_t watch_count;
	bool has_looked;
	bool has_failed; /* a server of the release did */
	unsigned lost;	 /* answers */
};
/* All but its own is set by then. */
void release_run_clear(struct release_run *run);
/*
 * On failure it can be gone on with by another run; nothing is taken back, also when a server of the release
 * failed.
 */
MUST_CHECK bool release_run(struct release_run *run, struct error *err);

#endif
