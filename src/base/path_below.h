/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_PATH_BELOW_H
#define I2KIT_BASE_PATH_BELOW_H

/*
 * The part of path below folder, "" for the folder itself; NULL: it is not in it. Into path. Both
 * plain, without a slash at the end but for "/". By their letters alone.
 */
const char *path_below(const char *folder, const char *path);

#endif
