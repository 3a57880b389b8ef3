/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CHECK_H
#define I2KIT_MANIFEST_CHECK_H

/* What can only be checked when everything has been read: between objects. */

struct loader;

void check_app(struct loader *loader);

#endif
