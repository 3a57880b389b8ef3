/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_release.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "guest/cloud/cloud_sign.h"
#include "wire/release_document.h"

#define SHORT_UUID 8

void cloud_release_clear(struct guest_release *release)
{
	free(release->document);
	free(release->pod);
	free(release->log_group);
	free(release->signal_stack);
	free(release->signal_resource);
	free(release->names_zone);
	free(release->console_key);
	string_list_clear(&release->names);
	*release = (struct guest_release){0};
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

static bool fetch_secret(struct guest_cloud *cloud, struct map_entry *entry, struct error *err)
{
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (entry->reference == NULL)
		return true;
	if (!cloud->backend->secret(cloud, entry->reference, &bytes, &size, err))
		return false;
	if (!check_digest(entry->sha256, bytes, size, err))
		return error_prefix(err, "%s", entry->reference);
	entry->bytes = (char *)TAKE_PTR(bytes);
	entry->size = size;
	free(TAKE_PTR(entry->reference));
	free(TAKE_PTR(entry->sha256));
	return true;
}

static bool fetch_secrets(struct guest_cloud *cloud, struct release *release, struct error *err)
{
	for (size_t i = 0; i < release->map_count; i++) {
		struct release_map *map = &release->maps[i];
		for (size_t e = 0; e < map->entry_count; e++) {
			if (!fetch_secret(cloud, &map->entries[e], err))
				return error_prefix(err, "secret '%s' key '%s'", map->name,
						    map->entries[e].key);
		}
	}
	return true;
}

static bool fetch_config(struct guest_cloud *cloud, const struct config_reference *reference,
			 struct release *release, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX((size_t)4 << 20);
	if (reference->parameters.count == 0)
		return true;
	for (size_t i = 0; i < reference->parameters.count; i++) {
		AUTO_FREE char *piece = NULL;
		if (!cloud->backend->parameter(cloud, reference->parameters.items[i], &piece, err))
			return false;
		strbuf_append(&text, piece);
	}
	if (!check_digest(reference->sha256, strbuf_text(&text), text.size, err))
		return error_prefix(err, "configuration");
	return release_config_read(strbuf_text(&text), text.size, release, err);
}

static bool attach_volume(struct guest_cloud *cloud, const struct cloud_config *config,
			  struct error *err)
{
	const char *volume = config->attach_volume;
	const char *device = config->attach_device;
	if (volume == NULL && device == NULL)
		return true;
	if (volume == NULL || device == NULL)
		return error_set(err, ERROR_INVALID, "a volume to attach has no id or device");
	return cloud->backend->attach(cloud, volume, device, err) ||
	       error_prefix(err, "attaching %s", volume);
}

static bool has_secrets(const struct release *release)
{
	for (size_t i = 0; i < release->map_count; i++)
		for (size_t e = 0; e < release->maps[i].entry_count; e++)
			if (release->maps[i].entries[e].reference != NULL)
				return true;
	return false;
}

/* What the release wants and this cloud has no call for. */
static bool check_means(const struct cloud_backend *backend, const struct release *release,
			const struct config_reference *reference, struct error *err)
{
	const struct cloud_config *config = &release->cloud;
	const struct {
		const char *what;
		bool is_wanted;
		bool is_there;
	} means[] = {
		{"a configuration elsewhere", reference->parameters.count > 0,
		 backend->parameter != NULL},
		{"secrets by reference", has_secrets(release), backend->secret != NULL},
		{"volumes to attach", config->attach_volume != NULL, backend->attach != NULL},
		{"a log group", config->log_group != NULL, backend->log != NULL},
		{"a stack to signal", config->signal_stack != NULL, backend->signal != NULL},
		{"a zone of names", config->names_zone != NULL, backend->change_names != NULL},
	};
	for (size_t i = 0; i < ARRAY_SIZE(means); i++)
		if (means[i].is_wanted && !means[i].is_there)
			return error_set(err, ERROR_INVALID,
					 "user data: this cloud's instances cannot have %s",
					 means[i].what);
	return true;
}

/* Which instance this is, the document leaves to the metadata service. */
static void name_instance(const struct guest_cloud *cloud, struct release *release)
{
	const char *id = strncmp(cloud->instance_id, "i-", 2) == 0 ? cloud->instance_id + 2
								   : cloud->instance_id;
	if (release->uid == NULL || release->uid[0] == '\0') {
		free(release->uid);
		release->uid = xstrdup(cloud->instance_id);
	}
	free(release->instance);
	/* It becomes a host's name: of a UUID the first eight digits will do. */
	int size = strchr(id, '-') != NULL ? SHORT_UUID : (int)strlen(id);
	release->instance =
		xasprintf("%s-%.*s", release->pod != NULL ? release->pod : "pod", size, id);
}

static bool resolve(struct guest_cloud *cloud, const char *user_data, struct guest_release *ret,
		    struct error *err)
{
	AUTO(release_clear) struct release release = {0};
	AUTO(config_reference_clear) struct config_reference reference = {0};
	if (!release_document_read_referring(user_data, strlen(user_data), &release, &reference,
					     err))
		return error_prefix(err, "user data");
	cloud->endpoint = xstrdup_or_null(release.cloud.endpoint);
	if (!check_means(cloud->backend, &release, &reference, err) ||
	    !fetch_config(cloud, &reference, &release, err) ||
	    !fetch_secrets(cloud, &release, err) || !attach_volume(cloud, &release.cloud, err))
		return false;
	name_instance(cloud, &release);
	ret->pod = xstrdup_or_null(release.pod);
	ret->log_group = xstrdup_or_null(release.cloud.log_group);
	ret->signal_stack = xstrdup_or_null(release.cloud.signal_stack);
	ret->signal_resource = xstrdup_or_null(release.cloud.signal_resource);
	ret->names_zone = xstrdup_or_null(release.cloud.names_zone);
	ret->console_key = xstrdup_or_null(release.cloud.console_key);
	string_list_copy(&ret->names, &release.cloud.names);
	ret->document = release_document_write(&release, 0);
	return true;
}

bool cloud_release_load(struct guest_cloud *cloud, struct guest_release *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	if (!cloud->backend->user_data(cloud, &text, err))
		return false;
	AUTO(cloud_release_clear) struct guest_release release = {0};
	if (!resolve(cloud, text, &release, err))
		return false;
	*ret = release;
	release = (struct guest_release){0};
	return true;
}
