/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_STARTER_H
#define I2KIT_MANIFEST_STARTER_H

/* The first manifest of a project, with comments: i2kit init. */

enum starter_form { STARTER_SHORT, STARTER_KUBERNETES };

/* name: of the pod, RFC 1123; image: as a manifest writes it. Owned. */
char *starter_make(enum starter_form form, const char *name, const char *image);
/* environment.yml, static text. */
const char *starter_environment(void);

#endif
