/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_ENVIRONMENT_H
#define I2KIT_GUEST_DOCUMENTS_ENVIRONMENT_H

/*
 * What a container's environment is: pure. In Kubernetes' order: the image's, the services',
 * envFrom, env with $(VAR) expanded; a later value of a name replaces an earlier one in its place.
 */

#include "wire/pod_document.h"
#include "wire/release_document.h"

/* What fields and resources are resolved from, apart from the documents. */
struct env_facts {
	const char *address;   /* "10.77.1.5", or NULL */
	const char *hostname;  /* of the pod */
	uint64_t memory_bytes; /* of the VM: what a limit is where none is given */
	unsigned cpu_count;
};

MUST_CHECK bool environment_make(const struct pod_image *pod, const struct release *release,
				 const struct container_image *container,
				 const struct env_facts *facts, struct string_list *ret,
				 struct error *err);

/* "status.podIP", "metadata.labels['app']" …; owned. NULL for a field that is none. */
char *field_value(const struct pod_image *pod, const struct release *release,
		  const struct env_facts *facts, const char *field);
/* "limits.memory" of a container, divided and rounded up; owned; NULL and *err when unknown. */
char *resource_value(const struct container_image *container, const struct env_facts *facts,
		     const char *resource, const char *divisor_or_null, struct error *err);
/* Kubernetes' $(VAR): $$ is a $; unknown names stay as written. Owned. */
char *environment_expand(const char *text, const struct string_list *environment);
/* The value of a name in a list of K=V, or NULL. */
const char *env_list_find(const struct string_list *environment, const char *name);
const struct container_image *pod_container(const struct pod_image *pod, const char *name);

#endif
