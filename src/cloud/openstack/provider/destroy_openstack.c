/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/destroy_openstack.h"

#include <string.h>

#include "base/alloc.h"
#include "cloud/openstack/provider/image_sweep.h"
#include "cloud/openstack/provider/provider_openstack.h"
#include "cloud/openstack/provider/stand_openstack.h"
#include "cloud/openstack/release/glance_record.h"
#include "cloud/openstack/release/release_run.h"
#include "cloud/openstack/server/port.h"
#include "cloud/openstack/server/server.h"
#include "cloud/openstack/volume/cinder.h"
#include "cloud/patience.h"

#define PATIENCE_MS (15 * 60 * 1000)
#define LOOK_MS	    1000
#define LOOKS	    120

/* --- servers, ports, what stands before them ------------------------------------------------ */

/* As a release of nothing: so guests hear that they end. */
static bool remove_servers(struct openstack_client *client, const struct cloud_scope *scope,
			   const struct progress *progress, struct error *err)
{
	AUTO(wanted_clear) struct wanted nothing = {.scope = xstrdup(scope->name)};
	AUTO_PTR(stand) struct stand *stand = stand_none(client, scope, progress);
	const struct release_services *services = stand_services(stand);
	AUTO(release_run_clear)
	struct release_run run = {.client = client,
				  .scope = scope,
				  .wanted = &nothing,
				  .services = services,
				  .progress = progress,
				  .patience_ms = PATIENCE_MS};

	return release_run(&run, err) && stand_destroy(stand, err);
}

/* --- volumes -------------------------------------------------------------------------------- */

/* A volume is let go of a moment after its server is gone. */
static bool remove_volumes(struct openstack_client *client, const struct cloud_scope *scope,
			   const struct progress *progress, struct error *err)
{
	for (unsigned look = 0; look < LOOKS; look++) {
		AUTO(cinder_volume_list_clear) struct cinder_volume_list list = {0};
		if (!cinder_volume_list_of(client, scope, &list, err))
			return false;
		if (list.count == 0)
			return true;
		for (size_t i = 0; i < list.count; i++) {
			const char *status = list.items[i].status;
			bool can_go = strcmp(status, "available") == 0 ||
				      strncmp(status, "error", 5) == 0;
			if (can_go && !cinder_volume_delete(client, list.items[i].id, err))
				return false;
		}
		if (!patience_wait_ms(LOOK_MS, progress, err))
			return false;
	}
	return error_set(err, ERROR_BUSY, "volumes are still in use");
}

/* --- records and images --------------------------------------------------------------------- */

static bool remove_records(struct openstack_client *client, const struct cloud_scope *scope,
			   struct error *err)
{
	AUTO(glance_record_list_clear) struct glance_record_list list = {0};

	if (!glance_record_list_of(client, scope, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!glance_record_remove(client, list.items[i].id, err))
			return false;
	return true;
}

/* --- proof ---------------------------------------------------------------------------------- */

/* Looks again instead of believing what was just done. */
static bool prove_gone(struct openstack_client *client, const struct cloud_scope *scope,
		       const struct cloud_destruction *what, struct error *err)
{
	AUTO(server_list_clear) struct server_list servers = {0};
	AUTO(server_port_list_clear) struct server_port_list ports = {0};
	AUTO(glance_record_list_clear) struct glance_record_list records = {0};
	AUTO(cinder_volume_list_clear) struct cinder_volume_list volumes = {0};

	if (!server_list_of(client, scope, &servers, err) ||
	    !server_port_list_of(client, scope, &ports, err) ||
	    !glance_record_list_of(client, scope, &records, err) ||
	    (what->volumes && !cinder_volume_list_of(client, scope, &volumes, err)))
		return false;
	if (servers.count + ports.count + records.count + volumes.count == 0)
		return true;
	return error_set(err, ERROR_BUSY,
			 "something is left: %zu servers, %zu ports, %zu records, %zu volumes",
			 servers.count, ports.count, records.count, volumes.count);
}

bool openstack_destroy(struct cloud *cloud, const struct cloud_scope *scope,
		       const struct cloud_destruction *what, const struct progress *progress,
		       struct error *err)
{
	struct openstack_client *client = provider_openstack_client(cloud);

	return remove_servers(client, scope, progress, err) &&
	       (!what->volumes || remove_volumes(client, scope, progress, err)) &&
	       remove_records(client, scope, err) &&
	       (!what->images || openstack_remove_images(client, scope, err)) &&
	       prove_gone(client, scope, what, err);
}
