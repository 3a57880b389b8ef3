/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_PROMOTE_H
#define I2KIT_CLOUD_PROMOTE_H

/*
 * What ran here, into the cloud: the disks and configurations of an application as they are now,
 * the gate that asks whether exactly those were ready, the upload. The stack comes after
 * (provider.h).
 */

#include "cloud/provider.h"
#include "image/pod/image_build.h"
#include "image/store/store.h"
#include "release/config.h"
#include "release/receipt.h"
#include "release/release_scope.h"
#include "release/release_statement.h"

struct promotion_pod {
	const struct pod_spec *pod;
	struct disk_image disk;
	struct release_config config;
	struct receipt receipt;	  /* set by the gate; project NULL: there is none */
	char *receipt_tag;	  /* owned; set by the gate */
	struct cloud_image image; /* set by plan and upload; id NULL: not in the cloud */
};

struct promotion {
	const struct app *app;
	struct promotion_pod *pods; /* owned */
	size_t count;
};
void promotion_clear(struct promotion *promotion);

/* Builds (or finds) each pod's disk and makes its configuration. app must live on. */
MUST_CHECK bool promotion_prepare(struct store *store, const struct app *app,
				  const struct image_options *options,
				  const struct progress *progress, struct promotion *ret,
				  struct error *err);
/*
 * Fills in the receipts. Each release that was not ready here, not with all replicas or not with
 * the image's own files is a line in *missing; then the result is false, unless forced: the release
 * then says so for ever.
 */
MUST_CHECK bool promotion_gate(struct promotion *promotion, const char *environment_or_null,
			       bool is_forced, struct string_list *missing, struct error *err);
struct release_id promotion_pod_release(const struct promotion_pod *entry);
/* What each of its pods is signed as a part of. project and environment are borrowed. */
struct release_scope promotion_scope(const struct promotion *promotion,
				     const char *environment_or_null);
/* What is to be approved: all pods with their receipts; none of them may lack one. */
MUST_CHECK bool promotion_statement(const struct promotion *promotion,
				    const char *environment_or_null, struct release_statement *ret,
				    struct error *err);
/* How much the upload would send; sends nothing. */
MUST_CHECK bool promotion_plan_images(struct promotion *promotion,
				      const struct cloud_provider *provider, struct cloud *cloud,
				      const struct progress *progress, struct error *err);
MUST_CHECK bool promotion_upload(struct promotion *promotion, const struct cloud_provider *provider,
				 struct cloud *cloud, enum verify_kind verify,
				 const struct progress *progress, struct error *err);
/* The releases for struct cloud_deployment; owned array, borrowed content. */
struct cloud_release *promotion_releases(const struct promotion *promotion);

#endif
