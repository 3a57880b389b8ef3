/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/policy_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

const char *policy_scope_transport(enum transport transport)
{
	static const char *const names[] = {
		[TRANSPORT_REGISTRY] = "docker",
		[TRANSPORT_OCI] = "oci",
		[TRANSPORT_OCI_ARCHIVE] = "oci-archive",
		[TRANSPORT_DOCKER_ARCHIVE] = "docker-archive",
		[TRANSPORT_DOCKER_DAEMON] = "docker-daemon",
	};
	return names[transport];
}

static void add_named(const struct reference *reference, struct string_list *ret)
{
	AUTO_FREE char *name = xasprintf("%s/%s", reference->host, reference->name);
	if (digest_is_set(&reference->digest))
		string_list_addf(ret, "%s@%s", name, DIGEST_TEXT(&reference->digest));
	else
		string_list_addf(ret, "%s:%s", name, reference->tag);
	char *slash = NULL;
	do {
		string_list_add(ret, name);
		slash = strrchr(name, '/');
		if (slash != NULL)
			*slash = '\0';
	} while (slash != NULL);
	/* A port does not count among subdomains. */
	name[strcspn(name, ":")] = '\0';
	for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
		string_list_addf(ret, "*.%s", dot + 1);
}

/* Without links, as far as it is there. */
static void add_path(const char *given, struct string_list *ret)
{
	AUTO_FREE char *real = realpath(given, NULL);
	AUTO_FREE char *path = xstrdup(real != NULL ? real : given);
	for (char *slash = path; slash != NULL && path[0] != '\0';) {
		string_list_add(ret, path);
		slash = strrchr(path, '/');
		if (slash != NULL)
			*slash = '\0';
	}
}

void policy_scope_list(const struct reference *reference, struct string_list *ret)
{
	switch (reference->transport) {
	case TRANSPORT_REGISTRY:
		add_named(reference, ret);
		return;
	case TRANSPORT_DOCKER_DAEMON:
		if (reference->host != NULL)
			add_named(reference, ret);
		else
			string_list_add(ret, DIGEST_TEXT(&reference->digest));
		return;
	case TRANSPORT_OCI:
	case TRANSPORT_OCI_ARCHIVE:
		add_path(reference->path, ret);
		return;
	case TRANSPORT_DOCKER_ARCHIVE:
		return; /* it has one scope alone, its default */
	}
}
