/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_NAME_FILES_H
#define I2KIT_GUEST_DOCUMENTS_NAME_FILES_H

/* The texts of the files that name things in a pod. Pure, owned. */

#include "wire/release_document.h"

/* The pod's own line is there once, with every name that the release has for its address. */
char *hosts_make(const struct release *release, const char *hostname, const char *address_or_null);
/* name_server: the pod's own (machine/name_server.h), or NULL: the network's servers. */
char *resolv_conf_make(const struct release *release, const char *name_server);

#endif
