/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_CHECK_H
#define I2KIT_WIRE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/string_list.h"
#include "wire/kinds.h"

/* What a probe or a hook asks, from the manifest to the guest that asks it. */
struct check {
	enum check_kind type;
	struct string_list command;
	char *host;
	uint16_t port;
	char *path;
	bool is_https;
	struct string_list headers; /* "Name: value" */
	char *service;		    /* gRPC */
	/* Of a hook that is a command, where it is not as its container. */
	struct string_list environment; /* "NAME=value" */
	char *user;
	char *working_dir;
	uint64_t sleep_ms;
};
void check_clear(struct check *check);
/* Into one that is clear. */
void check_copy(struct check *to, const struct check *from);

#endif
