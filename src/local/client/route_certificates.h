/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_ROUTE_CERTIFICATES_H
#define I2KIT_LOCAL_CLIENT_ROUTE_CERTIFICATES_H

/* What the proxy shows for https: Secrets of the manifests, and a certificate of the user's own. */

#include "base/error.h"
#include "base/string_list.h"
#include "manifest/app.h"

/*
 * PEM, chain and key in each; none where no route wants https. Of a Secret that is no certificate:
 * ERROR_INVALID with its place.
 */
MUST_CHECK bool route_certificates_make(const struct app *app, struct string_list *ret,
					struct error *err);

#endif
