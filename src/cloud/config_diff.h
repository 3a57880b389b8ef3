/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_CONFIG_DIFF_H
#define I2KIT_CLOUD_CONFIG_DIFF_H

#include "base/error.h"
#include "base/string_list.h"

/*
 * Where two CONFIG documents (doc/formats.md §4) differ, as lines "PATH: only here", "PATH: only
 * there", "PATH: differs". No value is ever in a line. Secrets are equal when their SHA-256 is,
 * whether they stand there whole or by reference. Pure.
 */
MUST_CHECK bool config_diff_make(const char *here, const char *there, struct string_list *ret,
				 struct error *err);

#endif
