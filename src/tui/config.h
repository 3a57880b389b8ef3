/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_CONFIG_H
#define I2KIT_TUI_CONFIG_H

/*
 * The user's own keys and colours: tui.yml beside i2kit's other files ($XDG_CONFIG_HOME/i2kit,
 * ~/.config/i2kit).
 *
 *	theme: light               # auto, dark, light, none
 *	mouse: false
 *	keys:                      # by the actions' names, as ? shows them
 *	  restart: ctrl-t
 *	  logs: [l, L]
 *	  stop: []                 # no key; `:stop` is there all the same
 */

#include "base/error.h"
#include "tui/bindings.h"
#include "tui/theme.h"

enum { CONFIG_MAX_BYTES = 1 << 16 };

struct tui_config {
	enum theme theme;
	bool has_no_mouse;
	struct bindings bindings;
};

void tui_config_init(struct tui_config *config);
char *tui_config_path(void); /* owned */
/* Errors begin "FILE:LINE:COLUMN: "; *ret is untouched then. */
MUST_CHECK bool tui_config_read(const char *file, const char *text, size_t size,
				struct tui_config *ret, struct error *err);
/* Without such a file: as tui_config_init() makes it. */
MUST_CHECK bool tui_config_load(const char *file, struct tui_config *ret, struct error *err);

#endif
