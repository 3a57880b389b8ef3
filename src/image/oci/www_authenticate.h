/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_WWW_AUTHENTICATE_H
#define I2KIT_IMAGE_OCI_WWW_AUTHENTICATE_H

/*
 * What a registry asks for: the WWW-Authenticate header of RFC 9110 section 11, with the parameters
 * of Distribution's token scheme. One header may carry several challenges.
 */

#include "base/error.h"

enum auth_scheme { AUTH_NONE, AUTH_BASIC, AUTH_BEARER };

struct auth_challenge {
	enum auth_scheme scheme;
	char *realm;   /* owned, or NULL; Bearer: URL of the token server */
	char *service; /* owned, or NULL */
	char *scope;   /* owned, or NULL */
};
void auth_challenge_clear(struct auth_challenge *challenge);

/*
 * The best challenge of the header: Bearer before Basic; AUTH_NONE when neither is there. False
 * only for text that is no list of challenges.
 */
MUST_CHECK bool www_authenticate_parse(const char *header, struct auth_challenge *ret,
				       struct error *err);

#endif
