/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_PACKAGE_RPM_H
#define I2KIT_IMAGE_SBOM_PACKAGE_RPM_H

/*
 * RPM's database of today, rpmdb.sqlite: a table of headers, each as rpm(8) keeps it in memory
 * (https://rpm-software-management.github.io/rpm/manual/format_header.html): numbers of entries and
 * bytes, 16 bytes an entry, the values.
 */

#include <stddef.h>

#include "base/error.h"
#include "image/sbom/package.h"

/* Adds those of the database; its bytes are changed by nobody. Keys of signers are left out. */
MUST_CHECK bool package_rpm_read(const void *bytes, size_t size, struct package_list *ret,
				 struct error *err);
/* One header; ERROR_CORRUPT. */
MUST_CHECK bool package_rpm_read_header(const void *bytes, size_t size, struct package *ret,
					struct error *err);

#endif
