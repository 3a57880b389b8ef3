/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_RELEASE_RELEASE_SERVICES_H
#define I2KIT_CLOUD_OPENSTACK_RELEASE_RELEASE_SERVICES_H

/* What a release needs of what stands before its servers: groups, balancers, addresses. */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/string_list.h"
#include "cloud/openstack/release/release_step.h"

struct release_services {
	void *arg;
	/* Makes what is missing; nothing is taken away. */
	bool (*prepare)(void *arg, struct error *err);
	/* Sees what there is; before what follows. */
	bool (*look)(void *arg, struct error *err);
	void (*groups)(void *arg, const char *pod, struct string_list *ret);
	const char *(*address)(void *arg, const char *service); /* NULL: it has none (yet) */
	enum fact_member (*member)(void *arg, const char *pod, const char *address,
				   const char *port);
	/* Exactly these, the newest first; until that holds. */
	bool (*set_members)(void *arg, const char *pod, const struct string_list *addresses,
			    const struct string_list *ports, struct error *err);
	/* What is no longer wanted goes. */
	bool (*tidy)(void *arg, struct error *err);
};

#endif
