/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_RECEIPT_TRAVEL_H
#define I2KIT_RELEASE_RECEIPT_TRAVEL_H

/*
 * Receipts on their way to another machine: one signed receipt a line, as its file has it. A
 * receipt of another machine counts where its key is trusted: PATH_CONFIG/receipt.trusted holds a
 * public key (base64) and a name a line. doc/formats.md §7.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "release/receipt.h"

/* Adds the project's receipts to *out; all of them must hold. *ret_count: how many. */
MUST_CHECK bool receipt_export(const char *project, struct strbuf *out, size_t *ret_count,
			       struct error *err);
/* Checks one line and stores it where receipt_find() looks, unless a newer one is there: *ret_is_kept.
 * ERROR_CORRUPT as receipt_read(). */
MUST_CHECK bool receipt_import(const char *line, size_t size, struct receipt *ret,
			       bool *ret_is_kept, struct error *err);

/* This user's public key, base64; owned. NULL on failure. */
char *receipt_public_key(struct error *err);
/* Trusts receipts that the owner of this key signed. Twice is once. name may be NULL. */
MUST_CHECK bool receipt_trust(const char *public_key, const char *name, struct error *err);

#endif
