/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_SETTINGS_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_SETTINGS_H

/*
 * Which cloud, and as whom: what openstacksdk would take from clouds.yaml, secure.yaml,
 * clouds-public.yaml, its table of public clouds, and OS_* of the environment, in its order. A cloud of the
 * environment alone is called "envvars" (OS_CLOUD_NAME). The differences: a profile that is a URL is
 * refused and not fetched, and a bare token is one.
 */

#include "base/error.h"
#include "cloud/openstack/client/cloud_values.h"

struct openstack_settings {
	char *cloud;		    /* owned; its name */
	char *file;		    /* owned; where it stands; NULL: in the environment */
	char *region;		    /* owned; "": whatever the catalog has */
	char *interface;	    /* owned; public, internal or admin */
	char *auth_type;	    /* owned; password, v3applicationcredential … */
	char *ca_file;		    /* owned; NULL: the system's */
	char *cert_file;	    /* owned; NULL: none */
	char *key_file;		    /* owned; NULL: in cert_file */
	bool is_insecure;	    /* certificates are not looked at */
	struct cloud_values values; /* all of it: "auth.username", "compute_endpoint_override" */
};
void openstack_settings_clear(struct openstack_settings *settings);

/* cloud NULL: OS_CLOUD, the environment's, the only one. region NULL: the cloud's first. */
MUST_CHECK bool openstack_settings_load(const char *cloud, const char *region,
					struct openstack_settings *ret, struct error *err);

#endif
