/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_LOGIN_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_LOGIN_H

/*
 * Keystone's POST /v3/auth/tokens: what is sent, by password, token, or application credential (which has its
 * project in itself), and what comes back: who one is, until when, and the catalog. Version 2.0, SAML, OIDC
 * and one-time codes are not spoken.
 */

#include <stdbool.h>
#include <stdint.h>

#include "cloud/openstack/client/answer.h"
#include "cloud/openstack/client/catalog.h"
#include "cloud/openstack/client/settings.h"

struct openstack_login {
	char *token;	    /* owned; a secret */
	int64_t expires_ns; /* wall clock */
	char *user;	    /* owned; name, else id */
	char *user_id;	    /* owned */
	char *project;	    /* owned; name; NULL: the token has no project */
	char *project_id;   /* owned; or NULL */
	struct catalog catalog;
};
void openstack_login_clear(struct openstack_login *login);

/* "…/v3", whatever version auth_url ends with. Owned. */
char *openstack_identity_url(const char *auth_url);
/* The body, owned, with secrets in it. NULL and *err: something is missing, or cannot be done. */
char *openstack_login_document(const struct openstack_settings *settings, struct error *err);
MUST_CHECK bool openstack_login_read(const struct openstack_answer *answer,
				     struct openstack_login *ret, struct error *err);

#endif
