/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/openstack/client/login.h"
#include "cloud/openstack/client/settings.h"
#include "fuzz.h"
#include "fuzz_folder.h"

/* clouds.yaml, and behind a NUL secure.yaml: the only cloud, and what would be sent for it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(openstack_settings_clear) struct openstack_settings settings = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	const uint8_t *end = size > 0 ? memchr(bytes, '\0', size) : NULL;
	size_t first = end != NULL ? (size_t)(end - bytes) : size;
	AUTO_FREE char *clouds = fuzz_file("clouds.yaml", bytes, first);
	AUTO_FREE char *secure = fuzz_file("secure.yaml", end != NULL ? end + 1 : bytes,
					   end != NULL ? size - first - 1 : 0);

	(void)setenv("OS_CLIENT_CONFIG_FILE", clouds, 1);
	(void)setenv("OS_CLIENT_SECURE_FILE", secure, 1);
	if (!openstack_settings_load(NULL, NULL, &settings, &err)) {
		if (err.message == NULL)
			abort();
		return 0;
	}
	if (settings.region == NULL || settings.interface == NULL)
		abort();
	AUTO_FREE char *document = openstack_login_document(&settings, &err);
	if ((document == NULL) != (err.message != NULL))
		abort();
	return 0;
}
