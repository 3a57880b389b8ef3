/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUDS_FILE_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUDS_FILE_H

/*
 * Where openstacksdk looks for its files, in this order: what a variable names; then in the current
 * folder, $XDG_CONFIG_HOME/openstack, ~/.config/openstack, $XDG_CONFIG_DIRS/openstack (/etc/xdg),
 * /etc/openstack: NAME.yaml, NAME.yml, NAME.json. The first that may be read is the only one.
 */

#include <stddef.h>

#include "base/error.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

struct clouds_file {
	char *path;		       /* owned; NULL: there is none */
	struct yaml_documents content; /* owned */
	const struct yaml_node *root;  /* in it; NULL: none, or empty */
};
void clouds_file_clear(struct clouds_file *file);

/* name: "clouds", "secure", "clouds-public"; variable: whose value is looked at first, or NULL. At
 * most 1 MiB. Errors are PATH:LINE:COLUMN. */
MUST_CHECK bool clouds_file_find(const char *name, const char *variable, struct clouds_file *ret,
				 struct error *err);

#endif
