/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVER_SERVER_READ_H
#define I2KIT_CLOUD_OPENSTACK_SERVER_SERVER_READ_H

/* A server as Nova describes it (Compute API 2.79). What is wrong is the document's complaint. Pure. */

#include "cloud/openstack/server/server.h"

void server_read(struct json_view view, struct server *ret);
/*
 * Adds those of the scope that a page of /servers/detail has. *ret_last: the marker of the next page, owned;
 * NULL: it is the last one.
 */
void server_read_page(struct json_view page, const struct cloud_scope *scope,
		      struct server_list *list, char **ret_last);

#endif
