/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_BUILD_RECORD_H
#define I2KIT_IMAGE_LAYER_BUILD_RECORD_H

/*
 * What was made from what: builds/HEX of the store, one JSON object. HEX is of the build key, which
 * names every input.
 *
 *	{"layer":"sha256:KEY of layers/","digest":"sha256:… of that file","crc64":"16 hex digits"}
 *	{"disk":"sha256:…","layers":["sha256:KEY of layers/",…]}
 *
 * Records of older versions have no crc64. A record whose disk or layer is gone means nothing and
 * may be removed.
 */

#include "base/error.h"
#include "base/sha256.h"

#include "image/layer/checksum.h"
#include "image/store/store.h"

struct build_record {
	struct digest disk;	      /* none in a layer's record */
	struct digest *layers;	      /* keys */
	size_t layer_count;	      /* 1 in a layer's record */
	struct digest digest;	      /* of the one layer's file; none in a disk's record */
	char checksum[CHECKSUM_SIZE]; /* of the same; "" where it is not known */
};
void build_record_clear(struct build_record *record);

MUST_CHECK bool build_record_write(struct store *store, const struct digest *key,
				   const struct build_record *record, struct error *err);
/* False without an error when there is none that can be read. */
bool build_record_read(struct store *store, const struct digest *key, struct build_record *ret);

/* The file's text, both ways: pure. */
char *build_record_format(const struct build_record *record); /* owned */
MUST_CHECK bool build_record_parse(const char *text, size_t size, struct build_record *ret,
				   struct error *err);

#endif
