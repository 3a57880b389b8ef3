/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/release/wanted.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "base/strbuf.h"

#define MAX_PODS     1000
#define MAX_CLAIMS   100
#define MAX_REPLICAS 10000
#define MAX_SERVICES 1000
#define MAX_SIZE     (INT64_C(1) << 60)

static void pod_clear(struct wanted_pod *pod)
{
	free(pod->name);
	free(pod->image);
	free(pod->flavor);
	free(pod->receipt);
	free(pod->document);
	for (size_t i = 0; i < pod->claim_count; i++)
		free(pod->claims[i].claim);
	free(pod->claims);
}

void wanted_clear(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->pod_count; i++)
		pod_clear(&wanted->pods[i]);
	free(wanted->pods);
	free(wanted->scope);
	free(wanted->network);
	free(wanted->availability_zone);
	free(wanted->key_pair);
	string_list_clear(&wanted->groups);
	string_list_clear(&wanted->addressed);
	*wanted = (struct wanted){0};
}

const struct wanted_pod *wanted_find(const struct wanted *wanted, const char *pod)
{
	for (size_t i = 0; i < wanted->pod_count; i++)
		if (strcmp(wanted->pods[i].name, pod) == 0)
			return &wanted->pods[i];
	return NULL;
}

static const char *or_none(const char *text)
{
	return text != NULL ? text : "";
}

static void set_key(const struct wanted *wanted, struct wanted_pod *pod)
{
	AUTO(strbuf_clear) struct strbuf all = STRBUF_INIT;
	AUTO_FREE char *groups = string_list_join(&wanted->groups, ",");
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];

	strbuf_appendf(&all, "%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n", DIGEST_HEX(&pod->id.image),
		       DIGEST_HEX(&pod->id.config), pod->flavor, wanted->network,
		       or_none(wanted->availability_zone), or_none(wanted->key_pair), groups,
		       pod->document);
	for (size_t i = 0; i < pod->claim_count; i++)
		strbuf_appendf(&all, "%s\n", pod->claims[i].claim);
	sha256_bytes(strbuf_text(&all), all.size, raw);
	sha256_hex(raw, hex);
	memcpy(pod->key, hex, WANTED_KEY_SIZE - 1);
	pod->key[WANTED_KEY_SIZE - 1] = '\0';
}

void wanted_set_keys(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->pod_count; i++)
		set_key(wanted, &wanted->pods[i]);
}

char *wanted_server_name(const struct wanted *wanted, const struct wanted_pod *pod, uint32_t number)
{
	return xasprintf("%s-%s-%s-%" PRIu32, wanted->scope, pod->name, pod->key, number);
}

/* --- as a document -------------------------------------------------------------------------- */

static void write_pod(const struct wanted_pod *pod, struct json_writer *json)
{
	json_open_object(json, NULL);
	json_write_text(json, "name", pod->name);
	json_write_text(json, "image", DIGEST_TEXT(&pod->id.image));
	json_write_text(json, "config", DIGEST_TEXT(&pod->id.config));
	json_write_text(json, "glance", pod->image);
	json_write_text(json, "flavor", pod->flavor);
	json_write_text_if(json, "receipt", pod->receipt);
	json_write_text(json, "document", pod->document);
	json_write_unsigned(json, "replicas", pod->replicas);
	json_write_unsigned(json, "surge", pod->surge);
	json_write_unsigned(json, "unavailable", pod->unavailable);
	json_write_bool(json, "oldFirst", pod->is_old_first);
	json_open_list(json, "claims");
	for (size_t i = 0; i < pod->claim_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "claim", pod->claims[i].claim);
		json_write_unsigned(json, "size", pod->claims[i].size_bytes);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

void wanted_write(const struct wanted *wanted, struct json_writer *json, const char *key)
{
	json_open_object(json, key);
	json_write_text(json, "scope", wanted->scope);
	json_write_text(json, "network", wanted->network);
	json_write_text_if(json, "availabilityZone", wanted->availability_zone);
	json_write_text_if(json, "keyPair", wanted->key_pair);
	json_write_texts(json, "groups", &wanted->groups);
	json_write_texts(json, "addressed", &wanted->addressed);
	json_open_list(json, "pods");
	for (size_t i = 0; i < wanted->pod_count; i++)
		write_pod(&wanted->pods[i], json);
	json_close(json);
	json_close(json);
}

static uint32_t read_number(struct json_view view, const char *key)
{
	return (uint32_t)json_view_number(json_view_require(view, key), 0, MAX_REPLICAS, 0);
}

/* Never NULL: a complaint was made. */
static char *read_text(struct json_view view, const char *key)
{
	char *text = json_view_text(json_view_require(view, key));
	return text != NULL ? text : xstrdup("");
}

static void read_pod(struct json_view view, struct wanted_pod *ret)
{
	struct json_view claims = json_view_require(view, "claims");
	size_t count = json_view_count(claims, MAX_CLAIMS);

	*ret = (struct wanted_pod){
		.name = read_text(view, "name"),
		.id = {json_view_digest(json_view_require(view, "image")),
		       json_view_digest(json_view_require(view, "config"))},
		.image = read_text(view, "glance"),
		.flavor = read_text(view, "flavor"),
		.receipt = json_view_text(json_view_get(view, "receipt")),
		.document = read_text(view, "document"),
		.replicas = read_number(view, "replicas"),
		.surge = read_number(view, "surge"),
		.unavailable = read_number(view, "unavailable"),
		.is_old_first = json_view_bool(json_view_require(view, "oldFirst"), false),
	};
	for (size_t i = 0; i < count; i++) {
		struct json_view claim = json_view_at(claims, i);
		*ARRAY_APPEND(ret->claims, ret->claim_count) = (struct wanted_claim){
			.claim = read_text(claim, "claim"),
			.size_bytes = (uint64_t)json_view_number(json_view_require(claim, "size"),
								 0, MAX_SIZE, 0),
		};
	}
}

void wanted_read(struct json_view view, struct wanted *ret)
{
	struct json_view pods = json_view_require(view, "pods");
	size_t count = json_view_count(pods, MAX_PODS);

	*ret = (struct wanted){
		.scope = read_text(view, "scope"),
		.network = read_text(view, "network"),
		.availability_zone = json_view_text(json_view_get(view, "availabilityZone")),
		.key_pair = json_view_text(json_view_get(view, "keyPair")),
	};
	json_view_texts(json_view_require(view, "groups"), MAX_SERVICES, &ret->groups);
	json_view_texts(json_view_require(view, "addressed"), MAX_SERVICES, &ret->addressed);
	for (size_t i = 0; i < count; i++)
		read_pod(json_view_at(pods, i), ARRAY_APPEND(ret->pods, ret->pod_count));
	wanted_set_keys(ret);
}
