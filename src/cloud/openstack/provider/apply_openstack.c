/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/apply_openstack.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cloud/openstack/provider/plan_openstack.h"
#include "cloud/openstack/provider/provider_openstack.h"
#include "cloud/openstack/provider/wanted_openstack.h"
#include "cloud/openstack/release/glance_record.h"
#include "cloud/openstack/release/record.h"
#include "cloud/openstack/release/release_run.h"
#include "cloud/openstack/volume/cinder.h"
#include "cloud/patience.h"
#include "release/receipt_key.h"

#define VOLUME_LOOK_MS 1000
#define VOLUME_LOOKS   300

/* --- records -------------------------------------------------------------------------------- */

static void take_pods(const struct wanted *wanted, struct cloud_record *record)
{
	for (size_t i = 0; i < wanted->pod_count; i++) {
		const struct wanted_pod *pod = &wanted->pods[i];
		*ARRAY_APPEND(record->pods, record->pod_count) = (struct cloud_pod_status){
			.name = xstrdup(pod->name),
			.image_digest = xstrdup(DIGEST_TEXT(&pod->id.image)),
			.config_digest = xstrdup(DIGEST_TEXT(&pod->id.config)),
			.receipt_tag = xstrdup_or_null(pod->receipt),
		};
	}
}

/* What is not whole is left out, and said. */
static bool take_record(struct openstack_client *client, const struct cloud_scope *scope,
			const struct glance_record_list *list, unsigned number,
			struct cloud_record_list *ret, struct error *err)
{
	AUTO(error_clear) struct error broken = ERROR_INIT;
	AUTO(wanted_clear) struct wanted wanted = {0};
	struct cloud_record record = {0};
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *release = NULL;

	if (!glance_record_load(client, list, number, &text, err))
		return false;
	if (!record_read(scope, number, text, &record, &release, &broken) ||
	    !openstack_release_read(client, scope, release, NULL, &wanted, NULL, &broken)) {
		free(record.note);
		log_verbose("%s", broken.message);
		return true;
	}
	take_pods(&wanted, &record);
	*ARRAY_APPEND(ret->items, ret->count) = record;
	return true;
}

bool openstack_records(struct cloud *cloud, const struct cloud_scope *scope,
		       struct cloud_record_list *ret, struct error *err)
{
	struct openstack_client *client = provider_openstack_client(cloud);
	AUTO(glance_record_list_clear) struct glance_record_list list = {0};
	AUTO(cloud_record_list_clear) struct cloud_record_list out = {0};

	if (!glance_record_list_of(client, scope, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		bool is_told = i > 0 && list.items[i - 1].number == list.items[i].number;
		if (list.items[i].is_whole && !is_told &&
		    !take_record(client, scope, &list, list.items[i].number, &out, err))
			return false;
	}
	*ret = out;
	out = (struct cloud_record_list){0};
	return true;
}

/* What stands before a release, for when that fails. */
struct before {
	char *release;	 /* owned; what its record says; NULL: there is none */
	unsigned number; /* of a record that says what is promoted now; 0: none is newer */
};

static void before_clear(struct before *before)
{
	free(before->release);
}

/* The newest whole record but those that say the very same as `release`: these are of killed runs of ours. */
static bool find_before(struct openstack_client *client, const struct cloud_scope *scope,
			const struct glance_record_list *list, const char *release,
			struct before *ret, struct error *err)
{
	for (size_t i = list->count; i-- > 0 && ret->release == NULL;) {
		const struct glance_record *item = &list->items[i];
		struct cloud_record record = {0};
		AUTO_FREE char *text = NULL;
		AUTO_FREE char *said = NULL;
		if (!item->is_whole)
			continue;
		if (!glance_record_load(client, list, item->number, &text, err) ||
		    !record_read(scope, item->number, text, &record, &said, err))
			return false;
		free(record.note);
		if (strcmp(said, release) != 0)
			ret->release = TAKE_PTR(said);
		else if (ret->number == 0)
			ret->number = item->number;
	}
	return true;
}

/* Records that are not whole: of runs that were killed, or that this one is faster than. */
static void sweep_records(struct openstack_client *client, const struct glance_record_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].is_whole)
			(void)!glance_record_remove(client, list->items[i].id, NULL);
}

static bool save(struct openstack_client *client, const struct openstack_plan_detail *detail,
		 unsigned number, const char *release, struct error *err)
{
	struct ed25519_key key;
	AUTO_FREE char *text = NULL;

	if (!receipt_key_load(&key, err))
		return false;
	bool is_made =
		record_write(&detail->scope, number, detail->note, release, &key, &text, err);
	explicit_bzero(key.seed, sizeof(key.seed));
	return is_made && glance_record_save(client, &detail->scope, number, text, err);
}

/* --- volumes -------------------------------------------------------------------------------- */

static bool is_there(const struct cinder_volume_list *list, const char *claim, bool *ret_ready,
		     struct error *err)
{
	const struct cinder_volume *volume = cinder_volume_find(list, claim);

	*ret_ready = false;
	if (volume == NULL)
		return true;
	*ret_ready =
		strcmp(volume->status, "available") == 0 || strcmp(volume->status, "in-use") == 0;
	if (strncmp(volume->status, "error", 5) != 0)
		return true;
	error_set(err, ERROR_SYSTEM, "the volume of claim '%s' (%s) is %s", claim, volume->id,
		  volume->status);
	return error_hint(err, "openstack volume show %s", volume->id);
}

/* Looks before it makes one, and until each is ready. */
static bool ensure_claim(struct openstack_client *client, const struct cloud_scope *scope,
			 const struct wanted_claim *claim, const struct progress *progress,
			 struct error *err)
{
	for (unsigned look = 0; look < VOLUME_LOOKS; look++) {
		AUTO(cinder_volume_list_clear) struct cinder_volume_list list = {0};
		bool is_ready = false;
		if (!cinder_volume_list_of(client, scope, &list, err) ||
		    !is_there(&list, claim->claim, &is_ready, err))
			return false;
		if (is_ready)
			return true;
		if (cinder_volume_find(&list, claim->claim) == NULL &&
		    !cinder_volume_create(client, scope, claim->claim, claim->size_bytes, err))
			return false;
		if (!patience_wait_ms(VOLUME_LOOK_MS, progress, err))
			return false;
	}
	return error_set(err, ERROR_TIMEOUT, "the volume of claim '%s' does not get ready",
			 claim->claim);
}

static bool ensure_volumes(struct openstack_client *client,
			   const struct openstack_plan_detail *detail,
			   const struct progress *progress, struct error *err)
{
	for (size_t i = 0; i < detail->wanted.pod_count; i++)
		for (size_t c = 0; c < detail->wanted.pods[i].claim_count; c++)
			if (!ensure_claim(client, &detail->scope, &detail->wanted.pods[i].claims[c],
					  progress, err))
				return false;
	return true;
}

/* --- the release ---------------------------------------------------------------------------- */

/* Back to what was: the same way, to the release before. Without one, all that is there goes. */
static bool take_back(struct cloud *cloud, const struct openstack_plan_detail *detail,
		      const struct before *before, const struct progress *progress,
		      struct error *err)
{
	struct openstack_client *client = provider_openstack_client(cloud);
	AUTO(wanted_clear) struct wanted wanted = {0};
	AUTO_PTR(stand) struct stand *stand = NULL;

	if (before->release == NULL) {
		wanted.scope = xstrdup(detail->scope.name);
		stand = stand_none(client, &detail->scope, progress);
	} else if (!openstack_release_read(client, &detail->scope, before->release, progress,
					   &wanted, &stand, err))
		return false;
	const struct release_services *services = stand_services(stand);
	AUTO(release_run_clear)
	struct release_run run = {.client = client,
				  .scope = &detail->scope,
				  .wanted = &wanted,
				  .services = services,
				  .progress = progress,
				  .patience_ms = detail->patience_ms};
	return services->prepare(services->arg, err) && release_run(&run, err) &&
	       services->tidy(services->arg, err);
}

static bool go(struct cloud *cloud, const struct openstack_plan_detail *detail,
	       struct release_run *run, struct error *err)
{
	const struct release_services *services = run->services;

	return services->prepare(services->arg, err) &&
	       ensure_volumes(provider_openstack_client(cloud), detail, run->progress, err) &&
	       release_run(run, err) && services->tidy(services->arg, err);
}

static void remove_record(struct openstack_client *client, const struct cloud_scope *scope,
			  unsigned number)
{
	AUTO(glance_record_list_clear) struct glance_record_list list = {0};

	if (!glance_record_list_of(client, scope, &list, NULL))
		return;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].number == number)
			(void)!glance_record_remove(client, list.items[i].id, NULL);
}

static bool fail(struct cloud *cloud, const struct openstack_plan_detail *detail,
		 const struct before *before, unsigned number, const struct progress *progress,
		 struct error *failure, struct error *err)
{
	AUTO(error_clear) struct error second = ERROR_INIT;

	progress_note(progress, detail->scope.name, "it failed, and is taken back");
	if (take_back(cloud, detail, before, progress, &second)) {
		remove_record(provider_openstack_client(cloud), &detail->scope, number);
		error_prefix(failure, "the release is taken back: %s",
			     before->release != NULL ? "the one before it runs"
						     : "there was none before it");
		return error_move(err, failure);
	}
	error_prefix(failure, "and it could not be taken back (%s)", second.message);
	return error_move(err, failure);
}

/*
 * The record first: without one there would be no way back to what is about to run. A run that was killed
 * wrote it already.
 */
static bool record(struct openstack_client *client, const struct openstack_plan_detail *detail,
		   struct before *before, unsigned *ret_number, struct error *err)
{
	AUTO(glance_record_list_clear) struct glance_record_list list = {0};
	AUTO_FREE char *release = openstack_release_write(&detail->wanted, detail->stand);

	if (!glance_record_list_of(client, &detail->scope, &list, err) ||
	    !find_before(client, &detail->scope, &list, release, before, err))
		return false;
	*ret_number = before->number;
	if (before->number > 0)
		return true;
	*ret_number = glance_record_newest(&list) + 1;
	if (!save(client, detail, *ret_number, release, err))
		return false;
	sweep_records(client, &list);
	return true;
}

static bool take_images(struct openstack_plan_detail *detail,
			const struct cloud_deployment *deployment, struct error *err)
{
	for (size_t i = 0; deployment != NULL && i < deployment->count; i++) {
		const struct cloud_release *release = &deployment->releases[i];
		for (size_t p = 0; p < detail->wanted.pod_count; p++) {
			struct wanted_pod *pod = &detail->wanted.pods[p];
			if (strcmp(pod->name, release->pod) != 0)
				continue;
			free(pod->image);
			pod->image = xstrdup_or_null(release->image);
		}
	}
	for (size_t p = 0; p < detail->wanted.pod_count; p++)
		if (detail->wanted.pods[p].image == NULL)
			return error_set(err, ERROR_NOT_FOUND, "pod '%s' has no image in the cloud",
					 detail->wanted.pods[p].name);
	return true;
}

bool openstack_apply_plan(struct cloud *cloud, struct cloud_plan *plan,
			  const struct cloud_deployment *deployment, bool wait,
			  const struct progress *progress, struct error *err)
{
	struct openstack_plan_detail *detail = plan->detail;
	struct openstack_client *client = provider_openstack_client(cloud);
	AUTO(before_clear) struct before before = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(release_run_clear)
	struct release_run run = {.client = client,
				  .scope = &detail->scope,
				  .wanted = &detail->wanted,
				  .services = stand_services(detail->stand),
				  .progress = progress,
				  .patience_ms = detail->patience_ms};

	if (!plan->has_changes)
		return true;
	if (!wait) {
		error_set(err, ERROR_UNSUPPORTED,
			  "in OpenStack nobody else goes on with a release: --no-wait is not "
			  "possible");
		return error_hint(err,
				  "without --no-wait; a promote that was killed is gone on with "
				  "by the next");
	}
	if (!take_images(detail, deployment, err) ||
	    !record(client, detail, &before, &run.record, err))
		return false;
	if (go(cloud, detail, &run, &failure))
		return true;
	return run.has_failed ? fail(cloud, detail, &before, run.record, progress, &failure, err)
			      : error_move(err, &failure);
}
