/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/claims.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define BYTES_PER_GIB (UINT64_C(1) << 30)

void cloud_claim_list_clear(struct cloud_claim_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].name);
	free(list->items);
	*list = (struct cloud_claim_list){0};
}

static void add(struct cloud_claim_list *list, const char *volume, char *name, uint64_t size_bytes)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name, name) == 0) {
			free(name);
			return;
		}
	}
	struct cloud_claim *added = ARRAY_APPEND(list->items, list->count);
	added->volume = volume;
	added->name = name;
	added->size_bytes = size_bytes > BYTES_PER_GIB ? size_bytes : BYTES_PER_GIB;
}

static bool is_template(const struct pod_spec *pod, const char *volume)
{
	for (size_t i = 0; i < pod->claim_template_count; i++)
		if (strcmp(pod->claim_templates[i].name, volume) == 0)
			return true;
	return false;
}

void cloud_claims_of_pod(const struct app *app, const struct pod_spec *pod,
			 struct cloud_claim_list *ret)
{
	for (size_t i = 0; i < pod->claim_template_count; i++) {
		const struct claim *claim = &pod->claim_templates[i];
		add(ret, claim->name, xasprintf("%s-%s-0", claim->name, pod->name),
		    claim->size_bytes);
	}
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume *volume = &pod->volumes[i];
		if (volume->kind != VOLUME_CLAIM || is_template(pod, volume->name))
			continue;
		const struct claim *claim = app_find_claim(app, volume->ref_name);
		add(ret, volume->name, xstrdup(volume->ref_name),
		    claim != NULL ? claim->size_bytes : 0);
	}
}

bool cloud_claims_check(const struct app *app, struct error *err)
{
	for (size_t i = 0; i < app->claim_count; i++) {
		if (!app->claims[i].is_shared)
			continue;
		error_set(err, ERROR_UNSUPPORTED,
			  "claim '%s' is shared by several instances (ReadWriteMany), and a disk "
			  "of the cloud belongs to one",
			  app->claims[i].name);
		return error_hint(err, "a file system of the cloud's own (EFS, NFS) that the pods "
				       "mount, an object store, or a claim for each");
	}
	AUTO(string_list_clear) struct string_list seen = STRING_LIST_INIT;
	for (size_t i = 0; i < app->pod_count; i++) {
		AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};
		cloud_claims_of_pod(app, &app->pods[i], &claims);
		for (size_t c = 0; c < claims.count; c++) {
			if (!string_list_has(&seen, claims.items[c].name)) {
				string_list_add(&seen, claims.items[c].name);
				continue;
			}
			error_set(
				err, ERROR_UNSUPPORTED,
				"pod '%s': another pod has the claim '%s' too, and a disk belongs "
				"to one machine",
				app->pods[i].name, claims.items[c].name);
			return error_hint(err, "give each pod a claim of its own");
		}
	}
	return true;
}
