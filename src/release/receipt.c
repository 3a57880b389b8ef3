/* SPDX-License-Identifier: Apache-2.0 */
#include "release/receipt.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "release/receipt_key.h"

#define MAX_RECEIPT_BYTES ((size_t)256 * 1024)
#define MAX_PROBES	  256

static inline void auto_json(json_t **value)
{
	json_decref(*value);
}
#define AUTO_JSON AUTO(auto_json)

void receipt_clear(struct receipt *receipt)
{
	for (size_t i = 0; i < receipt->probe_count; i++) {
		free(receipt->probes[i].container);
		free(receipt->probes[i].probe);
	}
	free(receipt->probes);
	free(receipt->project);
	free(receipt->pod);
	free(receipt->accelerator);
	free(receipt->firmware);
	free(receipt->i2kit_version);
	*receipt = (struct receipt){0};
}

void receipt_add_probe(struct receipt *receipt, const char *container, const char *probe)
{
	struct receipt_probe *added = ARRAY_APPEND(receipt->probes, receipt->probe_count);
	added->container = xstrdup(container);
	added->probe = xstrdup(probe);
}

/* Names go into paths: they are RFC 1123 by the manifest's check, looked at once more here. */
static bool check_name(const char *what, const char *name, struct error *err)
{
	size_t size = name != NULL ? strlen(name) : 0;
	bool is_good = size > 0 && size < 254 && name[0] != '.';
	for (size_t i = 0; i < size; i++)
		is_good = is_good && name[i] != '/' && (unsigned char)name[i] > ' ';
	return is_good ? true
		       : error_set(err, ERROR_INVALID, "the %s of a receipt is no name", what);
}

static bool receipt_path(const char *project, const char *pod, const char *image,
			 const char *config, char **ret, struct error *err)
{
	if (!check_name("project", project, err) || !check_name("pod", pod, err))
		return false;
	if (!digest_is_valid(image) || !digest_is_valid(config))
		return error_set(err, ERROR_INVALID, "a receipt needs two whole digests");
	AUTO_FREE char *below = xasprintf("receipts/%s/%s/%s-%s.json", project, pod,
					  image + strlen("sha256:"), config + strlen("sha256:"));
	*ret = path_folder(PATH_STATE, below);
	return true;
}

static json_t *receipt_to_json(const struct receipt *receipt)
{
	json_t *probes = json_array();
	for (size_t i = 0; i < receipt->probe_count; i++)
		json_array_append_new(probes, json_pack("{s:s, s:s}", "container",
							receipt->probes[i].container, "probe",
							receipt->probes[i].probe));
	const char *version =
		receipt->i2kit_version != NULL ? receipt->i2kit_version : I2KIT_VERSION;
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:b, s:o, s:s}",
			 "version", 1, "project", receipt->project, "pod", receipt->pod,
			 "imageDigest", receipt->image_digest, "configDigest",
			 receipt->config_digest, "accelerator", receipt->accelerator, "firmware",
			 receipt->firmware != NULL ? receipt->firmware : "direct", "replicas",
			 (int)receipt->replicas, "desired", (int)receipt->desired, "readyNs",
			 (json_int_t)receipt->ready_ns, "startMs", (json_int_t)receipt->start_ms,
			 "dirty", (int)receipt->is_dirty, "probes", probes, "i2kit", version);
}

static bool sign_receipt(json_t *body, char **ret, struct error *err)
{
	struct ed25519_key key;
	if (!receipt_key_load(&key, err))
		return false;
	AUTO_FREE char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	uint8_t signature[ED25519_SIGNATURE_SIZE];
	bool is_ok = ed25519_sign(&key, text, strlen(text), signature, err);
	explicit_bzero(key.seed, sizeof(key.seed));
	if (!is_ok)
		return false;
	AUTO_FREE char *signature_text = base64_encode(signature, sizeof(signature));
	AUTO_FREE char *key_text = base64_encode(key.public_key, sizeof(key.public_key));
	AUTO_JSON json_t *envelope = json_pack("{s:O, s:s, s:s}", "receipt", body, "key", key_text,
					       "signature", signature_text);
	*ret = json_dumps(envelope, JSON_COMPACT | JSON_SORT_KEYS);
	return true;
}

bool receipt_record(const struct receipt *receipt, struct error *err)
{
	AUTO_FREE char *path = NULL;
	if (!receipt_path(receipt->project, receipt->pod, receipt->image_digest,
			  receipt->config_digest, &path, err))
		return false;
	AUTO_JSON json_t *body = receipt_to_json(receipt);
	if (body == NULL)
		return error_set(err, ERROR_INVALID, "a receipt holds text that is not UTF-8");
	AUTO_FREE char *text = NULL;
	if (!sign_receipt(body, &text, err))
		return false;
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(path, text, strlen(text), 0600, err);
}

/* --- reading -------------------------------------------------------------------------------- */

static bool check_signature(const json_t *envelope, struct error *err)
{
	const char *key_text = json_string_value(json_object_get(envelope, "key"));
	const char *signature_text = json_string_value(json_object_get(envelope, "signature"));
	const json_t *body = json_object_get(envelope, "receipt");
	struct ed25519_key own;
	if (!receipt_key_load(&own, err))
		return false;
	explicit_bzero(own.seed, sizeof(own.seed));
	AUTO_FREE uint8_t *key = NULL;
	AUTO_FREE uint8_t *signature = NULL;
	size_t key_size = 0;
	size_t signature_size = 0;
	if (key_text == NULL || signature_text == NULL || !json_is_object(body) ||
	    !base64_decode(key_text, strlen(key_text), &key, &key_size) ||
	    !base64_decode(signature_text, strlen(signature_text), &signature, &signature_size) ||
	    key_size != ED25519_KEY_SIZE || signature_size != ED25519_SIGNATURE_SIZE)
		return error_set(err, ERROR_CORRUPT, "it is not a signed receipt");
	if (memcmp(key, own.public_key, ED25519_KEY_SIZE) != 0)
		return error_set(err, ERROR_CORRUPT, "it is signed by a key that is not yours");
	AUTO_FREE char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	if (!ed25519_verify(key, text, strlen(text), signature))
		return error_set(err, ERROR_CORRUPT, "it was changed after it was signed");
	return true;
}

static bool read_probes(const json_t *list, struct receipt *out)
{
	if (!json_is_array(list) || json_array_size(list) > MAX_PROBES)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *container = json_string_value(json_object_get(item, "container"));
		const char *probe = json_string_value(json_object_get(item, "probe"));
		if (container == NULL || probe == NULL)
			return false;
		receipt_add_probe(out, container, probe);
	}
	return true;
}

static bool read_receipt(json_t *body, struct receipt *out, struct error *err)
{
	const char *project;
	const char *pod;
	const char *image;
	const char *config;
	const char *accelerator;
	const char *firmware;
	const char *i2kit;
	int version;
	int replicas;
	int desired;
	int is_dirty;
	json_int_t ready;
	json_int_t start;
	json_t *probes;
	if (json_unpack(
		    body, "{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:b, s:o, s:s}",
		    "version", &version, "project", &project, "pod", &pod, "imageDigest", &image,
		    "configDigest", &config, "accelerator", &accelerator, "firmware", &firmware,
		    "replicas", &replicas, "desired", &desired, "readyNs", &ready, "startMs",
		    &start, "dirty", &is_dirty, "probes", &probes, "i2kit", &i2kit) != 0 ||
	    version != 1 || replicas < 0 || desired < 0 || start < 0 || !digest_is_valid(image) ||
	    !digest_is_valid(config) || !read_probes(probes, out))
		return error_set(err, ERROR_CORRUPT, "it is not a receipt of version 1");
	out->project = xstrdup(project);
	out->pod = xstrdup(pod);
	memcpy(out->image_digest, image, DIGEST_SIZE);
	memcpy(out->config_digest, config, DIGEST_SIZE);
	out->accelerator = xstrdup(accelerator);
	out->firmware = xstrdup(firmware);
	out->i2kit_version = xstrdup(i2kit);
	out->replicas = (uint32_t)replicas;
	out->desired = (uint32_t)desired;
	out->ready_ns = ready;
	out->start_ms = (uint64_t)start;
	out->is_dirty = is_dirty != 0;
	return true;
}

static bool load_receipt(const char *path, struct receipt *out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!file_read(path, MAX_RECEIPT_BYTES, &text, &size, err))
		return false;
	AUTO_JSON json_t *envelope = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	if (envelope == NULL)
		return error_set(err, ERROR_CORRUPT, "it is not JSON");
	return check_signature(envelope, err) &&
	       read_receipt(json_object_get(envelope, "receipt"), out, err);
}

bool receipt_find(const char *project, const char *pod, const char *image_digest,
		  const char *config_digest, struct receipt *ret, struct error *err)
{
	AUTO_FREE char *path = NULL;
	if (!receipt_path(project, pod, image_digest, config_digest, &path, err))
		return false;
	if (!path_exists(path))
		return error_set(err, ERROR_NOT_FOUND,
				 "pod '%s': this release was never ready here", pod);
	AUTO(receipt_clear) struct receipt out = {0};
	if (!load_receipt(path, &out, err))
		return error_prefix(err, "receipt %s", path);
	/* The name of a file proves nothing. */
	if (strcmp(out.project, project) != 0 || strcmp(out.pod, pod) != 0 ||
	    strcmp(out.image_digest, image_digest) != 0 ||
	    strcmp(out.config_digest, config_digest) != 0)
		return error_set(err, ERROR_CORRUPT, "receipt %s: it is another release's", path);
	*ret = out;
	out = (struct receipt){0};
	return true;
}
