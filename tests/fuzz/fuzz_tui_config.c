/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "tui/config.h"

/* The user's tui.yml: an error has a place, and what is taken has no key twice on a screen. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct action *first = NULL;
	const struct action *second = NULL;
	struct tui_config config;
	unsigned key = 0;

	if (size > CONFIG_MAX_BYTES)
		return 0;
	if (!tui_config_read("tui.yml", (const char *)bytes, size, &config, &err)) {
		if (strncmp(err.message, "tui.yml:", strlen("tui.yml:")) != 0)
			abort();
		return 0;
	}
	if (bindings_clash(&config.bindings, &first, &second, &key) || config.theme >= THEME_COUNT)
		abort();
	return 0;
}
