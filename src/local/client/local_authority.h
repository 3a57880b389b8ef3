/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_LOCAL_AUTHORITY_H
#define I2KIT_LOCAL_CLIENT_LOCAL_AUTHORITY_H

/*
 * The user's own certificate authority, for https on this machine: PATH_DATA/ca/authority.pem and
 * authority.key (0600), made once. A browser that is told to trust the former takes every
 * certificate that `up` makes.
 */

#include "base/certificate.h"

char *local_authority_path(void); /* of authority.pem; owned */
bool local_authority_exists(void);
/* Makes it where it is not there. */
MUST_CHECK bool local_authority_load(struct certificate *ret, struct error *err);
/* For these names; one that was made before and holds for a month more is taken again. */
MUST_CHECK bool local_authority_server(const struct string_list *names, struct certificate *ret,
				       struct error *err);

#endif
