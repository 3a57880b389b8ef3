/* SPDX-License-Identifier: Apache-2.0 */
#include "release/receipt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/path.h"
#include "release/receipt_key.h"
#include "release/signed_text.h"
#include "release/trusted_keys.h"

#define MAX_RECEIPT_BYTES ((size_t)256 * 1024)
#define MAX_PROBES	  256
#define RECEIPT_VERSION	  1

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

/* Names go into paths and are shown: RFC 1123 by the manifest's check, looked at once more here. */
static bool check_name(const char *what, const char *name, struct error *err)
{
	size_t size = name != NULL ? strlen(name) : 0;
	bool is_good = size > 0 && size < 254 && name[0] != '.';
	for (size_t i = 0; i < size; i++)
		is_good = is_good && name[i] != '/' && name[i] > ' ' && name[i] < 0x7f;
	return is_good ? true
		       : error_set(err, ERROR_INVALID, "the %s of a receipt is no name", what);
}

static bool make_path(const char *project, const char *pod, const struct release_id *release,
		      char **ret, struct error *err)
{
	if (!check_name("project", project, err) || !check_name("pod", pod, err))
		return false;
	if (!digest_is_set(&release->image) || !digest_is_set(&release->config))
		return error_set(err, ERROR_INVALID, "a receipt needs two whole digests");
	AUTO_FREE char *below =
		xasprintf("receipts/%s/%s/%s-%s.json", project, pod, DIGEST_HEX(&release->image),
			  DIGEST_HEX(&release->config));
	*ret = path_folder(PATH_STATE, below);
	return true;
}

/* What is signed: keys in the order of their bytes, no spaces (doc/formats.md §7). */
static char *receipt_to_json(const struct receipt *receipt, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	const char *version =
		receipt->i2kit_version != NULL ? receipt->i2kit_version : I2KIT_VERSION;
	json_open_object(&json, NULL);
	json_write_text(&json, "accelerator", receipt->accelerator);
	json_write_text(&json, "configDigest", DIGEST_TEXT(&receipt->release.config));
	json_write_unsigned(&json, "desired", receipt->desired);
	json_write_bool(&json, "dirty", receipt->is_dirty);
	json_write_text(&json, "firmware",
			receipt->firmware != NULL ? receipt->firmware : "direct");
	json_write_text(&json, "i2kit", version);
	json_write_text(&json, "imageDigest", DIGEST_TEXT(&receipt->release.image));
	json_write_text(&json, "pod", receipt->pod);
	json_open_list(&json, "probes");
	for (size_t i = 0; i < receipt->probe_count; i++) {
		json_open_object(&json, NULL);
		json_write_text(&json, "container", receipt->probes[i].container);
		json_write_text(&json, "probe", receipt->probes[i].probe);
		json_close(&json);
	}
	json_close(&json);
	json_write_text(&json, "project", receipt->project);
	json_write_number(&json, "readyNs", receipt->ready_ns);
	json_write_unsigned(&json, "replicas", receipt->replicas);
	json_write_text_if(&json, "start", receipt->is_warm ? "warm" : NULL);
	json_write_unsigned(&json, "startMs", receipt->start_ms);
	json_write_number(&json, "version", RECEIPT_VERSION);
	json_close(&json);
	if (!json.is_bad_text)
		return strbuf_take(&out);
	(void)error_set(err, ERROR_INVALID, "a receipt holds text that is not UTF-8");
	return NULL;
}

static bool sign_receipt(const char *body, char **ret, struct error *err)
{
	struct ed25519_key key;
	if (!receipt_key_load(&key, err))
		return false;
	AUTO_FREE char *signature_text = NULL;
	AUTO_FREE char *key_text = NULL;
	bool is_ok = signed_text_make(&key, body, &key_text, &signature_text, err);
	explicit_bzero(key.seed, sizeof(key.seed));
	if (!is_ok)
		return false;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "key", key_text);
	json_write_raw(&json, "receipt", body);
	json_write_text(&json, "signature", signature_text);
	json_close(&json);
	*ret = strbuf_take(&out);
	return true;
}

bool receipt_record(const struct receipt *receipt, struct error *err)
{
	AUTO_FREE char *body = receipt_to_json(receipt, err);
	AUTO_FREE char *text = NULL;
	if (body == NULL || !sign_receipt(body, &text, err))
		return false;
	return receipt_store(receipt, text, strlen(text), err);
}

/* --- reading -------------------------------------------------------------------------------- */

static bool check_signature(struct json_view envelope, struct error *err)
{
	const char *key_text = json_view_peek(json_view_get(envelope, "key"));
	const char *signature_text = json_view_peek(json_view_get(envelope, "signature"));
	struct json_view body = json_view_get(envelope, "receipt");
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	if (!trusted_keys_add_own(&trusted, err))
		return false;
	uint8_t key[ED25519_KEY_SIZE];
	if (signature_text == NULL || !json_view_is_object(body) ||
	    !signed_text_read_key(key_text, key))
		return error_set(err, ERROR_CORRUPT, "it is not a signed receipt");
	if (trusted_keys_name(&trusted, key) == NULL) {
		error_set(err, ERROR_CORRUPT, "it is signed by a key that is not yours");
		return error_hint(err, "i2kit receipt trust %s, if you know whose it is", key_text);
	}
	AUTO_FREE char *text = json_view_dump(body, JSON_SORTED);
	if (!signed_text_check(text, key_text, signature_text))
		return error_set(err, ERROR_CORRUPT, "it was changed after it was signed");
	return true;
}

static void read_probes(struct json_view list, struct receipt *out)
{
	size_t count = json_view_count(list, MAX_PROBES);
	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(list, i);
		const char *container = json_view_peek(json_view_require(item, "container"));
		const char *probe = json_view_peek(json_view_require(item, "probe"));
		if (container != NULL && probe != NULL)
			receipt_add_probe(out, container, probe);
	}
}

static void read_receipt(struct json_view body, struct receipt *out)
{
	static const char *const starts[] = {"cold", "warm"};
	struct json_view version = json_view_require(body, "version");
	if (json_view_number(version, 1, INT32_MAX, 1) != RECEIPT_VERSION)
		json_view_complain(version, "is not 1: a newer i2kit wrote this");
	out->project = json_view_text(json_view_require(body, "project"));
	out->pod = json_view_text(json_view_require(body, "pod"));
	out->release.image = json_view_digest(json_view_require(body, "imageDigest"));
	out->release.config = json_view_digest(json_view_require(body, "configDigest"));
	out->accelerator = json_view_text(json_view_require(body, "accelerator"));
	out->firmware = json_view_text(json_view_require(body, "firmware"));
	out->i2kit_version = json_view_text(json_view_require(body, "i2kit"));
	out->replicas =
		(uint32_t)json_view_number(json_view_require(body, "replicas"), 0, INT32_MAX, 0);
	out->desired =
		(uint32_t)json_view_number(json_view_require(body, "desired"), 0, INT32_MAX, 0);
	out->ready_ns =
		json_view_number(json_view_require(body, "readyNs"), INT64_MIN, INT64_MAX, 0);
	out->start_ms =
		(uint64_t)json_view_number(json_view_require(body, "startMs"), 0, INT64_MAX, 0);
	out->is_dirty = json_view_bool(json_view_require(body, "dirty"), true);
	out->is_warm =
		json_view_word(json_view_get(body, "start"), starts, ARRAY_SIZE(starts), 0) == 1;
	read_probes(json_view_require(body, "probes"), out);
}

bool receipt_read(const char *text, size_t size, struct receipt *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, "it", 0, err);
	AUTO(receipt_clear) struct receipt receipt = {0};
	if (document == NULL)
		return error_set(err, ERROR_CORRUPT, "it is not JSON");
	struct json_view envelope = json_document_root(document);
	if (!check_signature(envelope, err))
		return false;
	read_receipt(json_view_get(envelope, "receipt"), &receipt);
	if (json_document_problem(document) != NULL)
		return error_set(err, ERROR_CORRUPT, "it is not a receipt of version 1: %s",
				 json_document_problem(document));
	*ret = receipt;
	receipt = (struct receipt){0};
	return true;
}

static bool load_receipt(const char *path, struct receipt *out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	return file_read(path, MAX_RECEIPT_BYTES, &text, &size, err) &&
	       receipt_read(text, size, out, err);
}

bool receipt_find(const char *project, const char *pod, const struct release_id *release,
		  struct receipt *ret, struct error *err)
{
	AUTO_FREE char *path = NULL;
	if (!make_path(project, pod, release, &path, err))
		return false;
	if (!path_exists(path))
		return error_set(err, ERROR_NOT_FOUND,
				 "pod '%s': this release was never ready here", pod);
	AUTO(receipt_clear) struct receipt out = {0};
	if (!load_receipt(path, &out, err))
		return error_prefix(err, "receipt %s", path);
	/* The name of a file proves nothing. */
	if (strcmp(out.project, project) != 0 || strcmp(out.pod, pod) != 0 ||
	    !release_id_equal(&out.release, release))
		return error_set(err, ERROR_CORRUPT, "receipt %s: it is another release's", path);
	*ret = out;
	out = (struct receipt){0};
	return true;
}

static char *cold_path(const char *path)
{
	return xasprintf("%.*s.cold.json", (int)(strlen(path) - 5), path);
}

/* A newer one of a warm start does not take the proof away that the image boots. */
static void keep_cold(const char *path, const struct receipt *fresh)
{
	AUTO(receipt_clear) struct receipt old = {0};
	AUTO_FREE char *other = cold_path(path);

	if (fresh->is_warm && load_receipt(path, &old, NULL) && !old.is_warm && !old.is_dirty &&
	    rename(path, other) < 0)
		log_verbose("receipt %s: %s", path, strerror(errno));
}

static bool make_place(const struct receipt *receipt, char **ret, struct error *err)
{
	AUTO_FREE char *path = NULL;
	if (!make_path(receipt->project, receipt->pod, &receipt->release, &path, err))
		return false;
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	if (!path_make_folders(folder, 0700, err))
		return false;
	*ret = TAKE_PTR(path);
	return true;
}

bool receipt_store(const struct receipt *receipt, const char *text, size_t size, struct error *err)
{
	AUTO_FREE char *path = NULL;
	if (!make_place(receipt, &path, err))
		return false;
	keep_cold(path, receipt);
	return file_write_atomic(path, text, size, 0600, err);
}

bool receipt_store_older(const struct receipt *receipt, const char *text, size_t size,
			 bool *ret_is_kept, struct error *err)
{
	AUTO_FREE char *path = NULL;
	AUTO(receipt_clear) struct receipt here = {0};
	*ret_is_kept = true;
	if (!make_place(receipt, &path, err))
		return false;
	/* One that does not hold is none. */
	if (!load_receipt(path, &here, NULL) || here.ready_ns <= receipt->ready_ns)
		return receipt_store(receipt, text, size, err);
	AUTO_FREE char *cold = cold_path(path);
	bool is_proof = here.is_warm && !receipt->is_warm && !receipt->is_dirty &&
			!receipt_has_cold(receipt->project, receipt->pod, &receipt->release.image);
	*ret_is_kept = is_proof;
	return !is_proof || file_write_atomic(cold, text, size, 0600, err);
}

bool receipt_has_cold(const char *project, const char *pod, const struct digest *image)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *below = xasprintf("receipts/%s/%s", project, pod);
	AUTO_FREE char *folder = path_folder(PATH_STATE, below);
	size_t width = strlen(DIGEST_HEX(image));
	bool is_there = false;

	(void)folder_list(folder, &names, NULL);
	for (size_t i = 0; i < names.count && !is_there; i++) {
		AUTO(receipt_clear) struct receipt receipt = {0};
		AUTO_FREE char *path = path_join(folder, names.items[i]);
		if (strncmp(names.items[i], DIGEST_HEX(image), width) != 0 ||
		    !load_receipt(path, &receipt, NULL))
			continue;
		/* The name of a file proves nothing. */
		is_there = strcmp(receipt.project, project) == 0 && strcmp(receipt.pod, pod) == 0 &&
			   digest_equal(&receipt.release.image, image) && !receipt.is_warm &&
			   !receipt.is_dirty && receipt.replicas > 0;
	}
	return is_there;
}
