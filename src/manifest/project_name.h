/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_PROJECT_NAME_H
#define I2KIT_MANIFEST_PROJECT_NAME_H

/*
 * What a project is called: -p, $I2KIT_PROJECT, a document of the manifests that says `name:` and
 * nothing else, or else its folder.
 */

#include "base/error.h"

/* "/w/My Shop!" → "my-shop"; "default" where nothing is left. Owned. */
char *project_name_make(const char *folder);
MUST_CHECK bool project_name_check(const char *name, struct error *err);

/*
 * The folder that manifests in `folder` are of: itself, or the one around it when it is named for
 * what lies in it (k8s, kubernetes, manifests). Owned.
 */
char *project_home(const char *folder);

#endif
