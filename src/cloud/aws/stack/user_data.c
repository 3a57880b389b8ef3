/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/user_data.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_disk.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_network.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/claims.h"
#include "manifest/pod_room.h"
#include "release/outside_service.h"
#include "release/service_env.h"
#include "wire/release_document.h"

#define HASH_DIGITS    24 /* of a value's digest, in a parameter's name */
#define VOLUME_ID_SIZE 32 /* what a mark grows to at most */

void user_data_clear(struct user_data *data)
{
	free(data->text);
	parameter_list_clear(&data->puts);
	string_list_clear(&data->paths);
	*data = (struct user_data){0};
}

static void add_put(struct user_data *out, const char *path, const char *name, const char *value)
{
	parameter_list_add(&out->puts, name, value, true);
	if (!string_list_has(&out->paths, path))
		string_list_add(&out->paths, path);
}

/*
 * JSON in which no {{ is left, for SSM takes no value with one and CloudFormation would look for a
 * reference behind it. Outside of strings JSON has none. Owned.
 */
static char *without_references(const char *json)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	for (const char *c = json; *c != '\0'; c++) {
		bool is_second = *c == '{' && c > json && c[-1] == '{';
		strbuf_append(&out, is_second ? "\\u007b" : "");
		if (!is_second)
			strbuf_append_char(&out, *c);
	}
	return strbuf_take(&out);
}

/* Takes the text. */
static char *for_cloudformation(char *json)
{
	AUTO_FREE char *owned = json;
	return without_references(owned);
}

/*
 * What tells a value's parameter from others: the digest of it, and of the key that it is encrypted
 * with, for one that is there is not written again, and an old release must still find its own.
 */
static void name_hex(const struct user_data_input *input, const void *bytes, size_t size,
		     char ret[SHA256_HEX_SIZE])
{
	uint8_t raw[SHA256_SIZE];
	struct sha256 *hash = sha256_new();
	sha256_update(hash, bytes, size);
	if (input->kms_key != NULL)
		sha256_update(hash, input->kms_key, strlen(input->kms_key));
	sha256_finish(hash, raw);
	sha256_free(hash);
	sha256_hex(raw, ret);
}

/* --- secrets -------------------------------------------------------------------------------- */

/*
 * The value goes into a parameter, and what refers to it takes its place. What is stored is base64
 * text, so that any bytes go through. The name holds part of the digest: an old release still finds
 * its own value.
 */
static bool refer_secret(const struct user_data_input *input, const char *secret,
			 struct map_entry *entry, struct user_data *out, struct error *err)
{
	AUTO_FREE char *encoded = base64_encode(entry->bytes, entry->size);
	if (strlen(encoded) > PARAMETER_MAX) {
		error_set(err, ERROR_UNSUPPORTED,
			  "secret '%s' key '%s' has %zu bytes; SSM takes about 3000", secret,
			  entry->key, entry->size);
		return error_hint(err, "split it, or let the pod fetch it itself");
	}
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	sha256_bytes(entry->bytes, entry->size, raw);
	sha256_hex(raw, hex);
	AUTO_FREE char *path = xasprintf("/i2kit/%s/secrets/%s", input->stack, secret);
	char own[SHA256_HEX_SIZE];
	name_hex(input, entry->bytes, entry->size, own);
	AUTO_FREE char *name = xasprintf("%s/%s/%.*s", path, entry->key, HASH_DIGITS, own);
	add_put(out, path, name, encoded);
	explicit_bzero(encoded, strlen(encoded));
	explicit_bzero(entry->bytes, entry->size);
	free(TAKE_PTR(entry->bytes));
	entry->reference = xasprintf("ssm:%s", name);
	entry->sha256 = xstrdup(hex);
	return true;
}

static bool refer_secrets(const struct user_data_input *input, struct release *release,
			  struct user_data *out, struct error *err)
{
	for (size_t i = 0; i < release->map_count; i++) {
		struct release_map *map = &release->maps[i];
		for (size_t e = 0; map->is_secret && e < map->entry_count; e++) {
			/* A reference already; or nothing, which SSM does not keep. */
			if (map->entries[e].size > 0 &&
			    !refer_secret(input, map->name, &map->entries[e], out, err))
				return false;
		}
	}
	return true;
}

/* --- instance ------------------------------------------------------------------------------- */

/* One volume at most: stack_pod.c refuses more. */
static void add_claim(struct release *ret, const char *volume, const char *claim)
{
	AUTO_FREE char *mark = xasprintf(STACK_VOLUME_START "%s" STACK_VOLUME_END, claim);
	struct volume_delivery *delivery = ARRAY_APPEND(ret->deliveries, ret->delivery_count);
	delivery->volume = xstrdup(volume);
	delivery->how = DELIVERY_DISK;
	delivery->serial = xstrdup(mark);
	free(ret->cloud.attach_volume);
	ret->cloud.attach_volume = TAKE_PTR(mark);
	free(ret->cloud.attach_device);
	ret->cloud.attach_device = xstrdup("/dev/sdf");
}

static void add_claims(const struct app *app, const struct pod_spec *pod, struct release *ret)
{
	AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};
	cloud_claims_of_pod(app, pod, &claims);
	for (size_t i = 0; i < claims.count; i++)
		add_claim(ret, claims.items[i].volume, claims.items[i].name);
}

/* The guest finds it by itself; its address there is as good as any other of the loopback. */
static void add_outside(struct release *ret, const struct service *service, size_t index,
			const struct service_env_port *ports)
{
	AUTO_FREE char *address = xasprintf("127.77.%zu.%zu", 1 + index / 250, 1 + index % 250);
	const struct outside_service outside = {.name = service->name,
						.outside = &service->outside,
						.ports = ports,
						.port_count = service->port_count,
						.is_headless = service->kind == SERVICE_HEADLESS,
						.is_direct = service_is_direct(service),
						.is_sticky = service->has_client_ip_affinity,
						.address = address};

	outside_service_add_hosts(&outside, &ret->hosts);
	outside_service_add_proxies(&outside, ret);
	outside_service_add_env(&outside, &ret->service_env);
}

/* What the kubelet would say of it, with a name for the address. */
static void add_service(struct release *ret, const char *domain, const struct service *service,
			size_t index)
{
	AUTO_FREE char *address = xasprintf("%s.%s", service->name, domain);
	AUTO_FREE struct service_env_port *ports = xcalloc(service->port_count + 1, sizeof(*ports));
	for (size_t i = 0; i < service->port_count; i++)
		ports[i] = (struct service_env_port){.name = service->ports[i].name,
						     .port = service->ports[i].port,
						     .protocol = service->ports[i].protocol};
	if (outside_is_given(&service->outside))
		add_outside(ret, service, index, ports);
	else if (service->kind != SERVICE_HEADLESS)
		service_env_add(&ret->service_env, service->name, address, ports,
				service->port_count);
}

static void add_names(const struct user_data_input *input, const char *domain, struct release *ret)
{
	if (input->named == NULL)
		return;
	stack_pod_names(input->app, input->named, input->pod, domain, &ret->cloud.names);
	if (ret->cloud.names.count > 0)
		ret->cloud.names_zone = xstrdup(STACK_ZONE_MARK);
}

/* Which instance it is (name, uid, address) the guest learns from instance metadata. */
static void fill_instance(const struct user_data_input *input, struct release *ret)
{
	AUTO_FREE char *domain = stack_private_domain(input->stack);
	ret->project = xstrdup(input->app->project);
	ret->pod = xstrdup(input->pod->name);
	ret->instance = xstrdup(input->pod->name);
	ret->uid = xstrdup("");
	ret->image_digest = xstrdup(DIGEST_TEXT(&input->id.image));
	ret->config_digest = xstrdup(DIGEST_TEXT(&input->id.config));
	ret->where = xstrdup("aws");
	ret->network.is_dhcp = true;
	string_list_add(&ret->network.searches, domain);
	for (size_t i = 0; i < input->app->service_count; i++)
		add_service(ret, domain, &input->app->services[i], i);
	ret->cloud.is_given = true;
	ret->cloud.region = xstrdup(input->region);
	ret->cloud.log_group = xasprintf("/i2kit/%s", input->stack);
	ret->cloud.signal_stack = xstrdup(input->stack);
	ret->cloud.signal_resource = stack_group_id(input->pod->name);
	add_claims(input->app, input->pod, ret);
	add_names(input, domain, ret);
	/* EBS has whole GiB: what is used of them is what the pod has here. */
	ret->scratch_bytes = pod_room_bytes(input->pod);
	if (ret->scratch_bytes > 0)
		ret->scratch_serial = xstrdup(STACK_SCRATCH_DEVICE);
}

/* --- the whole ------------------------------------------------------------------------------ */

/* How long the text is at most when the marks have become volume ids. */
static size_t final_size(const char *text)
{
	size_t size = strlen(text);
	for (const char *mark = strstr(text, STACK_VOLUME_START); mark != NULL;
	     mark = strstr(mark + 1, STACK_VOLUME_START))
		size += VOLUME_ID_SIZE;
	return size + (strstr(text, STACK_ZONE_MARK) != NULL ? VOLUME_ID_SIZE : 0);
}

/* Puts the configuration into parameters of 4 KiB; what refers to them takes its place. */
static void refer_config(const struct user_data_input *input, const char *config,
			 struct user_data *out, struct config_reference *ret)
{
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	sha256_bytes(config, strlen(config), raw);
	sha256_hex(raw, hex);
	ret->sha256 = xstrdup(hex);
	name_hex(input, config, strlen(config), hex);
	while (*config != '\0') {
		size_t size = strnlen(config, PARAMETER_MAX);
		AUTO_FREE char *piece = xstrndup(config, size);
		AUTO_FREE char *path =
			xasprintf("/i2kit/%s/config/%s", input->stack, input->pod->name);
		AUTO_FREE char *name =
			xasprintf("%s/%.*s/%zu", path, HASH_DIGITS, hex, ret->parameters.count);
		add_put(out, path, name, piece);
		string_list_add(&ret->parameters, name);
		config += size;
	}
}

/* CloudFormation makes "?" of what is not ASCII. */
static char *write_with_reference(const struct user_data_input *input,
				  const struct release *release, struct user_data *out)
{
	AUTO(config_reference_clear) struct config_reference reference = {0};
	AUTO_FREE char *config = for_cloudformation(release_config_write(release, JSON_ASCII));
	refer_config(input, config, out, &reference);
	return for_cloudformation(
		release_document_write_referring(release, &reference, JSON_ASCII));
}

bool user_data_make(const struct user_data_input *input, struct user_data *ret, struct error *err)
{
	AUTO(user_data_clear) struct user_data out = {0};
	AUTO(release_clear) struct release release = {0};
	if (!release_config_read(input->config_json, strlen(input->config_json), &release, err))
		return error_prefix(err, "pod '%s'", input->pod->name);
	fill_instance(input, &release);
	static const char *const marks[] = {STACK_VOLUME_START, STACK_ZONE_MARK};
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strstr(input->config_json, marks[i]) != NULL)
			return error_set(err, ERROR_UNSUPPORTED,
					 "pod '%s': its configuration has the text '%s' in it",
					 input->pod->name, marks[i]);
	if (!refer_secrets(input, &release, &out, err))
		return error_prefix(err, "pod '%s'", input->pod->name);
	out.text = for_cloudformation(release_document_write(&release, JSON_ASCII));
	if (final_size(out.text) > USER_DATA_MAX) {
		free(out.text);
		out.text = write_with_reference(input, &release, &out);
	}
	if (final_size(out.text) > USER_DATA_MAX)
		return error_set(err, ERROR_FULL,
				 "pod '%s': its instance document alone is longer than 16 KiB",
				 input->pod->name);
	*ret = out;
	out = (struct user_data){0};
	return true;
}
