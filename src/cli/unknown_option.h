/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_UNKNOWN_OPTION_H
#define I2KIT_CLI_UNKNOWN_OPTION_H

/*
 * What does here what docker compose's option does, for people whose fingers know that one
 * (https://docs.docker.com/reference/cli/docker/compose/). verb: by its name, or NULL before the
 * verb; option without its dashes, a letter is a short one. NULL: that is no option of Compose's.
 */
const char *unknown_option_meaning(const char *verb, const char *option);

#endif
