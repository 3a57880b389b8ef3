/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_PACKAGE_FILES_H
#define I2KIT_IMAGE_SBOM_PACKAGE_FILES_H

/*
 * The databases of Debian's dpkg (deb822(5) paragraphs, `var/lib/dpkg/status`, or a file of
 * `status.d/` for each package) and of Alpine's apk (`lib/apk/db/installed`, lines of a letter, a
 * colon and a value). Both are texts of paragraphs; what is no package is passed over.
 */

#include "base/error.h"
#include "image/sbom/package.h"

/* Adds those that are installed; ERROR_FULL: more than PACKAGES_MAX. */
MUST_CHECK bool package_files_read_dpkg(const char *text, struct package_list *ret,
					struct error *err);
MUST_CHECK bool package_files_read_apk(const char *text, struct package_list *ret,
				       struct error *err);

#endif
