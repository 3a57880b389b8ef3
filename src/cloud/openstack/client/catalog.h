/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_CATALOG_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_CATALOG_H

/*
 * Where the services of a cloud are, as Keystone tells who logs in. A service type has older names that
 * clouds still use (block-storage: volumev3); these are those of the service types authority.
 */

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

struct catalog_entry {
	char *type;	 /* all owned; "compute" */
	char *interface; /* "public" */
	char *region;	 /* or NULL */
	char *url;	 /* without slashes at its end */
};

struct catalog {
	struct catalog_entry *items; /* owned */
	size_t count;
};
void catalog_clear(struct catalog *catalog);

/* `list`: token.catalog; what is wrong in it is the document's complaint. */
void catalog_read(struct json_view list, struct catalog *ret);

/* region "": any. NULL: there is none. Borrowed. */
const char *catalog_find(const struct catalog *catalog, const char *type, const char *interface,
			 const char *region);

/*
 * An endpoint with the version asked for ("v2.1", or NULL: none) at its end, unless it has one of that
 * major number already. Owned.
 */
char *catalog_versioned(const char *url, const char *version);

#endif
