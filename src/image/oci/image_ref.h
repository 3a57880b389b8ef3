/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_IMAGE_REF_H
#define I2KIT_IMAGE_OCI_IMAGE_REF_H

/*
 * What a reference resolved to, kept in the store: refs/HEX of the reference's text, one JSON
 * object {"reference","digest","manifest","source","timeNs","stamp"?,"rule"?,"checked"?}. Its images are what prune
 * keeps and `i2kit images` lists.
 */

#include "base/error.h"
#include "base/sha256.h"
#include "image/store/store.h"

struct image_ref {
	char *reference;	/* struct reference's text */
	struct digest digest;	/* what the source names it by: index or manifest */
	struct digest manifest; /* for our platform */
	char *source;		/* host of the registry or mirror, path, socket */
	char *stamp;		/* file's identity and time for archives, or NULL */
	int64_t time_ns;	/* last asked or read */
	struct digest rule; /* struct image_policy's id: whose signatures were checked; or none */
	char *checked;	    /* what held: "sigstoreSigned sha256:…", or NULL */
};
void image_ref_clear(struct image_ref *ref);

struct image_ref_list {
	struct image_ref *items; /* by reference */
	size_t count;
};
void image_ref_list_clear(struct image_ref_list *list);

MUST_CHECK bool image_ref_write(struct store *store, const struct image_ref *ref,
				struct error *err);
/* ERROR_NOT_FOUND when the reference is not known. */
MUST_CHECK bool image_ref_read(struct store *store, const char *reference, struct image_ref *ret,
			       struct error *err);
MUST_CHECK bool image_ref_remove(struct store *store, const char *reference, struct error *err);
/* All that can be read, into an empty list; a damaged one is left out. */
MUST_CHECK bool image_ref_read_all(struct store *store, struct image_ref_list *ret,
				   struct error *err);

/* The file's text, both ways: pure. */
char *image_ref_format(const struct image_ref *ref); /* owned */
MUST_CHECK bool image_ref_parse(const char *text, size_t size, struct image_ref *ret,
				struct error *err);

#endif
