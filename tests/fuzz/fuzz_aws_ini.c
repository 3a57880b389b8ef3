/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/aws/client/ini.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)bytes, size);
	AUTO(ini_clear) struct ini ini = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!ini_parse(text, "fuzz", &ini, &err)) {
		if (err.message == NULL || ini.count != 0)
			__builtin_trap();
		return 0;
	}
	for (size_t i = 0; i < ini.count; i++)
		if (ini.items[i].key != NULL &&
		    ini_get(&ini, ini.items[i].section, ini.items[i].key) == NULL)
			__builtin_trap();
	return 0;
}
