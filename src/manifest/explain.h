/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_EXPLAIN_H
#define I2KIT_MANIFEST_EXPLAIN_H

/* What a field does here, from the very tables that manifests are read by. */

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Text for people about a path: "deployment.spec.template.spec.containers.image", the same below a
 * pod ("containers.livenessProbe"), a key of the short form, a kind, or a lone field name that is
 * looked for everywhere. An empty path gives the kinds. ERROR_NOT_FOUND names the nearest.
 */
MUST_CHECK bool explain_path(const char *path, struct strbuf *ret, struct error *err);

/* The table of doc/fields.md: all kinds and all their fields. */
void explain_table(struct strbuf *ret);

#endif
