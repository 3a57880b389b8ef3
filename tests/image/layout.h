/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TESTS_IMAGE_LAYOUT_H
#define I2KIT_TESTS_IMAGE_LAYOUT_H

/* Small OCI layouts for tests. */

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/sha256.h"

static inline void layout_put_blob(const char *layout, const char *bytes, struct digest *out)
{
	*out = sha256_digest(bytes, strlen(bytes));
	AUTO_FREE char *path = xasprintf("%s/blobs/sha256/%s", layout, DIGEST_HEX(out));
	if (!file_write_atomic(path, bytes, strlen(bytes), 0644, NULL))
		abort();
}

/* FOLDER/NAME with one image of one layer (the bytes given, taken as an uncompressed tar). */
static inline void layout_make(const char *folder, const char *name, const char *tag,
			       const char *architecture, const char *layer)
{
	struct digest layer_digest;
	struct digest config_digest;
	struct digest manifest_digest;
	AUTO_FREE char *layout = path_join(folder, name);
	AUTO_FREE char *blobs = path_join(layout, "blobs/sha256");
	AUTO_FREE char *index_path = path_join(layout, "index.json");
	if (!path_make_folders(blobs, 0755, NULL))
		abort();
	layout_put_blob(layout, layer, &layer_digest);
	AUTO_FREE char *config =
		xasprintf("{\"os\":\"linux\",\"architecture\":\"%s\",\"config\":{},"
			  "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
			  architecture, DIGEST_TEXT(&layer_digest));
	layout_put_blob(layout, config, &config_digest);
	AUTO_FREE char *manifest = xasprintf(
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":"
		"\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
		"\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
		"\"digest\":\"%s\",\"size\":%zu}]}",
		DIGEST_TEXT(&config_digest), strlen(config), DIGEST_TEXT(&layer_digest),
		strlen(layer));
	layout_put_blob(layout, manifest, &manifest_digest);
	AUTO_FREE char *index = xasprintf(
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
		"\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\",\"size\":%zu,"
		"\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}}]}",
		DIGEST_TEXT(&manifest_digest), strlen(manifest), tag);
	if (!file_write_atomic(index_path, index, strlen(index), 0644, NULL))
		abort();
}

#endif
