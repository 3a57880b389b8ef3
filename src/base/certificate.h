/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_CERTIFICATE_H
#define I2KIT_BASE_CERTIFICATE_H

/*
 * X.509 certificates for https on this machine: an authority of the user's own, and what it signs.
 * All on the curve P-256, as PEM; libcrypto does the work.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

struct certificate {
	char *certificate; /* PEM; owned, as is the key */
	char *key;	   /* PEM of PKCS #8; wiped by certificate_clear() */
};
void certificate_clear(struct certificate *certificate);

/* An authority that signs itself; for days from now. */
MUST_CHECK bool certificate_make_authority(const char *name, unsigned days, struct certificate *ret,
					   struct error *err);
/* For servers of these DNS names ("*.localhost" too), signed by the authority. */
MUST_CHECK bool certificate_make_server(const struct certificate *authority,
					const struct string_list *names, unsigned days,
					struct certificate *ret, struct error *err);
/*
 * Whether a server could show them: a chain of PEM certificates whose first belongs to the key.
 * ERROR_INVALID says what is wrong.
 */
MUST_CHECK bool certificate_check(const char *chain, size_t chain_size, const char *key,
				  size_t key_size, struct error *err);
/* Whether the authority signed it, and it holds for that many days from now. */
bool certificate_is_good(const struct certificate *server, const struct certificate *authority,
			 unsigned days);

#endif
