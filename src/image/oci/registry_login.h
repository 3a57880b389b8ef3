/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_REGISTRY_LOGIN_H
#define I2KIT_IMAGE_OCI_REGISTRY_LOGIN_H

/*
 * `docker login` without docker: whether a registry takes a user and a password, and keeping them
 * where docker, podman and we look (https://docs.docker.com/reference/cli/docker/login/). The file
 * is Docker's config.json ($DOCKER_CONFIG or ~/.docker); what else is in it stays. Where it names a
 * credential helper for the host, the helper keeps the password and the file does not have it.
 */

#include "base/strbuf.h"
#include "image/oci/docker_config.h"

/* "docker.io", "quay.io:443" of what a person types: also URLs and Docker's own key. Owned. */
char *registry_login_host(const char *text);

/* ERROR_DENIED: it does not. insecure: NULL or a NULL-terminated list of hosts. */
MUST_CHECK bool registry_login_try(const char *host, const char *const *insecure,
				   const struct credential *credential, struct error *err);

/* Where it is kept now, for people: the file, or the helper and the file that names it. Owned. */
MUST_CHECK char *registry_login_keep(const char *host, const struct credential *credential,
				     struct error *err);
/* *ret_was_known: there was something to forget. */
MUST_CHECK bool registry_login_forget(const char *host, bool *ret_was_known, struct error *err);
/* A file that is looked at before Docker's and knows the host, owned; NULL: none. */
char *registry_login_shadow(const char *host);

/* Pure: the file's text with an entry for the host, or without one. text NULL: a new file. */
MUST_CHECK bool docker_config_put(const char *text, size_t size, const char *host,
				  const struct credential *credential_or_helper, struct strbuf *out,
				  struct error *err);
MUST_CHECK bool docker_config_remove(const char *text, size_t size, const char *host,
				     struct strbuf *out, bool *ret_was_there, struct error *err);

#endif
