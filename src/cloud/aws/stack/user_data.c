/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/user_data.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/claims.h"

#define HASH_DIGITS    24 /* of a value's digest, in a parameter's name */
#define VOLUME_ID_SIZE 32 /* what a mark grows to at most */

static inline void auto_json(json_t **value)
{
	json_decref(*value);
}
#define AUTO_JSON AUTO(auto_json)

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

/* CloudFormation makes "?" of what is not ASCII. Owned. */
static char *dump(const json_t *value)
{
	AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);
	return without_references(text);
}

/* --- secrets -------------------------------------------------------------------------------- */

/*
 * {"base64":…} → {"ref":"ssm:/…","sha256":…}. What is stored is the base64 text, so that any bytes
 * go through. The name holds part of the digest: an old release still finds its own value.
 */
static bool refer_secret(const struct user_data_input *input, const char *secret, const char *key,
			 json_t *entry, struct user_data *out, struct error *err)
{
	const char *encoded = json_string_value(json_object_get(entry, "base64"));
	/* A reference already; or nothing, which SSM does not keep and nobody needs to hide. */
	if (encoded == NULL || encoded[0] == '\0')
		return true;
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (!base64_decode(encoded, strlen(encoded), &bytes, &size))
		return error_set(err, ERROR_INVALID, "secret '%s' key '%s' is not base64", secret,
				 key);
	if (strlen(encoded) > PARAMETER_MAX) {
		error_set(err, ERROR_UNSUPPORTED,
			  "secret '%s' key '%s' has %zu bytes; SSM takes about 3000", secret, key,
			  size);
		return error_hint(err, "split it, or refer to Secrets Manager");
	}
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	sha256_bytes(bytes, size, raw);
	explicit_bzero(bytes, size);
	sha256_hex(raw, hex);
	AUTO_FREE char *path = xasprintf("/i2kit/%s/secrets/%s", input->stack, secret);
	AUTO_FREE char *name = xasprintf("%s/%s/%.*s", path, key, HASH_DIGITS, hex);
	AUTO_FREE char *reference = xasprintf("ssm:%s", name);
	add_put(out, path, name, encoded);
	json_object_clear(entry);
	json_object_set_new(entry, "ref", json_string(reference));
	json_object_set_new(entry, "sha256", json_string(hex));
	return true;
}

static bool refer_secrets(const struct user_data_input *input, json_t *config,
			  struct user_data *out, struct error *err)
{
	const char *secret;
	json_t *keys;
	json_object_foreach(json_object_get(config, "secrets"), secret, keys)
	{
		const char *key;
		json_t *entry;
		json_object_foreach(keys, key, entry) if (!refer_secret(input, secret, key, entry,
									out, err)) return false;
	}
	return true;
}

/* --- instance ------------------------------------------------------------------------------- */

/* One volume at most: stack_pod.c refuses more. */
static void add_claim(json_t *volumes, json_t *attach, const char *volume, const char *claim)
{
	AUTO_FREE char *mark = xasprintf(STACK_VOLUME_START "%s" STACK_VOLUME_END, claim);
	json_object_set_new(volumes, volume,
			    json_pack("{s:s, s:s}", "type", "disk", "serial", mark));
	json_object_set_new(attach, "volumeId", json_string(mark));
	json_object_set_new(attach, "device", json_string("/dev/sdf"));
}

static void add_claims(const struct app *app, const struct pod_spec *pod, json_t *volumes,
		       json_t *attach)
{
	AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};
	cloud_claims_of_pod(app, pod, &claims);
	for (size_t i = 0; i < claims.count; i++)
		add_claim(volumes, attach, claims.items[i].volume, claims.items[i].name);
}

/* "redis" → "REDIS_SERVICE_HOST=redis.PROJECT.internal", and its first port. */
static void add_service_env(json_t *list, const char *domain, const struct service *service)
{
	if (service->kind == SERVICE_HEADLESS || service->port_count == 0)
		return;
	AUTO_FREE char *name = xstrdup(service->name);
	for (char *c = name; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
		else if (*c == '-' || *c == '.')
			*c = '_';
	}
	AUTO_FREE char *host = xasprintf("%s_SERVICE_HOST=%s.%s", name, service->name, domain);
	AUTO_FREE char *port = xasprintf("%s_SERVICE_PORT=%u", name, service->ports[0].port);
	json_array_append_new(list, json_string(host));
	json_array_append_new(list, json_string(port));
}

/* Which instance it is (name, uid, address) the guest learns from instance metadata. */
static json_t *make_instance(const struct user_data_input *input)
{
	json_t *volumes = json_object();
	json_t *attach = json_object();
	add_claims(input->app, input->pod, volumes, attach);
	json_t *service_env = json_array();
	AUTO_FREE char *search = stack_private_domain(input->stack);
	for (size_t i = 0; i < input->app->service_count; i++)
		add_service_env(service_env, search, &input->app->services[i]);
	AUTO_FREE char *log_group = xasprintf("/i2kit/%s", input->stack);
	AUTO_FREE char *group = stack_group_id(input->pod->name);
	json_t *cloud = json_pack("{s:s, s:s, s:{s:s, s:s}}", "region", input->region, "logGroup",
				  log_group, "signal", "stack", input->stack, "resource", group);
	if (json_object_size(attach) > 0)
		json_object_set(cloud, "attach", attach);
	json_decref(attach);
	return json_pack("{s:i, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:{s:s, s:[s]}, s:[], s:o, "
			 "s:o, s:o}",
			 "version", 1, "project", input->app->project, "pod", input->pod->name,
			 "instance", input->pod->name, "replica", 0, "uid", "", "imageDigest",
			 input->image_digest, "configDigest", input->config_digest, "where", "aws",
			 "network", "method", "dhcp", "searches", search, "hosts", "serviceEnv",
			 service_env, "volumes", volumes, "cloud", cloud);
}

/* --- the whole ------------------------------------------------------------------------------ */

/* How long the text is at most when the marks have become volume ids. */
static size_t final_size(const char *text)
{
	size_t size = strlen(text);
	for (const char *mark = strstr(text, STACK_VOLUME_START); mark != NULL;
	     mark = strstr(mark + 1, STACK_VOLUME_START))
		size += VOLUME_ID_SIZE;
	return size;
}

/* Puts the configuration into parameters of 4 KiB; what refers to them takes its place. */
static json_t *refer_config(const struct user_data_input *input, const char *config,
			    struct user_data *out)
{
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	sha256_bytes(config, strlen(config), raw);
	sha256_hex(raw, hex);
	json_t *names = json_array();
	while (*config != '\0') {
		size_t size = strnlen(config, PARAMETER_MAX);
		AUTO_FREE char *piece = xstrndup(config, size);
		AUTO_FREE char *path =
			xasprintf("/i2kit/%s/config/%s", input->stack, input->pod->name);
		AUTO_FREE char *name =
			xasprintf("%s/%.*s/%zu", path, HASH_DIGITS, hex, json_array_size(names));
		add_put(out, path, name, piece);
		json_array_append_new(names, json_string(name));
		config += size;
	}
	return json_pack("{s:o, s:s}", "parameters", names, "sha256", hex);
}

static char *wrap(const char *key, json_t *config, json_t *instance)
{
	AUTO_JSON json_t *root =
		json_pack("{s:{s:O, s:O}}", "i2kit", key, config, "instance", instance);
	return dump(root);
}

bool user_data_make(const struct user_data_input *input, struct user_data *ret, struct error *err)
{
	AUTO(user_data_clear) struct user_data out = {0};
	AUTO_JSON json_t *config = json_loads(input->config_json, 0, NULL);
	AUTO_JSON json_t *instance = make_instance(input);
	if (config == NULL || instance == NULL)
		return error_set(err, ERROR_INVALID, "pod '%s': its configuration is not JSON",
				 input->pod->name);
	if (strstr(input->config_json, STACK_VOLUME_START) != NULL)
		return error_set(err, ERROR_UNSUPPORTED,
				 "pod '%s': its configuration has the text '" STACK_VOLUME_START
				 "' in it",
				 input->pod->name);
	if (!refer_secrets(input, config, &out, err))
		return error_prefix(err, "pod '%s'", input->pod->name);
	out.text = wrap("config", config, instance);
	if (final_size(out.text) > USER_DATA_MAX) {
		AUTO_FREE char *config_text = dump(config);
		AUTO_JSON json_t *reference = refer_config(input, config_text, &out);
		free(out.text);
		out.text = wrap("configRef", reference, instance);
	}
	if (final_size(out.text) > USER_DATA_MAX)
		return error_set(err, ERROR_FULL,
				 "pod '%s': its instance document alone is longer than 16 KiB",
				 input->pod->name);
	*ret = out;
	out = (struct user_data){0};
	return true;
}
