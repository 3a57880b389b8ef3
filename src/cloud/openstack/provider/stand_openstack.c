/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/stand_openstack.h"

#include "base/alloc.h"
#include "cloud/openstack/service/services.h"
#include "cloud/openstack/service/services_tidy.h"

struct stand {
	struct services *services; /* owned */
	struct release_services calls;
};

void stand_free(struct stand *stand)
{
	if (stand == NULL)
		return;
	services_free(stand->services);
	free(stand);
}

/* --- as a run of a release asks ------------------------------------------------------------- */

static bool look(void *arg, struct error *err)
{
	return services_look(arg, err);
}

static bool prepare(void *arg, struct error *err)
{
	return services_look(arg, err) && services_prepare(arg, err);
}

static void groups(void *arg, const char *pod, struct string_list *ret)
{
	services_groups(arg, pod, ret);
}

static const char *address(void *arg, const char *service)
{
	return services_address_of(arg, service);
}

static enum fact_member member(void *arg, const char *pod, const char *at, const char *port)
{
	switch (services_member(arg, pod, at, port)) {
	case SERVICES_MEMBER:
		return FACT_MEMBER;
	case SERVICES_SOME_MEMBER:
		return FACT_SOME_MEMBER;
	case SERVICES_NO_MEMBER:
		break;
	}
	return FACT_NO_MEMBER;
}

static bool set_members(void *arg, const char *pod, const struct string_list *addresses,
			const struct string_list *ports, struct error *err)
{
	return services_set_members(arg, pod, addresses, ports, err);
}

static bool tidy(void *arg, struct error *err)
{
	return services_look(arg, err) && services_tidy(arg, err);
}

/* --- making one ----------------------------------------------------------------------------- */

static struct stand *stand_of(struct openstack_client *client, const struct cloud_scope *scope,
			      struct service_fronts *plan, const struct progress *progress)
{
	struct stand *stand = xcalloc(1, sizeof(*stand));

	stand->services = services_new(client, scope, plan, progress);
	stand->calls = (struct release_services){.arg = stand->services,
						 .prepare = prepare,
						 .look = look,
						 .groups = groups,
						 .address = address,
						 .member = member,
						 .set_members = set_members,
						 .tidy = tidy};
	return stand;
}

struct stand *stand_none(struct openstack_client *client, const struct cloud_scope *scope,
			 const struct progress *progress)
{
	AUTO(service_fronts_clear) struct service_fronts plan = {0};

	return stand_of(client, scope, &plan, progress);
}

struct stand *stand_new(struct openstack_client *client, const struct cloud_scope *scope,
			const struct app *app, const struct openstack_places *places,
			const struct progress *progress, struct error *err)
{
	AUTO(service_fronts_clear) struct service_fronts plan = {0};

	return service_fronts_make(app, places, &plan, err)
		       ? stand_of(client, scope, &plan, progress)
		       : NULL;
}

struct stand *stand_read(struct openstack_client *client, const struct cloud_scope *scope,
			 struct json_view view, const struct progress *progress, struct error *err)
{
	AUTO(service_fronts_clear) struct service_fronts plan = {0};

	service_fronts_read(view, &plan);
	return json_document_check(view.document, err) ? stand_of(client, scope, &plan, progress)
						       : NULL;
}

void stand_write(const struct stand *stand, struct json_writer *json, const char *key)
{
	service_fronts_write(services_plan(stand->services), json, key);
}

void stand_addressed(const struct stand *stand, struct string_list *ret)
{
	services_addressed(stand->services, ret);
}

void stand_changes(const struct stand *stand, struct cloud_plan *plan)
{
	services_changes(stand->services, plan);
	string_list_copy(&plan->notes, &services_plan(stand->services)->notes);
}

bool stand_destroy(struct stand *stand, struct error *err)
{
	return services_look(stand->services, err) && services_destroy(stand->services, err);
}

const struct release_services *stand_services(const struct stand *stand)
{
	return &stand->calls;
}
