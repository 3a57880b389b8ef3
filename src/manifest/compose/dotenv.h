/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_DOTENV_H
#define I2KIT_MANIFEST_COMPOSE_DOTENV_H

/*
 * Env files (https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/):
 * NAME=value, NAME: value, export NAME=value, NAME alone for the value outside; # comments; 'as it
 * is' and "with \n and ${NAME}" over several lines; values without quotes are filled in too.
 */

#include "base/error.h"
#include "manifest/compose/variables.h"

struct dotenv_options {
	const char *file;			 /* borrowed by what is read, for its place */
	const struct compose_variables *outside; /* goes before what stands in the file; or NULL */
	bool is_raw; /* format: raw: every line is NAME=value as it stands */
};

/* Into *ret, which may hold some already. err begins "LINE: ". */
MUST_CHECK bool dotenv_parse(const struct dotenv_options *options, const char *text,
			     struct compose_variables *ret, struct error *err);

#endif
