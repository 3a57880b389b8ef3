/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_STAND_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_STAND_OPENSTACK_H

/* What stands before a release's servers (service/), as the release's run asks for it. */

#include "cloud/openstack/place/places.h"
#include "cloud/openstack/release/release_services.h"
#include "cloud/provider.h"

struct stand; /* borrows client, scope and progress, which may be NULL */
void stand_free(struct stand *stand);
DEFINE_AUTO_PTR(stand, stand_free)

/* Errors for what cannot be. */
MUST_CHECK struct stand *stand_new(struct openstack_client *client, const struct cloud_scope *scope,
				   const struct app *app, const struct openstack_places *places,
				   const struct progress *progress, struct error *err);
/* Of a release's record, and into it. */
MUST_CHECK struct stand *stand_read(struct openstack_client *client,
				    const struct cloud_scope *scope, struct json_view view,
				    const struct progress *progress, struct error *err);
void stand_write(const struct stand *stand, struct json_writer *json, const char *key);
/* Nothing at all is wanted. */
struct stand *stand_none(struct openstack_client *client, const struct cloud_scope *scope,
			 const struct progress *progress);

/* Services that pods will have an address for. */
void stand_addressed(const struct stand *stand, struct string_list *ret);
/* Lines of a plan; after look. */
void stand_changes(const struct stand *stand, struct cloud_plan *plan);
/* All of the scope; after its ports. */
MUST_CHECK bool stand_destroy(struct stand *stand, struct error *err);
const struct release_services *stand_services(const struct stand *stand);

#endif
