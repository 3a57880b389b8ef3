/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_PROVIDER_H
#define I2KIT_CLOUD_PROVIDER_H

/*
 * What promote needs from a cloud, as a small table of functions. aws/ implements it; nothing else
 * in cloud/, cli/ or tui/ names a provider. A provider is opened for one region and account.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "manifest/app.h"

/* How much of what the cloud stored is read back and compared with the local disk. */
enum verify_kind {
	VERIFY_FULL,   /* every block that is not zero */
	VERIFY_SAMPLE, /* the list of blocks, and 1 in 16 of them, at least 32 */
	VERIFY_NONE,
};

struct cloud_options {
	const char *region;  /* NULL: from the environment or the profile */
	const char *profile; /* NULL: likewise */
	unsigned parallel;   /* most requests at once; 0: 32 */
};

/* A disk on its way into the cloud. */
struct cloud_upload {
	const char *project;
	const char *pod;
	const char *digest; /* of the raw disk, "sha256:…" */
	const char *path;   /* the raw disk */
	uint64_t size_bytes;
	enum verify_kind verify;
	const char *receipt_tag; /* or NULL */
};

/* What the cloud holds of a disk. */
struct cloud_image {
	char *id;	       /* owned; "ami-…" */
	char *snapshot;	       /* owned; "snap-…" */
	bool was_there;	       /* found by its digest, nothing was sent */
	uint64_t blocks_total; /* blocks of the disk that are not zero */
	uint64_t blocks_sent;
	uint64_t bytes_sent;
	uint64_t blocks_verified; /* read back and equal */
	char *parent;		  /* owned; snapshot the delta was made against, or NULL */
};
void cloud_image_clear(struct cloud_image *image);

struct cloud; /* one open provider */

struct cloud_provider {
	const char *name; /* "aws" */
	struct cloud *(*open)(const struct cloud_options *options, struct error *err);
	void (*close)(struct cloud *cloud);
	/* One line for people: account, region, where the credentials come from. Owned. */
	char *(*identify)(struct cloud *cloud, struct error *err);
	/* Uploads, compares and registers, or finds what is already there. */
	bool (*ensure_image)(struct cloud *cloud, const struct cloud_upload *upload,
			     const struct progress *progress, struct cloud_image *ret,
			     struct error *err);
};

/* NULL and ERROR_UNSUPPORTED for a provider this build does not have. */
MUST_CHECK const struct cloud_provider *cloud_provider_find(const char *name, struct error *err);

#endif
