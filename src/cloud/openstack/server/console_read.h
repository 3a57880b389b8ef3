/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVER_CONSOLE_READ_H
#define I2KIT_CLOUD_OPENSTACK_SERVER_CONSOLE_READ_H

/*
 * What a server says of itself among all that its console has (wire/console_line.h). Kernel, firmware and
 * containers write there, too: what is not signed for this server counts for nothing. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "wire/console_line.h"

struct console_state {
	bool has_state;		  /* it has said one */
	enum console_event state; /* the last one, all but CONSOLE_BOOTED */
	int64_t state_seconds;	  /* when, by the server's clock */
	bool has_booted;
	struct digest booted; /* of the disk it read itself booted from */
	int64_t booted_seconds;
};

/* key, uuid: the server's. */
void console_read(const char *text, size_t size, const char *key, const char *uuid,
		  struct console_state *ret);

#endif
