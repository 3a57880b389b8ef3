/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_PROVIDERS_PROVIDERS_H
#define I2KIT_CLOUD_PROVIDERS_PROVIDERS_H

/* Which clouds this build has: the one place that knows them all. */

#include "cloud/provider.h"

/* Those of this build; NULL behind the last. */
const struct cloud_provider *const *cloud_providers(void);
/* NULL and ERROR_UNSUPPORTED for a provider this build does not have. */
MUST_CHECK const struct cloud_provider *cloud_provider_find(const char *name, struct error *err);

#endif
