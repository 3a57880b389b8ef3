/* SPDX-License-Identifier: Apache-2.0 */
#include "release/release_statement.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/sha256.h"

#define STATEMENT_VERSION 1
#define MAX_PODS	  1000
#define MAX_SIGNATURES	  100
#define SIGNED_BEGIN	  "i2kit release\n"

static const char *const document_keys[] = {"release", "signatures", NULL};
static const char *const body_keys[] = {"environment", "pods",	  "project",
					"timeNs",      "version", NULL};
static const char *const pod_keys[] = {"accelerator", "configDigest", "firmware", "imageDigest",
				       "pod",	      "readyNs",      "replicas", NULL};
static const char *const signature_keys[] = {"key", "signature", NULL};

static void pod_clear(struct statement_pod *pod)
{
	free(pod->pod);
	free(pod->accelerator);
	free(pod->firmware);
	*pod = (struct statement_pod){0};
}

void release_statement_clear(struct release_statement *statement)
{
	for (size_t i = 0; i < statement->pod_count; i++)
		pod_clear(&statement->pods[i]);
	for (size_t i = 0; i < statement->signature_count; i++)
		free(statement->signatures[i].text);
	free(statement->pods);
	free(statement->signatures);
	free(statement->project);
	free(statement->environment);
	*statement = (struct release_statement){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct statement_pod *)a)->pod,
		      ((const struct statement_pod *)b)->pod);
}

void release_statement_add(struct release_statement *statement, struct statement_pod *pod)
{
	struct statement_pod *added = ARRAY_APPEND(statement->pods, statement->pod_count);
	*added = *pod;
	*pod = (struct statement_pod){0};
	qsort(statement->pods, statement->pod_count, sizeof(*statement->pods), by_name);
}

/* --- what is signed ------------------------------------------------------------------------- */

static void write_pod(struct json_writer *json, const struct statement_pod *pod)
{
	json_open_object(json, NULL);
	json_write_text(json, "accelerator", pod->accelerator);
	json_write_text(json, "configDigest", DIGEST_TEXT(&pod->release.config));
	json_write_text(json, "firmware", pod->firmware);
	json_write_text(json, "imageDigest", DIGEST_TEXT(&pod->release.image));
	json_write_text(json, "pod", pod->pod);
	json_write_number(json, "readyNs", pod->ready_ns);
	json_write_unsigned(json, "replicas", pod->replicas);
	json_close(json);
}

/* Keys in the order of their bytes, no spaces. */
static char *body_of(const struct release_statement *statement, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "environment", statement->environment);
	json_open_list(&json, "pods");
	for (size_t i = 0; i < statement->pod_count; i++)
		write_pod(&json, &statement->pods[i]);
	json_close(&json);
	json_write_text(&json, "project", statement->project);
	json_write_number(&json, "timeNs", statement->time_ns);
	json_write_number(&json, "version", STATEMENT_VERSION);
	json_close(&json);
	if (!json.is_bad_text)
		return strbuf_take(&out);
	(void)error_set(err, ERROR_INVALID, "a release holds text that is not UTF-8");
	return NULL;
}

char *release_statement_text(const struct release_statement *statement, struct error *err)
{
	AUTO_FREE char *body = body_of(statement, err);
	return body != NULL ? xasprintf(SIGNED_BEGIN "%s", body) : NULL;
}

bool release_statement_digest(const struct release_statement *statement, struct digest *ret,
			      struct error *err)
{
	AUTO_FREE char *text = release_statement_text(statement, err);
	if (text == NULL)
		return false;
	sha256_bytes(text, strlen(text), ret->bytes);
	return true;
}

bool release_statement_sign(struct release_statement *statement, const struct ed25519_key *key,
			    struct error *err)
{
	AUTO_FREE char *text = release_statement_text(statement, err);
	AUTO_FREE char *key_text = NULL;
	AUTO_FREE char *signature = NULL;
	if (text == NULL)
		return false;
	for (size_t i = 0; i < statement->signature_count; i++)
		if (memcmp(statement->signatures[i].key, key->public_key, ED25519_KEY_SIZE) == 0)
			return error_set(err, ERROR_EXISTS, "this key has approved it already");
	if (!signed_text_make(key, text, &key_text, &signature, err))
		return false;
	struct statement_signature *added =
		ARRAY_APPEND(statement->signatures, statement->signature_count);
	memcpy(added->key, key->public_key, ED25519_KEY_SIZE);
	memcpy(added->key_text, key_text, SIGNED_TEXT_KEY_SIZE);
	added->text = TAKE_PTR(signature);
	return true;
}

bool release_statement_is_about(const struct release_statement *one,
				const struct release_statement *other)
{
	bool is_same = strcmp(one->project, other->project) == 0 &&
		       strcmp(one->environment, other->environment) == 0 &&
		       one->pod_count == other->pod_count;
	for (size_t i = 0; is_same && i < one->pod_count; i++)
		is_same = strcmp(one->pods[i].pod, other->pods[i].pod) == 0 &&
			  release_id_equal(&one->pods[i].release, &other->pods[i].release);
	return is_same;
}

static const struct statement_pod *find_run(const struct release_statement *statement,
					    const struct statement_pod *pod)
{
	for (size_t i = 0; i < statement->pod_count; i++)
		if (strcmp(statement->pods[i].pod, pod->pod) == 0 &&
		    release_id_equal(&statement->pods[i].release, &pod->release) &&
		    statement->pods[i].ready_ns == pod->ready_ns)
			return &statement->pods[i];
	return NULL;
}

bool release_statement_agrees(const struct release_statement *one,
			      const struct release_statement *other, struct error *err)
{
	for (size_t i = 0; i < one->pod_count; i++) {
		const struct statement_pod *a = &one->pods[i];
		const struct statement_pod *b = find_run(other, a);
		if (b == NULL ||
		    (strcmp(a->accelerator, b->accelerator) == 0 &&
		     strcmp(a->firmware, b->firmware) == 0 && a->replicas == b->replicas))
			continue;
		return error_set(err, ERROR_CORRUPT,
				 "it says that pod '%s' ran with %s, %s, %u; the receipt of that "
				 "run says %s, %s, %u",
				 a->pod, a->accelerator, a->firmware, a->replicas, b->accelerator,
				 b->firmware, b->replicas);
	}
	return true;
}

/* --- the file ------------------------------------------------------------------------------- */

char *release_statement_write(const struct release_statement *statement, struct error *err)
{
	AUTO_FREE char *body = body_of(statement, err);
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	if (body == NULL)
		return NULL;
	json_open_object(&json, NULL);
	json_write_raw(&json, "release", body);
	json_open_list(&json, "signatures");
	for (size_t i = 0; i < statement->signature_count; i++) {
		json_open_object(&json, NULL);
		json_write_text(&json, "key", statement->signatures[i].key_text);
		json_write_text(&json, "signature", statement->signatures[i].text);
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
	strbuf_append(&out, "\n");
	return strbuf_take(&out);
}

/* They are shown: no more than names are made of. */
static char *read_word(struct json_view view)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789.-_";
	AUTO_FREE char *text = json_view_text(view);
	if (text == NULL)
		return NULL;
	if (strlen(text) > 253 || strspn(text, allowed) != strlen(text))
		json_view_complain(view, "is no name");
	return TAKE_PTR(text);
}

static void read_pod(struct json_view view, struct release_statement *out)
{
	struct statement_pod pod = {
		.pod = read_word(json_view_require(view, "pod")),
		.release = {.image = json_view_digest(json_view_require(view, "imageDigest")),
			    .config = json_view_digest(json_view_require(view, "configDigest"))},
		.accelerator = read_word(json_view_require(view, "accelerator")),
		.firmware = read_word(json_view_require(view, "firmware")),
		.replicas = (uint32_t)json_view_number(json_view_require(view, "replicas"), 0,
						       INT32_MAX, 0),
		.ready_ns = json_view_number(json_view_require(view, "readyNs"), 0, INT64_MAX, 0),
	};
	bool is_known = pod.pod == NULL;
	for (size_t i = 0; i < out->pod_count && !is_known; i++)
		is_known = strcmp(out->pods[i].pod, pod.pod) == 0;
	if (is_known)
		json_view_complain(view, "is a pod that was there before");
	json_view_refuse_unknown(view, pod_keys);
	if (is_known || pod.accelerator == NULL || pod.firmware == NULL)
		pod_clear(&pod);
	else
		release_statement_add(out, &pod);
}

static void read_body(struct json_view body, struct release_statement *out)
{
	struct json_view version = json_view_require(body, "version");
	struct json_view pods = json_view_require(body, "pods");
	size_t count = json_view_count(pods, MAX_PODS);
	if (json_view_number(version, 1, INT32_MAX, 1) != STATEMENT_VERSION)
		json_view_complain(version, "is not 1: a newer i2kit wrote this");
	out->project = read_word(json_view_require(body, "project"));
	out->environment = read_word(json_view_require(body, "environment"));
	out->time_ns = json_view_number(json_view_require(body, "timeNs"), 0, INT64_MAX, 0);
	for (size_t i = 0; i < count; i++)
		read_pod(json_view_at(pods, i), out);
	if (count == 0)
		json_view_complain(pods, "has no pod");
	json_view_refuse_unknown(body, body_keys);
}

static void read_signature(struct json_view view, struct release_statement *out)
{
	const char *key = json_view_peek(json_view_require(view, "key"));
	const char *text = json_view_peek(json_view_require(view, "signature"));
	struct statement_signature one = {0};
	json_view_refuse_unknown(view, signature_keys);
	if (key == NULL || text == NULL)
		return;
	if (!signed_text_read_key(key, one.key)) {
		json_view_complain(view, "has no key");
		return;
	}
	for (size_t i = 0; i < out->signature_count; i++) {
		if (memcmp(out->signatures[i].key, one.key, ED25519_KEY_SIZE) != 0)
			continue;
		json_view_complain(view, "is of a key that was there before");
		return;
	}
	memcpy(one.key_text, key, SIGNED_TEXT_KEY_SIZE);
	one.text = xstrdup(text);
	*ARRAY_APPEND(out->signatures, out->signature_count) = one;
}

/* What was signed is made anew of what was read: nothing that is not understood is passed over. */
static bool check_signatures(const struct release_statement *statement, struct error *err)
{
	AUTO_FREE char *text = release_statement_text(statement, err);
	if (text == NULL)
		return false;
	for (size_t i = 0; i < statement->signature_count; i++)
		if (!signed_text_check(text, statement->signatures[i].key_text,
				       statement->signatures[i].text))
			return error_set(err, ERROR_CORRUPT,
					 "the signature of %s is of something else: it was changed",
					 statement->signatures[i].key_text);
	return true;
}

bool release_statement_read(const char *text, size_t size, struct release_statement *ret,
			    struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, "it", 0, NULL);
	AUTO(release_statement_clear) struct release_statement out = {0};
	if (document == NULL)
		return error_set(err, ERROR_CORRUPT, "it is not JSON");
	struct json_view root = json_document_root(document);
	struct json_view list = json_view_require(root, "signatures");
	size_t count = json_view_count(list, MAX_SIGNATURES);
	read_body(json_view_require(root, "release"), &out);
	for (size_t i = 0; i < count; i++)
		read_signature(json_view_at(list, i), &out);
	json_view_refuse_unknown(root, document_keys);
	if (json_document_problem(document) != NULL)
		return error_set(err, ERROR_CORRUPT, "it is not a release of version 1: %s",
				 json_document_problem(document));
	if (!check_signatures(&out, err))
		return false;
	*ret = out;
	out = (struct release_statement){0};
	return true;
}
