/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/plan_openstack.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "cloud/openstack/provider/check_openstack.h"
#include "cloud/openstack/provider/provider_openstack.h"
#include "cloud/openstack/provider/wanted_openstack.h"
#include "cloud/openstack/release/glance_record.h"
#include "cloud/openstack/release/record.h"
#include "cloud/openstack/release/release_look.h"
#include "cloud/openstack/release/release_run.h"

#define PATIENCE_MS (15 * 60 * 1000) /* for a server to become ready */

static void detail_free(struct openstack_plan_detail *detail)
{
	if (detail == NULL)
		return;
	cloud_scope_clear(&detail->scope);
	wanted_clear(&detail->wanted);
	stand_free(detail->stand);
	free(detail->note);
	free(detail);
}
DEFINE_AUTO_PTR(openstack_plan_detail, detail_free)

void openstack_free_plan(struct cloud_plan *plan)
{
	detail_free(plan->detail);
	plan->detail = NULL;
	cloud_plan_clear(plan);
}

static struct openstack_plan_detail *detail_new(const struct cloud_scope *scope, char *note)
{
	struct openstack_plan_detail *detail = xcalloc(1, sizeof(*detail));

	cloud_scope_make(scope->project, scope->environment, &detail->scope);
	detail->note = note;
	detail->patience_ms = PATIENCE_MS;
	return detail;
}

/* --- what would change ---------------------------------------------------------------------- */

static bool has_server(const struct release_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->server_count; i++)
		if (strcmp(facts->servers[i].name, name) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct wanted *wanted, const struct fact_server *server)
{
	const struct wanted_pod *pod = wanted_find(wanted, server->pod);

	for (uint32_t n = 0; pod != NULL && n < pod->replicas; n++) {
		AUTO_FREE char *name = wanted_server_name(wanted, pod, n);
		if (strcmp(name, server->name) == 0)
			return true;
	}
	return false;
}

static void add_pod(const struct wanted *wanted, const struct wanted_pod *pod,
		    const struct release_facts *facts, struct cloud_plan *plan)
{
	for (size_t i = 0; i < pod->claim_count; i++)
		if (release_facts_volume(facts, pod->claims[i].claim) == NULL)
			cloud_plan_add(plan, CLOUD_ADD, pod->claims[i].claim, "volume", false);
	for (uint32_t n = 0; n < pod->replicas; n++) {
		AUTO_FREE char *name = wanted_server_name(wanted, pod, n);
		if (!has_server(facts, name))
			cloud_plan_add(plan, CLOUD_ADD, name, "server", false);
	}
}

/* What a plan shows as JSON: no user data, since secrets may be in it. */
static char *document_of(const struct wanted *wanted)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_object(&json, NULL);
	json_write_text(&json, "network", wanted->network);
	json_open_list(&json, "servers");
	for (size_t i = 0; i < wanted->pod_count; i++)
		for (uint32_t n = 0; n < wanted->pods[i].replicas; n++) {
			const struct wanted_pod *pod = &wanted->pods[i];
			AUTO_FREE char *name = wanted_server_name(wanted, pod, n);
			json_open_object(&json, NULL);
			json_write_text(&json, "name", name);
			json_write_text(&json, "pod", pod->name);
			json_write_text(&json, "image", DIGEST_TEXT(&pod->id.image));
			json_write_text(&json, "config", DIGEST_TEXT(&pod->id.config));
			json_write_text(&json, "flavor", pod->flavor);
			json_close(&json);
		}
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

static bool compare(struct cloud *cloud, const struct openstack_plan_detail *detail,
		    struct release_facts *facts, struct cloud_plan *plan, struct error *err)
{
	const struct wanted *wanted = &detail->wanted;
	AUTO(glance_record_list_clear) struct glance_record_list records = {0};
	AUTO(release_run_clear)
	struct release_run run = {.client = provider_openstack_client(cloud),
				  .scope = &detail->scope,
				  .wanted = wanted,
				  .services = stand_services(detail->stand),
				  .patience_ms = detail->patience_ms};
	AUTO(release_steps_clear) struct release_steps steps = {0};

	if (!release_look(&run, facts, err) ||
	    !glance_record_list_of(run.client, run.scope, &records, err))
		return false;
	for (size_t i = 0; i < wanted->pod_count; i++)
		add_pod(wanted, &wanted->pods[i], facts, plan);
	for (size_t i = 0; i < facts->server_count; i++)
		if (!is_wanted(wanted, &facts->servers[i]))
			cloud_plan_add(plan, CLOUD_REMOVE, facts->servers[i].name, "server", false);
	stand_changes(detail->stand, plan);
	release_step_next(facts, wanted, &steps);
	if (plan->change_count == 0 && steps.verdict != RELEASE_DONE)
		cloud_plan_add(plan, CLOUD_MODIFY, detail->scope.name,
			       "what an earlier run left unfinished", false);
	plan->is_new = facts->server_count == 0 && records.count == 0;
	plan->has_changes = plan->change_count > 0;
	plan->document = document_of(wanted);
	return true;
}

/* What holds less than it says, or does nothing. */
static void note_app(const struct app *app, struct cloud_plan *plan)
{
	for (size_t i = 0; i < app->pod_count; i++)
		if (app->pods[i].wait_count > 0)
			string_list_addf(&plan->notes,
					 "pod '%s' does not wait for '%s' in OpenStack: servers "
					 "start side by side there",
					 app->pods[i].name, app->pods[i].waits[0].pod);
	string_list_add(&plan->notes,
			"what containers write outside of volumes lies in the server's memory in "
			"OpenStack");
}

/* --- plans ---------------------------------------------------------------------------------- */

bool openstack_plan(struct cloud *cloud, const struct cloud_deployment *deployment, bool wait,
		    const struct progress *progress, struct cloud_plan *ret, struct error *err)
{
	struct openstack_client *client = provider_openstack_client(cloud);
	AUTO(openstack_places_clear) struct openstack_places places = {0};
	AUTO(release_facts_clear) struct release_facts facts = {0};
	AUTO(cloud_plan_clear) struct cloud_plan plan = {0};
	AUTO_PTR(openstack_plan_detail)
	struct openstack_plan_detail *detail = detail_new(deployment->scope, xstrdup("promote"));

	(void)wait;
	if (!openstack_check_app(deployment->app, err) ||
	    !openstack_places_find(client, deployment->environment, &places, err))
		return false;
	detail->stand = stand_new(client, &detail->scope, deployment->app, &places, progress, err);
	if (detail->stand == NULL ||
	    !openstack_wanted_make(deployment, &places, detail->stand, &detail->wanted, err) ||
	    !compare(cloud, detail, &facts, &plan, err) ||
	    !openstack_check_quotas(client, &places, &detail->wanted, &facts, err))
		return false;
	note_app(deployment->app, &plan);
	plan.detail = TAKE_PTR(detail);
	*ret = plan;
	plan = (struct cloud_plan){0};
	return true;
}

bool openstack_plan_rollback(struct cloud *cloud, const struct cloud_scope *scope, unsigned number,
			     bool wait, const struct progress *progress, struct cloud_plan *ret,
			     struct error *err)
{
	struct openstack_client *client = provider_openstack_client(cloud);
	AUTO(glance_record_list_clear) struct glance_record_list records = {0};
	AUTO(release_facts_clear) struct release_facts facts = {0};
	AUTO(cloud_plan_clear) struct cloud_plan plan = {0};
	AUTO_PTR(openstack_plan_detail)
	struct openstack_plan_detail *detail =
		detail_new(scope, xasprintf("rollback to %u", number));
	struct cloud_record record = {0};
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *release = NULL;

	(void)wait;
	if (!glance_record_list_of(client, scope, &records, err) ||
	    !glance_record_load(client, &records, number, &text, err) ||
	    !record_read(scope, number, text, &record, &release, err))
		return false;
	free(record.note);
	if (!openstack_release_read(client, &detail->scope, release, progress, &detail->wanted,
				    &detail->stand, err) ||
	    !compare(cloud, detail, &facts, &plan, err))
		return false;
	plan.detail = TAKE_PTR(detail);
	*ret = plan;
	plan = (struct cloud_plan){0};
	return true;
}
