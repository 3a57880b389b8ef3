/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build/image_layout.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/path.h"

static char *blob_path(const char *folder, const struct digest *digest)
{
	return xasprintf("%s/blobs/sha256/%s", folder, DIGEST_HEX(digest));
}

static bool write_blob(const char *folder, const char *text, struct digest *ret, struct error *err)
{
	*ret = sha256_digest(text, strlen(text));
	AUTO_FREE char *path = blob_path(folder, ret);

	return file_write_atomic(path, text, strlen(text), 0600, err);
}

static bool link_layer(struct store *store, const char *folder, const struct digest *digest,
		       struct error *err)
{
	AUTO_FREE char *from = store_path(store, STORE_BLOB, digest);
	AUTO_FREE char *to = blob_path(folder, digest);

	return symlink(from, to) == 0 || errno == EEXIST || error_set_errno(err, errno, "%s", to);
}

static char *make_index(const struct digest *manifest, size_t size)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_object(&json, NULL);
	json_write_number(&json, "schemaVersion", 2);
	json_open_list(&json, "manifests");
	json_open_object(&json, NULL);
	json_write_text(&json, "mediaType", "application/vnd.oci.image.manifest.v1+json");
	json_write_text(&json, "digest", DIGEST_TEXT(manifest));
	json_write_unsigned(&json, "size", size);
	json_close(&json);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

bool image_layout_write(struct store *store, const struct oci_image *image, char **ret_folder,
			struct error *err)
{
	static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	AUTO_FREE char *folder =
		xasprintf("%s/layouts/%s", store_folder(store), DIGEST_HEX(&image->digest));
	AUTO_FREE char *blobs = xasprintf("%s/blobs/sha256", folder);
	AUTO_FREE char *version_path = path_join(folder, "oci-layout");
	AUTO_FREE char *index_path = path_join(folder, "index.json");
	struct digest config, manifest;

	if (!path_make_folders(blobs, 0700, err) ||
	    !write_blob(folder, image->config_json, &config, err))
		return false;
	AUTO_FREE char *text = oci_manifest_make(&config, strlen(image->config_json), image->layers,
						 image->layer_count);
	if (!write_blob(folder, text, &manifest, err))
		return false;
	for (size_t i = 0; i < image->layer_count; i++)
		if (!link_layer(store, folder, &image->layers[i].digest, err))
			return false;
	AUTO_FREE char *index = make_index(&manifest, strlen(text));
	if (!file_write_atomic(version_path, version, strlen(version), 0600, err) ||
	    !file_write_atomic(index_path, index, strlen(index), 0600, err))
		return false;
	*ret_folder = TAKE_PTR(folder);
	return true;
}
