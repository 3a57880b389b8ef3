/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_SBOM_MAKE_H
#define I2KIT_IMAGE_SBOM_SBOM_MAKE_H

#include "base/error.h"
#include "base/progress.h"
#include "base/strbuf.h"

struct store;

enum sbom_format {
	SBOM_PACKAGES, /* for people: see sbom_packages.h */
	SBOM_SPDX,
	SBOM_CYCLONEDX,
	SBOM_PROVENANCE,
	SBOM_FORMAT_COUNT,
};
extern const char *const sbom_format_words[SBOM_FORMAT_COUNT];

/* Reads a disk in a process of its own (image_process.h); *ret is JSON, pretty. */
MUST_CHECK bool sbom_make(struct store *store, const char *path, enum sbom_format format,
			  const struct progress *progress, struct strbuf *ret, struct error *err);

#endif
