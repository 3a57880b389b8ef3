/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_RECEIPT_H
#define I2KIT_RELEASE_RECEIPT_H

/*
 * The receipt of a local run: what became ready, signed. local/ writes one whenever a pod has all
 * its replicas ready (receipt_record); promote asks for it (receipt_find) and refuses a release
 * that has none. Kept under PATH_STATE/receipts/PROJECT/POD/IMAGE-CONFIG.json; the signing key,
 * made at the first use, is PATH_CONFIG/receipt.key (0600). doc/formats.md has the format.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/release_id.h"

/* A probe that had passed when the pod was ready. */
struct receipt_probe {
	char *container; /* owned */
	char *probe;	 /* owned; "startup", "readiness", "liveness" */
};

struct receipt {
	char *project; /* owned */
	char *pod;     /* owned */
	struct release_id release;
	char *accelerator; /* owned; "kvm" or "tcg" */
	char *firmware;	   /* owned; "direct", "bios", "uefi" */
	uint32_t replicas; /* that were ready together */
	uint32_t desired;
	int64_t ready_ns;  /* since 1970: when the last of them became ready */
	uint64_t start_ms; /* from the start of the VM to ready, the slowest replica */
	bool is_dirty;	   /* live mounts, --watch or a sync touched it: not what the image holds */
	bool is_warm;	   /* a replica went on from a template instead of booting */
	struct receipt_probe *probes; /* owned */
	size_t probe_count;
	char *i2kit_version; /* owned; NULL: this program's */
};

void receipt_clear(struct receipt *receipt);
void receipt_add_probe(struct receipt *receipt, const char *container, const char *probe);

/* Signs and stores; an older receipt of the same release is replaced. Cheap: a few milliseconds. */
MUST_CHECK bool receipt_record(const struct receipt *receipt, struct error *err);

/* A stored receipt; ERROR_CORRUPT when it was not signed, or not by this user's key. */
MUST_CHECK bool receipt_read(const char *text, size_t size, struct receipt *ret, struct error *err);

/*
 * Its text, as it was signed, in its place. One of a boot that a warm start's would replace goes to
 * IMAGE-CONFIG.cold.json beside it.
 */
MUST_CHECK bool receipt_store(const struct receipt *receipt, const char *text, size_t size,
			      struct error *err);

/*
 * The same for one of another machine. One that is here and is newer stays (*ret_is_kept false); the
 * other still goes to IMAGE-CONFIG.cold.json where it shows a boot and the one here does not.
 */
MUST_CHECK bool receipt_store_older(const struct receipt *receipt, const char *text, size_t size,
				    bool *ret_is_kept, struct error *err);

/*
 * The receipt of exactly this release. ERROR_NOT_FOUND when it never was ready here; ERROR_CORRUPT
 * when the file was changed after it was signed or is signed by a key that is not ours.
 */
MUST_CHECK bool receipt_find(const char *project, const char *pod, const struct release_id *release,
			     struct receipt *ret, struct error *err);
/*
 * Whether this image of the pod booted and became ready here once, with whatever configuration, and
 * a receipt that counts says so: what went on from a template does not prove that it boots.
 */
bool receipt_has_cold(const char *project, const char *pod, const struct digest *image);

#endif
