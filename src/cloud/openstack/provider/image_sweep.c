/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/image_sweep.h"

#include <string.h>

#include "base/alloc.h"
#include "cloud/openstack/client/page_list.h"
#include "cloud/openstack/image/glance.h"
#include "cloud/openstack/provider/wanted_openstack.h"
#include "cloud/openstack/release/glance_record.h"
#include "cloud/openstack/release/record.h"

struct sweep {
	const char *project;	   /* of i2kit */
	const char *owner;	   /* of OpenStack */
	struct string_list images; /* ours */
	struct string_list used;
	struct string_list environments; /* that have records; "-": none */
};

static void sweep_clear(struct sweep *sweep)
{
	string_list_clear(&sweep->images);
	string_list_clear(&sweep->used);
	string_list_clear(&sweep->environments);
}

static bool is_text(struct json_view view, const char *key, const char *wanted)
{
	const char *text = json_view_peek(json_view_get(view, key));
	return text != NULL && strcmp(text, wanted) == 0;
}

static void take_image(struct json_view item, void *arg)
{
	struct sweep *sweep = arg;
	const char *id = json_view_peek(json_view_require(item, "id"));

	if (id != NULL && is_text(item, "owner", sweep->owner) &&
	    is_text(item, "i2kit_project", sweep->project) &&
	    json_view_exists(json_view_get(item, "i2kit_sha256")))
		string_list_add(&sweep->images, id);
}

static void take_record(struct json_view item, void *arg)
{
	struct sweep *sweep = arg;
	const char *environment = json_view_peek(json_view_get(item, "i2kit_environment"));

	if (is_text(item, "owner", sweep->owner) &&
	    is_text(item, "i2kit_project", sweep->project) && environment != NULL &&
	    !string_list_has(&sweep->environments, environment))
		string_list_add(&sweep->environments, environment);
}

static void take_server(struct json_view item, void *arg)
{
	struct sweep *sweep = arg;
	const char *id = json_view_peek(json_view_get(json_view_get(item, "image"), "id"));

	if (id != NULL)
		string_list_add(&sweep->used, id);
}

/* What the records of one environment could be rolled back to. One that cannot be read keeps all. */
static bool take_environment(struct openstack_client *client, const char *environment,
			     struct sweep *sweep, struct error *err)
{
	struct cloud_scope scope = {0};
	AUTO(glance_record_list_clear) struct glance_record_list list = {0};

	cloud_scope_make(sweep->project, strcmp(environment, "-") != 0 ? environment : NULL,
			 &scope);
	bool is_good = glance_record_list_of(client, &scope, &list, err);
	for (size_t i = 0; is_good && i < list.count; i++) {
		AUTO(wanted_clear) struct wanted wanted = {0};
		struct cloud_record record = {0};
		AUTO_FREE char *text = NULL;
		AUTO_FREE char *release = NULL;
		if (!list.items[i].is_whole)
			continue;
		is_good = glance_record_load(client, &list, list.items[i].number, &text, err) &&
			  record_read(&scope, list.items[i].number, text, &record, &release, err) &&
			  openstack_release_read(client, &scope, release, NULL, &wanted, NULL, err);
		free(record.note);
		for (size_t p = 0; p < wanted.pod_count; p++)
			string_list_add(&sweep->used, wanted.pods[p].image);
	}
	cloud_scope_clear(&scope);
	return is_good;
}

bool openstack_remove_images(struct openstack_client *client, const struct cloud_scope *scope,
			     struct error *err)
{
	const struct openstack_login *login = openstack_client_login(client, err);

	if (login == NULL)
		return false;
	AUTO_FREE char *owner = xstrdup(login->project_id != NULL ? login->project_id : "");
	AUTO(sweep_clear) struct sweep sweep = {.project = scope->project, .owner = owner};
	if (!page_list(client, &OPENSTACK_IMAGE, "/images", "tag=i2kit&visibility=private",
		       "images", take_image, &sweep, err) ||
	    !page_list(client, &OPENSTACK_IMAGE, "/images", "tag=i2kit-record&visibility=private",
		       "images", take_record, &sweep, err) ||
	    !page_list(client, &OPENSTACK_COMPUTE, "/servers/detail", NULL, "servers", take_server,
		       &sweep, err))
		return false;
	for (size_t i = 0; i < sweep.environments.count; i++)
		if (!take_environment(client, sweep.environments.items[i], &sweep, err))
			return false;
	for (size_t i = 0; i < sweep.images.count; i++)
		if (!string_list_has(&sweep.used, sweep.images.items[i]) &&
		    !glance_record_remove(client, sweep.images.items[i], err))
			return false;
	return true;
}
