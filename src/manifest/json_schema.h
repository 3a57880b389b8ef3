/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_JSON_SCHEMA_H
#define I2KIT_MANIFEST_JSON_SCHEMA_H

/*
 * JSON Schema (draft 7, https://json-schema.org/draft-07) of what people write by hand, for editors:
 * from the tables that manifests are read by, so that names, choices and what they say are those of
 * `explain`. It knows less than `validate`: what it calls wrong is wrong.
 */

#include "base/error.h"
#include "base/strbuf.h"

/* name: "manifest" (i2kit.yml: the short form, or Kubernetes objects) "environment" or "compose". */
MUST_CHECK bool json_schema_write(const char *name, struct strbuf *ret, struct error *err);

#endif
