/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_find.h"

#include <poll.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "guest/cloud/cloud_openstack.h"

#define OPEN_MS	       120000U
#define FIRST_PAUSE_MS 200
#define LAST_PAUSE_MS  5000

static struct guest_cloud *try_all(struct error *err)
{
	AUTO(error_clear) struct error aws = ERROR_INIT;
	AUTO(error_clear) struct error openstack = ERROR_INIT;
	struct guest_cloud *cloud = cloud_backend_aws.open(&aws);

	if (cloud == NULL)
		cloud = cloud_backend_openstack.open(&openstack);
	if (cloud == NULL)
		error_set(err, ERROR_NETWORK, "as AWS: %s; as OpenStack: %s", aws.message,
			  openstack.message);
	return cloud;
}

struct guest_cloud *cloud_find(struct error *err)
{
	uint64_t deadline = clock_monotonic_ms() + OPEN_MS;
	int pause = FIRST_PAUSE_MS;

	if (cloud_openstack_has_drive())
		return cloud_backend_openstack.open(err);
	for (;;) {
		error_clear(err);
		struct guest_cloud *cloud = try_all(err);
		if (cloud != NULL || clock_monotonic_ms() >= deadline)
			return cloud;
		(void)poll(NULL, 0, pause);
		pause = pause < LAST_PAUSE_MS ? pause * 2 : pause;
	}
}
