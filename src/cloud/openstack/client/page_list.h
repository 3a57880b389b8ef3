/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_PAGE_LIST_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_PAGE_LIST_H

/*
 * Lists, page by page; the next one begins behind the last id of the one before. That one follows, Neutron,
 * Octavia, Nova and Cinder say by {"KEY": […], "KEY_links": [{"rel": "next"}]}, Glance by {"next": "/v2/…"}.
 */

#include "base/json.h"
#include "cloud/openstack/client/client.h"

/* Gets each element, which has an "id". Borrowed for the call. */
typedef void page_list_fn(struct json_view element, void *arg);

/* path: "/security-groups"; query: without "?", or NULL. Of the login's project alone, from
 * services that know such a filter. */
MUST_CHECK bool page_list(struct openstack_client *client, const struct openstack_service *service,
			  const char *path, const char *query, const char *key, page_list_fn *fn,
			  void *arg, struct error *err);

#endif
