/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_release.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "wire/release_document.h"

void cloud_release_clear(struct cloud_release *release)
{
	free(release->document);
	free(release->pod);
	free(release->log_group);
	free(release->signal_stack);
	free(release->signal_resource);
	*release = (struct cloud_release){0};
}

/* An answer of SSM or Secrets Manager; NULL and *err when there is none. */
static struct json_document *call_json(struct cloud_aws *aws, const char *service,
				       const char *target, const struct strbuf *body,
				       struct error *err)
{
	AUTO_FREE char *answer = NULL;
	struct cloud_call call = {.service = service, .target = target, .body = strbuf_text(body)};
	if (!cloud_call(aws, &call, &answer, err))
		return NULL;
	return json_document_parse(answer, strlen(answer), service, JSON_LAST_KEY_WINS, err);
}

/* The value of an SSM parameter, owned. */
static bool get_parameter(struct cloud_aws *aws, const char *name, char **ret, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	json_open_object(&json, NULL);
	json_open_list(&json, "Names");
	json_write_text(&json, NULL, name);
	json_close(&json);
	json_write_bool(&json, "WithDecryption", true);
	json_close(&json);
	AUTO_PTR(json_document)
	struct json_document *document =
		call_json(aws, "ssm", "AmazonSSM.GetParameters", &body, err);
	if (document == NULL)
		return error_prefix(err, "parameter %s", name);
	struct json_view list = json_view_get(json_document_root(document), "Parameters");
	*ret = json_view_text(json_view_get(json_view_at(list, 0), "Value"));
	return *ret != NULL || error_set(err, ERROR_NOT_FOUND, "there is no parameter %s", name);
}

/* The text under a key of a secret that is a JSON object; owned, or NULL. */
static char *pick(const char *text, const char *key)
{
	AUTO_PTR(json_document)
	struct json_document *inside =
		json_document_parse(text, strlen(text), "secret", JSON_LAST_KEY_WINS, NULL);
	return inside != NULL ? json_view_text(json_view_get(json_document_root(inside), key))
			      : NULL;
}

/* "ARN" or "ARN#key of the JSON inside"; *ret is the text itself. */
static bool get_managed_secret(struct cloud_aws *aws, const char *reference, char **ret,
			       struct error *err)
{
	size_t size = strcspn(reference, "#");
	AUTO_FREE char *id = xstrndup(reference, size);
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "SecretId", id);
	json_close(&json);
	AUTO_PTR(json_document)
	struct json_document *document =
		call_json(aws, "secretsmanager", "secretsmanager.GetSecretValue", &body, err);
	if (document == NULL)
		return error_prefix(err, "secret %s", id);
	const char *text =
		json_view_peek(json_view_get(json_document_root(document), "SecretString"));
	if (text == NULL)
		return error_set(err, ERROR_UNSUPPORTED, "secret %s has no text", id);
	*ret = reference[size] == '\0' ? xstrdup(text) : pick(text, reference + size + 1);
	return *ret != NULL || error_set(err, ERROR_NOT_FOUND, "secret %s has no key '%s'", id,
					 reference + size + 1);
}

/* The digest stands beside the reference: what was fetched must be what was released. */
static bool check_digest(const char *wanted_or_null, const void *bytes, size_t size,
			 struct error *err)
{
	char got[65];
	if (wanted_or_null == NULL)
		return true;
	cloud_sha256_hex(bytes, size, got);
	if (strcmp(got, wanted_or_null) == 0)
		return true;
	return error_set(err, ERROR_CORRUPT, "its value is not the one that was released");
}

/* What `reference` means, owned. */
static bool fetch(struct cloud_aws *aws, const char *reference, uint8_t **ret, size_t *ret_size,
		  struct error *err)
{
	AUTO_FREE char *text = NULL;
	if (strncmp(reference, "ssm:", 4) == 0) {
		/* Stored in base64, so that any bytes go through. */
		if (!get_parameter(aws, reference + 4, &text, err))
			return false;
		return base64_decode(text, strlen(text), ret, ret_size) ||
		       error_set(err, ERROR_INVALID, "%s is not base64", reference);
	}
	if (strncmp(reference, "secretsmanager:", 15) == 0) {
		if (!get_managed_secret(aws, reference + 15, &text, err))
			return false;
		*ret_size = strlen(text);
		*ret = (uint8_t *)TAKE_PTR(text);
		return true;
	}
	return error_set(err, ERROR_UNSUPPORTED, "no way to fetch '%s'", reference);
}

static bool fetch_secret(struct cloud_aws *aws, struct map_entry *entry, struct error *err)
{
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (entry->reference == NULL)
		return true;
	if (!fetch(aws, entry->reference, &bytes, &size, err))
		return false;
	if (!check_digest(entry->sha256, bytes, size, err))
		return error_prefix(err, "%s", entry->reference);
	entry->bytes = (char *)TAKE_PTR(bytes);
	entry->size = size;
	free(TAKE_PTR(entry->reference));
	free(TAKE_PTR(entry->sha256));
	return true;
}

static bool fetch_secrets(struct cloud_aws *aws, struct release *release, struct error *err)
{
	for (size_t i = 0; i < release->map_count; i++) {
		struct release_map *map = &release->maps[i];
		for (size_t e = 0; e < map->entry_count; e++) {
			if (!fetch_secret(aws, &map->entries[e], err))
				return error_prefix(err, "secret '%s' key '%s'", map->name,
						    map->entries[e].key);
		}
	}
	return true;
}

static bool fetch_config(struct cloud_aws *aws, const struct config_reference *reference,
			 struct release *release, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX((size_t)4 << 20);
	if (reference->parameters.count == 0)
		return true;
	for (size_t i = 0; i < reference->parameters.count; i++) {
		AUTO_FREE char *piece = NULL;
		if (!get_parameter(aws, reference->parameters.items[i], &piece, err))
			return false;
		strbuf_append(&text, piece);
	}
	if (!check_digest(reference->sha256, strbuf_text(&text), text.size, err))
		return error_prefix(err, "configuration");
	return release_config_read(strbuf_text(&text), text.size, release, err);
}

static bool attach_volume(struct cloud_aws *aws, const struct cloud_config *cloud,
			  struct error *err)
{
	const char *volume = cloud->attach_volume;
	const char *device = cloud->attach_device;
	if (volume == NULL && device == NULL)
		return true;
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

/* Which instance this is, the document leaves to the metadata service. */
static void name_instance(const struct cloud_aws *aws, struct release *release)
{
	const char *id =
		strncmp(aws->instance_id, "i-", 2) == 0 ? aws->instance_id + 2 : aws->instance_id;
	if (release->uid == NULL || release->uid[0] == '\0') {
		free(release->uid);
		release->uid = xstrdup(aws->instance_id);
	}
	free(release->instance);
	release->instance = xasprintf("%s-%s", release->pod != NULL ? release->pod : "pod", id);
}

static bool resolve(struct cloud_aws *aws, const char *user_data, struct cloud_release *ret,
		    struct error *err)
{
	AUTO(release_clear) struct release release = {0};
	AUTO(config_reference_clear) struct config_reference reference = {0};
	if (!release_document_read_referring(user_data, strlen(user_data), &release, &reference,
					     err))
		return error_prefix(err, "user data");
	aws->endpoint = xstrdup_or_null(release.cloud.endpoint);
	if (!fetch_config(aws, &reference, &release, err) || !fetch_secrets(aws, &release, err) ||
	    !attach_volume(aws, &release.cloud, err))
		return false;
	name_instance(aws, &release);
	ret->pod = xstrdup_or_null(release.pod);
	ret->log_group = xstrdup_or_null(release.cloud.log_group);
	ret->signal_stack = xstrdup_or_null(release.cloud.signal_stack);
	ret->signal_resource = xstrdup_or_null(release.cloud.signal_resource);
	ret->document = release_document_write(&release, 0);
	return true;
}

bool cloud_release_load(struct cloud_aws *aws, struct cloud_release *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	if (!cloud_metadata(aws, "latest/user-data", &text, err))
		return false;
	AUTO(cloud_release_clear) struct cloud_release release = {0};
	if (!resolve(aws, text, &release, err))
		return false;
	*ret = release;
	release = (struct cloud_release){0};
	return true;
}
