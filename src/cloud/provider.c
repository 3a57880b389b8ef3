/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/provider.h"

#include <string.h>

#include "cloud/aws/provider_aws.h"

void cloud_image_clear(struct cloud_image *image)
{
	free(image->id);
	free(image->snapshot);
	free(image->parent);
	*image = (struct cloud_image){0};
}

const struct cloud_provider *cloud_provider_find(const char *name, struct error *err)
{
	if (strcmp(name, CLOUD_PROVIDER_AWS.name) == 0)
		return &CLOUD_PROVIDER_AWS;
	error_set(err, ERROR_UNSUPPORTED, "i2kit cannot promote to '%s'", name);
	error_hint(err, "provider.type: aws");
	return NULL;
}
