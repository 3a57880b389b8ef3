/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/promote.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "manifest/metadata_access.h"
#include "manifest/pod_networks.h"
#include "release/receipt_tag.h"
#include "release/release_scope.h"

#define SHORT_DIGEST 19 /* "sha256:" and 12 digits */

void promotion_clear(struct promotion *promotion)
{
	for (size_t i = 0; i < promotion->count; i++) {
		disk_image_clear(&promotion->pods[i].disk);
		release_config_clear(&promotion->pods[i].config);
		cloud_image_clear(&promotion->pods[i].image);
		receipt_clear(&promotion->pods[i].receipt);
		free(promotion->pods[i].receipt_tag);
	}
	free(promotion->pods);
	*promotion = (struct promotion){0};
}

/* What nobody enforces there must not look as if somebody did. */
static bool check_policies(const struct app *app, struct error *err)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		if (!pod->incoming.is_isolated && !pod->outgoing.is_isolated)
			continue;
		if (app_has_networks(app)) {
			(void)error_set(err, ERROR_UNSUPPORTED,
					"pod '%s' is kept apart from others by its networks, which "
					"the cloud does not do",
					pod->name);
			return error_hint(err,
					  "one network for all of them there, and network: "
					  "{egress: …}, which becomes rules of security groups");
		}
		(void)error_set(err, ERROR_UNSUPPORTED,
				"pod '%s' is selected by a NetworkPolicy, which the cloud does not "
				"enforce",
				pod->name);
		return error_hint(err, "network: {egress: …}, or the annotation i2kit/egress, "
				       "becomes rules of its security group");
	}
	return true;
}

static bool check_instance(const struct pod_spec *pod, const struct container_spec *containers,
			   size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const char *by = metadata_access_by_force(&containers[i].security);
		if (by == NULL)
			continue;
		(void)error_set(err, ERROR_UNSUPPORTED,
				"pod '%s': container '%s' could take the credentials of the "
				"instance (%s)",
				pod->name, containers[i].name, by);
		return error_hint(err,
				  "metadata: [%s], or the annotation i2kit/metadata, says that it "
				  "may",
				  containers[i].name);
	}
	return true;
}

/* No fence holds what is root of the machine or of its network; so that is said aloud. */
static bool check_instances(const struct app *app, struct error *err)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		if (!check_instance(pod, pod->init_containers, pod->init_container_count, err) ||
		    !check_instance(pod, pod->containers, pod->container_count, err))
			return false;
	}
	return true;
}

bool promotion_prepare(struct store *store, const struct app *app,
		       const struct image_options *options, const struct progress *progress,
		       struct promotion *ret, struct error *err)
{
	AUTO(promotion_clear) struct promotion out = {.app = app};
	if (!check_policies(app, err) || !check_instances(app, err))
		return false;
	for (size_t i = 0; i < app->pod_count; i++) {
		struct promotion_pod *entry = ARRAY_APPEND(out.pods, out.count);
		entry->pod = &app->pods[i];
		if (!image_build(store, entry->pod, options, progress, &entry->disk, err) ||
		    !release_config_make(app, entry->pod, &entry->config, err))
			return error_prefix(err, "pod '%s'", entry->pod->name);
	}
	if (out.count == 0)
		return error_set(err, ERROR_NOT_FOUND, "there is no pod to promote");
	*ret = out;
	out = (struct promotion){0};
	return true;
}

/* --- gate ----------------------------------------------------------------------------------- */

static void check_receipt(const struct receipt *receipt, const struct pod_spec *pod,
			  struct string_list *missing)
{
	if (receipt->is_dirty)
		string_list_addf(
			missing,
			"pod '%s' was ready with files of this machine in it (live mounts, "
			"--watch or a sync; `i2kit restart %s` boots the image again)",
			pod->name, pod->name);
	/* The cloud boots. */
	if (receipt->is_warm &&
	    !receipt_has_cold(receipt->project, receipt->pod, &receipt->release.image))
		string_list_addf(missing,
				 "pod '%s' was ready, but always started warm: nothing shows that "
				 "its image boots (i2kit up --cold)",
				 pod->name);
	/* Replicas are no part of a release; one that all of its own ran is what counts. */
	if (receipt->replicas == 0 || receipt->replicas < receipt->desired)
		string_list_addf(missing, "pod '%s' had %u of %u replicas ready", pod->name,
				 receipt->replicas, receipt->desired);
}

/* What is said of one pod when its receipt is not there; false: it could not be looked for. */
static bool say_missing(const struct promotion_pod *entry, struct error *failure,
			struct string_list *missing, struct error *err)
{
	if (failure->kind == ERROR_NOT_FOUND)
		string_list_addf(
			missing,
			"pod '%s': image %.*s with configuration %.*s was never ready here",
			entry->pod->name, SHORT_DIGEST, DIGEST_TEXT(&entry->disk.digest),
			SHORT_DIGEST, DIGEST_TEXT(&entry->config.digest));
	else if (failure->kind == ERROR_CORRUPT)
		string_list_addf(missing, "pod '%s': %s", entry->pod->name, failure->message);
	else
		return error_move(err, failure);
	return true;
}

struct release_id promotion_pod_release(const struct promotion_pod *entry)
{
	return (struct release_id){entry->disk.digest, entry->config.digest};
}

struct release_scope promotion_scope(const struct promotion *promotion, const char *environment)
{
	AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;
	for (size_t i = 0; i < promotion->count; i++) {
		const struct release_id release = promotion_pod_release(&promotion->pods[i]);
		release_scope_add(&pods, promotion->pods[i].pod->name, &release);
	}
	return release_scope_make(promotion->app->project, environment, &pods);
}

static bool check_pod(const struct release_scope *scope, struct promotion_pod *entry,
		      struct string_list *missing, struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct release_id release = promotion_pod_release(entry);
	size_t before = missing->count;
	receipt_clear(&entry->receipt);
	free(TAKE_PTR(entry->receipt_tag));
	if (receipt_find(scope->project, entry->pod->name, &release, &entry->receipt, &failure))
		check_receipt(&entry->receipt, entry->pod, missing);
	else if (!say_missing(entry, &failure, missing, err))
		return false;
	if (missing->count == before)
		return receipt_to_tag(&entry->receipt, scope, &entry->receipt_tag, err);
	return receipt_forced_tag(scope, entry->pod->name, &release, &entry->receipt_tag, err);
}

bool promotion_gate(struct promotion *promotion, const char *environment, bool is_forced,
		    struct string_list *missing, struct error *err)
{
	const struct release_scope scope = promotion_scope(promotion, environment);
	for (size_t i = 0; i < promotion->count; i++)
		if (!check_pod(&scope, &promotion->pods[i], missing, err))
			return false;
	if (missing->count == 0 || is_forced)
		return true;
	error_set(err, ERROR_DENIED, "not promoted: %zu thing%s not proved here", missing->count,
		  missing->count == 1 ? " was" : "s were");
	return error_hint(err, "i2kit up --wait, then promote; or --force, which is recorded");
}

/* --- what is approved ----------------------------------------------------------------------- */

bool promotion_statement(const struct promotion *promotion, const char *environment,
			 struct release_statement *ret, struct error *err)
{
	AUTO(release_statement_clear)
	struct release_statement out = {
		.project = xstrdup(promotion->app->project),
		.environment = xstrdup(environment != NULL ? environment : ""),
		.time_ns = clock_wall_ns(),
	};
	for (size_t i = 0; i < promotion->count; i++) {
		const struct receipt *receipt = &promotion->pods[i].receipt;
		if (receipt->project == NULL)
			return error_set(err, ERROR_DENIED,
					 "pod '%s' has no receipt: it cannot be approved",
					 promotion->pods[i].pod->name);
		struct statement_pod pod = {
			.pod = xstrdup(receipt->pod),
			.release = receipt->release,
			.accelerator = xstrdup(receipt->accelerator),
			.firmware = xstrdup(receipt->firmware),
			.replicas = receipt->replicas,
			.ready_ns = receipt->ready_ns,
		};
		release_statement_add(&out, &pod);
	}
	*ret = out;
	out = (struct release_statement){0};
	return true;
}

/* --- upload --------------------------------------------------------------------------------- */

static struct cloud_upload upload_of(const struct promotion *promotion,
				     const struct promotion_pod *entry, enum verify_kind verify)
{
	struct cloud_upload upload = {
		.project = promotion->app->project,
		.pod = entry->pod->name,
		.path = entry->disk.path,
		.size_bytes = entry->disk.size_bytes,
		.verify = verify,
		.receipt_tag = entry->receipt_tag,
	};
	upload.digest = entry->disk.digest;
	return upload;
}

bool promotion_plan_images(struct promotion *promotion, const struct cloud_provider *provider,
			   struct cloud *cloud, const struct progress *progress, struct error *err)
{
	for (size_t i = 0; i < promotion->count; i++) {
		struct promotion_pod *entry = &promotion->pods[i];
		struct cloud_upload upload = upload_of(promotion, entry, VERIFY_FULL);
		cloud_image_clear(&entry->image);
		if (!provider->plan_image(cloud, &upload, progress, &entry->image, err))
			return error_prefix(err, "pod '%s'", entry->pod->name);
	}
	return true;
}

bool promotion_upload(struct promotion *promotion, const struct cloud_provider *provider,
		      struct cloud *cloud, enum verify_kind verify, const struct progress *progress,
		      struct error *err)
{
	for (size_t i = 0; i < promotion->count; i++) {
		struct promotion_pod *entry = &promotion->pods[i];
		struct cloud_upload upload = upload_of(promotion, entry, verify);
		cloud_image_clear(&entry->image);
		if (!provider->ensure_image(cloud, &upload, progress, &entry->image, err))
			return error_prefix(err, "pod '%s'", entry->pod->name);
	}
	return true;
}

struct cloud_release *promotion_releases(const struct promotion *promotion)
{
	struct cloud_release *releases = xcalloc(promotion->count + 1, sizeof(*releases));
	for (size_t i = 0; i < promotion->count; i++) {
		const struct promotion_pod *entry = &promotion->pods[i];
		releases[i] = (struct cloud_release){
			.pod = entry->pod->name,
			.image = entry->image.id,
			.config_json = entry->config.json,
			.receipt_tag = entry->receipt_tag,
			.path = entry->disk.path,
			.size_bytes = entry->disk.size_bytes,
		};
		releases[i].id = (struct release_id){entry->disk.digest, entry->config.digest};
	}
	return releases;
}
