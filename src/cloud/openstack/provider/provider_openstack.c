/* SPDX-License-Identifier: Apache-2.0 */
/* OpenStack so far: who one is there, whether the cloud has what a pod needs, and images. */
#include "cloud/openstack/provider/provider_openstack.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/string_list.h"
#include "cloud/openstack/client/client.h"
#include "cloud/openstack/provider/apply_openstack.h"
#include "cloud/openstack/provider/destroy_openstack.h"
#include "cloud/openstack/provider/details_openstack.h"
#include "cloud/openstack/provider/images_openstack.h"
#include "cloud/openstack/provider/logs_openstack.h"
#include "cloud/openstack/provider/plan_openstack.h"
#include "cloud/openstack/provider/status_openstack.h"
#include "cloud/openstack/provider/survey_openstack.h"
#include "cloud/openstack/provider/verify_openstack.h"

struct cloud {
	struct openstack_client *client; /* owned */
};

struct openstack_client *provider_openstack_client(struct cloud *cloud)
{
	return cloud->client;
}

static void openstack_close(struct cloud *cloud)
{
	if (cloud == NULL)
		return;
	openstack_client_free(cloud->client);
	free(cloud);
}
DEFINE_AUTO_PTR(cloud, openstack_close)

static struct cloud *openstack_open(const struct cloud_options *options, struct error *err)
{
	AUTO_PTR(cloud) struct cloud *cloud = xcalloc(1, sizeof(*cloud));

	cloud->client =
		openstack_client_new(options->profile, options->region, options->parallel, err);
	return cloud->client != NULL ? TAKE_PTR(cloud) : NULL;
}

/* What a pod needs there. */
static bool has_needed(struct cloud *cloud, struct error *err)
{
	static const struct openstack_service *const needed[] = {
		&OPENSTACK_COMPUTE, &OPENSTACK_IMAGE, &OPENSTACK_NETWORK};
	const struct openstack_settings *settings = openstack_client_settings(cloud->client);

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (openstack_client_has(cloud->client, needed[i], err))
			continue;
		error_set(err, ERROR_NOT_FOUND, "the OpenStack cloud '%s' has no %s service%s%s",
			  settings->cloud, needed[i]->type,
			  settings->region[0] != '\0' ? " in region " : "", settings->region);
		return error_hint(err, "--region, or region_name and interface in clouds.yaml");
	}
	return true;
}

/* "2.93" → 2093; 0: it is no version. */
static uint64_t number_of(const char *version)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	uint64_t major = 0;
	uint64_t minor = 0;

	string_list_split(&parts, version != NULL ? version : "", '.');
	return parts.count == 2 && parse_u64(parts.items[0], 0, 100, &major) &&
			       parse_u64(parts.items[1], 0, 999, &minor)
		       ? major * 1000 + minor
		       : 0;
}

/* Nova says by itself up to which microversion it goes. */
static bool is_new_enough(struct cloud *cloud, struct error *err)
{
	static const struct openstack_service plain = {"compute", "v2.1", NULL};
	const struct openstack_call call = {.service = &plain, .path = "/"};
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(cloud->client, &call, err);

	if (document == NULL)
		return false;
	struct json_view version = json_view_require(json_document_root(document), "version");
	AUTO_FREE char *newest = json_view_text(json_view_require(version, "version"));
	if (!json_document_check(document, err))
		return false;
	if (number_of(newest) >= number_of(OPENSTACK_COMPUTE.microversion))
		return true;
	error_set(err, ERROR_UNSUPPORTED, "the cloud's Nova speaks microversions up to %s", newest);
	return error_hint(err, "i2kit needs %s: Train (2019) or newer",
			  OPENSTACK_COMPUTE.microversion);
}

static char *openstack_identify(struct cloud *cloud, struct error *err)
{
	const struct openstack_settings *settings = openstack_client_settings(cloud->client);
	const struct openstack_login *login = openstack_client_login(cloud->client, err);

	if (login == NULL || !has_needed(cloud, err) || !is_new_enough(cloud, err))
		return NULL;
	return xasprintf("OpenStack cloud %s%s%s, project %s, as %s (from %s)", settings->cloud,
			 settings->region[0] != '\0' ? ", region " : "", settings->region,
			 login->project != NULL ? login->project : "none", login->user,
			 settings->file != NULL ? settings->file : "the environment");
}

/* Roles are the cloud's administrators' own words: there is nothing to print. */
static char *openstack_policy(const struct environment *environment,
			      const struct cloud_scope *scope, const char *region,
			      enum cloud_policy kind)
{
	(void)environment;
	(void)scope;
	(void)region;
	(void)kind;
	return NULL;
}

const struct cloud_provider CLOUD_PROVIDER_OPENSTACK = {
	.name = "openstack",
	.login = "openstack application credential create i2kit, into clouds.yaml",
	.open = openstack_open,
	.close = openstack_close,
	.policy = openstack_policy,
	.identify = openstack_identify,
	.survey = openstack_survey,
	.plan_image = openstack_plan_image,
	.ensure_image = openstack_ensure_image,
	.status = openstack_status,
	.verify = openstack_verify,
	.details = openstack_details,
	.logs = openstack_logs,
	.plan = openstack_plan,
	.plan_rollback = openstack_plan_rollback,
	.apply_plan = openstack_apply_plan,
	.free_plan = openstack_free_plan,
	.records = openstack_records,
	.destroy = openstack_destroy,
};
