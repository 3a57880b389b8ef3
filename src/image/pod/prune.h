/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_PRUNE_H
#define I2KIT_IMAGE_POD_PRUNE_H

/*
 * What the store can do without, and whether what it holds is right. Kept are: disks named in
 * `used` and what their i2kit.json names; every image that a ref names, with its layers as pulled
 * and as converted. With remove_all, refs keep nothing: only what is in use stays.
 */

#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"
#include "image/store/store.h"

struct prune_options {
	bool remove_all;
	bool is_dry_run;
	const struct string_list *used; /* digests of disks that run; or NULL */
};

struct pruned_file {
	char *kind;	     /* "blob", "layer", "disk", "build", "ref", "partial", "temporary" */
	char *name;	     /* digest, or for a ref the reference */
	uint64_t size_bytes; /* as allocated */
};

struct prune_result {
	struct pruned_file *files;
	size_t count;
	uint64_t freed_bytes;
};
void prune_result_clear(struct prune_result *result);

/* ERROR_BUSY while another process has the store open: a build may rely on any file. */
MUST_CHECK bool store_prune(struct store *store, const struct prune_options *options,
			    struct prune_result *ret, struct error *err);

#endif
