/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/wanted_openstack.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/json_writer.h"
#include "cloud/claims.h"
#include "cloud/openstack/provider/check_openstack.h"
#include "cloud/openstack/release/document_template.h"
#include "cloud/openstack/server/server_document.h"

/* --- the template of a pod's document ------------------------------------------------------- */

/* What stands in for what is not known yet. */
struct stand_ins {
	struct server_address *addresses; /* all owned */
	struct server_volume *volumes;
	struct string_list texts;
};

static void stand_ins_clear(struct stand_ins *ins)
{
	free(ins->addresses);
	free(ins->volumes);
	string_list_clear(&ins->texts);
}

static void stand_ins_make(const struct wanted *wanted, const struct wanted_pod *pod,
			   struct stand_ins *ret)
{
	ret->addresses = xcalloc(wanted->addressed.count + 1, sizeof(*ret->addresses));
	ret->volumes = xcalloc(pod->claim_count + 1, sizeof(*ret->volumes));
	for (size_t i = 0; i < wanted->addressed.count; i++) {
		const char *service = wanted->addressed.items[i];
		string_list_take(&ret->texts, template_address(i));
		ret->addresses[i] = (struct server_address){
			.service = service,
			.address = ret->texts.items[ret->texts.count - 1],
		};
	}
	for (size_t i = 0; i < pod->claim_count; i++) {
		string_list_take(&ret->texts, template_volume(i));
		ret->volumes[i] = (struct server_volume){
			.claim = pod->claims[i].claim,
			.id = ret->texts.items[ret->texts.count - 1],
		};
	}
}

static bool make_document(const struct cloud_deployment *deployment, const struct pod_spec *spec,
			  const struct cloud_release *release, const struct wanted *wanted,
			  struct wanted_pod *pod, struct error *err)
{
	AUTO(stand_ins_clear) struct stand_ins ins = {0};
	AUTO_FREE char *encoded = NULL;
	uint8_t *bytes = NULL;
	size_t size = 0;

	stand_ins_make(wanted, pod, &ins);
	const struct server_document_input input = {
		.app = deployment->app,
		.pod = spec,
		.config_json = release->config_json,
		.id = release->id,
		.console_key = TEMPLATE_KEY,
		.addresses = ins.addresses,
		.address_count = wanted->addressed.count,
		.volumes = ins.volumes,
		.volume_count = pod->claim_count,
		.may_hold_secrets = deployment->environment->openstack.has_open_secrets,
	};
	if (!server_document_make(&input, &encoded, err))
		return false;
	if (!base64_decode(encoded, strlen(encoded), &bytes, &size))
		return error_set(err, ERROR_SYSTEM, "the document of pod '%s' is not base64",
				 pod->name);
	pod->document = xstrndup((const char *)bytes, size);
	explicit_bzero(bytes, size);
	free(bytes);
	return true;
}

/* --- what is wanted ------------------------------------------------------------------------- */

static void take_claims(const struct app *app, const struct pod_spec *spec, struct wanted_pod *pod)
{
	AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};

	cloud_claims_of_pod(app, spec, &claims);
	for (size_t i = 0; i < claims.count; i++)
		*ARRAY_APPEND(pod->claims, pod->claim_count) = (struct wanted_claim){
			xstrdup(claims.items[i].name), claims.items[i].size_bytes};
}

static bool make_pod(const struct cloud_deployment *deployment,
		     const struct openstack_places *places, const struct cloud_release *release,
		     struct wanted *wanted, struct error *err)
{
	const struct pod_spec *spec = app_find_pod(deployment->app, release->pod);
	const struct openstack_flavor *flavor = NULL;

	if (spec == NULL)
		return error_set(err, ERROR_NOT_FOUND, "there is no pod '%s'", release->pod);
	if (!openstack_check_flavor(places, spec, release, &flavor, err))
		return false;
	struct wanted_pod *pod = ARRAY_APPEND(wanted->pods, wanted->pod_count);
	*pod = (struct wanted_pod){
		.name = xstrdup(release->pod),
		.id = release->id,
		.image = xstrdup_or_null(release->image),
		.flavor = xstrdup(flavor->id),
		.receipt = xstrdup_or_null(release->receipt_tag),
		.replicas = spec->replicas,
		.surge = spec->max_surge,
		.unavailable = spec->max_unavailable,
	};
	take_claims(deployment->app, spec, pod);
	pod->is_old_first = spec->is_stateful || spec->is_recreate || pod->claim_count > 0;
	return make_document(deployment, spec, release, wanted, pod, err);
}

bool openstack_wanted_make(const struct cloud_deployment *deployment,
			   const struct openstack_places *places, const struct stand *stand,
			   struct wanted *ret, struct error *err)
{
	const struct environment *environment = deployment->environment;
	AUTO(wanted_clear)
	struct wanted wanted = {
		.scope = xstrdup(deployment->scope->name),
		.network = xstrdup(places->network.id),
		.key_pair = xstrdup_or_null(environment->key_pair),
	};

	if (environment->availability_zones.count > 1) {
		error_set(err, ERROR_UNSUPPORTED,
			  "provider.availability_zones: all servers go to one zone in OpenStack, "
			  "and %zu are named",
			  environment->availability_zones.count);
		return error_hint(err, "availability_zones: [%s]",
				  environment->availability_zones.items[0]);
	}
	if (environment->availability_zones.count > 0)
		wanted.availability_zone = xstrdup(environment->availability_zones.items[0]);
	string_list_copy(&wanted.groups, &environment->security_groups);
	stand_addressed(stand, &wanted.addressed);
	for (size_t i = 0; i < deployment->count; i++)
		if (!make_pod(deployment, places, &deployment->releases[i], &wanted, err))
			return false;
	wanted_set_keys(&wanted);
	*ret = wanted;
	wanted = (struct wanted){0};
	return true;
}

/* --- records -------------------------------------------------------------------------------- */

char *openstack_release_write(const struct wanted *wanted, const struct stand *stand)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_object(&json, NULL);
	wanted_write(wanted, &json, "wanted");
	stand_write(stand, &json, "stand");
	json_close(&json);
	return strbuf_take(&out);
}

bool openstack_release_read(struct openstack_client *client, const struct cloud_scope *scope,
			    const char *text, const struct progress *progress, struct wanted *ret,
			    struct stand **ret_stand, struct error *err)
{
	AUTO(wanted_clear) struct wanted wanted = {0};
	AUTO_PTR(stand) struct stand *stand = NULL;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, strlen(text), "the release's record", 0, err);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	wanted_read(json_view_require(root, "wanted"), &wanted);
	if (!json_document_check(document, err))
		return false;
	if (ret_stand != NULL) {
		stand = stand_read(client, scope, json_view_require(root, "stand"), progress, err);
		if (stand == NULL)
			return false;
		*ret_stand = TAKE_PTR(stand);
	}
	*ret = wanted;
	wanted = (struct wanted){0};
	return true;
}
