/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/providers/providers.h"

#include <string.h>

#ifdef I2KIT_PROVIDER_AWS
#include "cloud/aws/provider/provider_aws.h"
#endif
#ifdef I2KIT_PROVIDER_OPENSTACK
#include "cloud/openstack/provider/provider_openstack.h"
#endif

const struct cloud_provider *const *cloud_providers(void)
{
	/* Those of meson's option `providers`. */
	static const struct cloud_provider *const list[] = {
#ifdef I2KIT_PROVIDER_AWS
		&CLOUD_PROVIDER_AWS,
#endif
#ifdef I2KIT_PROVIDER_OPENSTACK
		&CLOUD_PROVIDER_OPENSTACK,
#endif
		NULL};
	return list;
}

const struct cloud_provider *cloud_provider_find(const char *name, struct error *err)
{
	const struct cloud_provider *const *list = cloud_providers();
	for (size_t i = 0; list[i] != NULL; i++)
		if (strcmp(list[i]->name, name) == 0)
			return list[i];
	error_set(err, ERROR_UNSUPPORTED, "this i2kit cannot promote to '%s'", name);
	if (list[0] != NULL)
		error_hint(err, "provider.type: %s", list[0]->name);
	else
		error_hint(err, "it was built without clouds: meson -Dproviders=aws");
	return NULL;
}
