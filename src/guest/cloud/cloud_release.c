/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_release.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

void cloud_release_clear(struct cloud_release *release)
{
	free(release->document);
	free(release->pod);
	free(release->log_group);
	free(release->signal_stack);
	free(release->signal_resource);
	*release = (struct cloud_release){0};
}

static inline void auto_json(json_t **json)
{
	json_decref(*json);
}
#define AUTO_JSON AUTO(auto_json)

static bool call_json(struct cloud_aws *aws, const char *service, const char *target, json_t *body,
		      json_t **ret, struct error *err)
{
	AUTO_JSON json_t *owned = body;
	AUTO_FREE char *text = json_dumps(owned, JSON_COMPACT);
	AUTO_FREE char *answer = NULL;
	struct cloud_call call = {.service = service, .target = target, .body = text};
	if (!cloud_call(aws, &call, &answer, err))
		return false;
	*ret = json_loads(answer, 0, NULL);
	return *ret != NULL || error_set(err, ERROR_INVALID, "%s: the answer is not JSON", service);
}

/* The value of an SSM parameter, owned. */
static bool get_parameter(struct cloud_aws *aws, const char *name, char **ret, struct error *err)
{
	AUTO_JSON json_t *answer = NULL;
	if (!call_json(aws, "ssm", "AmazonSSM.GetParameters",
		       json_pack("{s:[s],s:b}", "Names", name, "WithDecryption", 1), &answer, err))
		return error_prefix(err, "parameter %s", name);
	const json_t *first = json_array_get(json_object_get(answer, "Parameters"), 0);
	const char *value = json_string_value(json_object_get(first, "Value"));
	if (value == NULL)
		return error_set(err, ERROR_NOT_FOUND, "there is no parameter %s", name);
	*ret = xstrdup(value);
	return true;
}

/* "ARN" or "ARN#key of the JSON inside"; *ret is the text itself. */
static bool get_managed_secret(struct cloud_aws *aws, const char *reference, char **ret,
			       struct error *err)
{
	size_t size = strcspn(reference, "#");
	AUTO_FREE char *id = xstrndup(reference, size);
	AUTO_JSON json_t *answer = NULL;
	if (!call_json(aws, "secretsmanager", "secretsmanager.GetSecretValue",
		       json_pack("{s:s}", "SecretId", id), &answer, err))
		return error_prefix(err, "secret %s", id);
	const char *text = json_string_value(json_object_get(answer, "SecretString"));
	if (text == NULL)
		return error_set(err, ERROR_UNSUPPORTED, "secret %s has no text", id);
	if (reference[size] == '\0') {
		*ret = xstrdup(text);
		return true;
	}
	AUTO_JSON json_t *inside = json_loads(text, 0, NULL);
	const char *value = json_string_value(json_object_get(inside, reference + size + 1));
	if (value == NULL)
		return error_set(err, ERROR_NOT_FOUND, "secret %s has no key '%s'", id,
				 reference + size + 1);
	*ret = xstrdup(value);
	return true;
}

/* The digest stands beside the reference: what was fetched must be what was released. */
static bool check_digest(const json_t *entry, const void *bytes, size_t size, struct error *err)
{
	const char *wanted = json_string_value(json_object_get(entry, "sha256"));
	char got[65];
	if (wanted == NULL)
		return true;
	cloud_sha256_hex(bytes, size, got);
	if (strcmp(got, wanted) == 0)
		return true;
	return error_set(err, ERROR_CORRUPT, "its value is not the one that was released");
}

static bool fetch_secret(struct cloud_aws *aws, json_t *entry, struct error *err)
{
	const char *reference = json_string_value(json_object_get(entry, "ref"));
	AUTO_FREE char *text = NULL;
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (reference == NULL)
		return true;
	if (strncmp(reference, "ssm:", 4) == 0) {
		/* Stored in base64, so that any bytes go through. */
		if (!get_parameter(aws, reference + 4, &text, err))
			return false;
		if (!base64_decode(text, strlen(text), &bytes, &size))
			return error_set(err, ERROR_INVALID, "%s is not base64", reference);
	} else if (strncmp(reference, "secretsmanager:", 15) == 0) {
		if (!get_managed_secret(aws, reference + 15, &text, err))
			return false;
		size = strlen(text);
		bytes = xmemdup(text, size);
	} else {
		return error_set(err, ERROR_UNSUPPORTED, "no way to fetch '%s'", reference);
	}
	if (!check_digest(entry, bytes, size, err))
		return error_prefix(err, "%s", reference);
	AUTO_FREE char *encoded = base64_encode(bytes, size);
	(void)json_object_clear(entry);
	(void)json_object_set_new(entry, "base64", json_string(encoded));
	return true;
}

static bool fetch_secrets(struct cloud_aws *aws, json_t *config, struct error *err)
{
	const char *name;
	const char *key;
	json_t *entries;
	json_t *entry;
	json_object_foreach(json_object_get(config, "secrets"), name, entries)
	{
		json_object_foreach(entries, key, entry)
		{
			if (!fetch_secret(aws, entry, err))
				return error_prefix(err, "secret '%s' key '%s'", name, key);
		}
	}
	return true;
}

/* {"configRef":{"parameters":[…],"sha256"}} → {"config":…}. */
static bool fetch_config(struct cloud_aws *aws, json_t *body, struct error *err)
{
	const json_t *reference = json_object_get(body, "configRef");
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX((size_t)4 << 20);
	size_t index;
	json_t *name;
	if (reference == NULL)
		return true;
	json_array_foreach(json_object_get(reference, "parameters"), index, name)
	{
		AUTO_FREE char *piece = NULL;
		if (!json_is_string(name))
			return error_set(err, ERROR_INVALID,
					 "a configuration reference is no text");
		if (!get_parameter(aws, json_string_value(name), &piece, err))
			return false;
		strbuf_append(&text, piece);
	}
	if (!check_digest(reference, strbuf_text(&text), text.size, err))
		return error_prefix(err, "configuration");
	json_t *config = json_loads(strbuf_text(&text), JSON_REJECT_DUPLICATES, NULL);
	if (config == NULL)
		return error_set(err, ERROR_INVALID, "the configuration is not JSON");
	(void)json_object_set_new(body, "config", config);
	return true;
}

static bool attach_volume(struct cloud_aws *aws, const json_t *entry, struct error *err)
{
	const char *volume = json_string_value(json_object_get(entry, "volumeId"));
	const char *device = json_string_value(json_object_get(entry, "device"));
	if (volume == NULL || device == NULL)
		return error_set(err, ERROR_INVALID, "a volume to attach has no id or device");
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	AUTO_FREE char *answer = NULL;
	strbuf_append(&body, "Action=AttachVolume&Version=2016-11-15&VolumeId=");
	strbuf_append_url(&body, volume);
	strbuf_append(&body, "&InstanceId=");
	strbuf_append_url(&body, aws->instance_id);
	strbuf_append(&body, "&Device=");
	strbuf_append_url(&body, device);
	struct cloud_call call = {.service = "ec2", .body = strbuf_text(&body)};
	if (cloud_call(aws, &call, &answer, err))
		return true;
	/* Attached to us by an earlier start of this agent: the disk is there. */
	if (strstr(err->message, "VolumeInUse") != NULL &&
	    strstr(err->message, aws->instance_id) != NULL) {
		error_clear(err);
		return true;
	}
	return error_prefix(err, "attaching %s", volume);
}

static bool attach_volumes(struct cloud_aws *aws, const json_t *cloud, struct error *err)
{
	const json_t *attach = json_object_get(cloud, "attach");
	size_t index;
	json_t *entry;
	if (json_is_object(attach))
		return attach_volume(aws, attach, err);
	json_array_foreach(attach, index, entry)
	{
		if (!attach_volume(aws, entry, err))
			return false;
	}
	return true;
}

/* Which instance this is, the document leaves to the metadata service. */
static void name_instance(const struct cloud_aws *aws, json_t *instance)
{
	const char *pod = json_string_value(json_object_get(instance, "pod"));
	const char *uid = json_string_value(json_object_get(instance, "uid"));
	if (uid == NULL || uid[0] == '\0')
		(void)json_object_set_new(instance, "uid", json_string(aws->instance_id));
	const char *id =
		strncmp(aws->instance_id, "i-", 2) == 0 ? aws->instance_id + 2 : aws->instance_id;
	AUTO_FREE char *name = xasprintf("%s-%s", pod != NULL ? pod : "pod", id);
	(void)json_object_set_new(instance, "instance", json_string(name));
}

static char *text_of(const json_t *object, const char *key)
{
	return xstrdup_or_null(json_string_value(json_object_get(object, key)));
}

static bool resolve(struct cloud_aws *aws, json_t *root, struct cloud_release *ret,
		    struct error *err)
{
	json_t *body = json_object_get(root, "i2kit");
	json_t *instance = json_object_get(body, "instance");
	const json_t *cloud = json_object_get(instance, "cloud");
	if (instance == NULL)
		return error_set(err, ERROR_INVALID, "the user data is no release document");
	aws->endpoint = text_of(cloud, "endpoint");
	if (!fetch_config(aws, body, err) ||
	    !fetch_secrets(aws, json_object_get(body, "config"), err) ||
	    !attach_volumes(aws, cloud, err))
		return false;
	name_instance(aws, instance);
	const json_t *signal = json_object_get(cloud, "signal");
	ret->pod = text_of(instance, "pod");
	ret->log_group = text_of(cloud, "logGroup");
	ret->signal_stack = text_of(signal, "stack");
	ret->signal_resource = text_of(signal, "resource");
	ret->document = json_dumps(root, JSON_COMPACT);
	return true;
}

bool cloud_release_load(struct cloud_aws *aws, struct cloud_release *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	if (!cloud_metadata(aws, "latest/user-data", &text, err))
		return false;
	AUTO_JSON json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (root == NULL)
		return error_set(err, ERROR_INVALID, "the user data is not JSON");
	AUTO(cloud_release_clear) struct cloud_release release = {0};
	if (!resolve(aws, root, &release, err))
		return false;
	*ret = release;
	release = (struct cloud_release){0};
	return true;
}
