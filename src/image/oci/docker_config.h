/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_DOCKER_CONFIG_H
#define I2KIT_IMAGE_OCI_DOCKER_CONFIG_H

/*
 * Who we are for a registry, as `docker login`, `podman login` and `skopeo login` have written it:
 * ~/.docker/config.json (auths, credsStore, credHelpers) and containers' auth.json, whose keys may
 * also name a repository.
 */

#include <stddef.h>

#include "base/error.h"

struct credential {
	char *username;	      /* NULL: none */
	char *password;	      /* secret */
	char *identity_token; /* or NULL; instead of a password, for OAuth2 token servers */
	char *helper;	      /* or NULL: ask docker-credential-HELPER for `server` */
	char *server;	      /* the key as written, what the helper knows it by */
	char *file;	      /* where it was found, for people; NULL: it was typed in */
};
void credential_clear(struct credential *credential); /* wipes the secrets */

/*
 * What the text of one such file says for repository `name` at `host` ("docker.io", "quay.io:443").
 * An empty credential means: nothing. Where a helper is named it has precedence, as in Docker.
 */
MUST_CHECK bool docker_config_find(const char *text, size_t size, const char *host,
				   const char *name, struct credential *ret, struct error *err);

/* "docker.io" of "https://index.docker.io/v1/", "h" of "https://h/v2/"; owned. */
char *docker_config_host(const char *key);
/* What docker calls a host in its file and to helpers; borrowed. */
const char *docker_config_key(const char *host);
/* The helper that the text names for the host, owned; NULL: none, or its name is no plain word. */
char *docker_config_helper(const char *text, size_t size, const char *host);

/* What a helper printed. */
MUST_CHECK bool credential_parse_helper(const char *text, size_t size, struct credential *ret,
					struct error *err);

#endif
