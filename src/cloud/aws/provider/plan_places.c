/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/plan_places.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_place.h"

#define MAX_OUTPUTS 1000

static void add_place(struct plan_detail *detail, const char *service, const char *balancer)
{
	struct key_value *place = ARRAY_APPEND(detail->places, detail->place_count);
	place->key = xstrdup(service);
	place->value = xstrdup(balancer);
}

static struct json_view output_of(struct json_view root, const char *service, const char *what)
{
	AUTO_FREE char *output = stack_logical_id(service, what);
	return json_view_get(json_view_get(root, "Outputs"), output);
}

/* Owned; NULL: the template has nothing of the service. */
static char *place_of(struct json_view root, const char *service)
{
	AUTO_FREE char *own = stack_logical_id(service, "Balancer");
	const char *shared = json_view_peek(
		json_view_get(output_of(root, service, STACK_SHARED_BALANCER), "Value"));
	if (json_view_exists(output_of(root, service, STACK_INSTANCE_NAME)))
		return xstrdup(STACK_NO_BALANCER);
	if (shared != NULL)
		return xstrdup(shared);
	return json_view_exists(json_view_get(json_view_get(root, "Resources"), own))
		       ? TAKE_PTR(own)
		       : NULL;
}

static struct json_document *parse(const char *text, struct error *err)
{
	return json_document_parse(text, strlen(text), "the stack's template", 0, err);
}

bool plan_places_find(const struct app *app, const char *before, struct plan_detail *detail,
		      struct error *err)
{
	if (before == NULL)
		return true;
	AUTO_PTR(json_document) struct json_document *document = parse(before, err);
	if (document == NULL)
		return false;
	for (size_t i = 0; i < app->service_count; i++) {
		const char *name = app->services[i].name;
		AUTO_FREE char *place = place_of(json_document_root(document), name);
		if (place != NULL)
			add_place(detail, name, place);
	}
	return true;
}

/* --- notes ---------------------------------------------------------------------------------- */

static bool count(const struct app *app, const struct stack_target *target, size_t *ret,
		  struct error *err)
{
	struct stack_balancer_count balancers;
	if (!stack_count_balancers(app, target, &balancers, err))
		return false;
	*ret = balancers.inside + balancers.outside;
	return true;
}

/* What asked for, and cannot be or is not so yet. */
static void note_kept(const struct app *app, const struct stack_target *target,
		      struct cloud_plan *plan)
{
	for (size_t i = 0; target->shares_balancers && i < target->place_count; i++) {
		AUTO_FREE char *own = stack_logical_id(target->places[i].service, "Balancer");
		if (strcmp(own, target->places[i].balancer) == 0)
			string_list_addf(&plan->notes,
					 "service '%s' keeps the load balancer of its own that it "
					 "has: its name would lead nowhere during a move",
					 target->places[i].service);
	}
	for (size_t i = 0; target->names_instances && i < app->service_count; i++) {
		const struct service *service = &app->services[i];
		const char *refusal = stack_names_refusal(target, service);
		bool is_internal =
			service->kind == SERVICE_CLUSTER_IP || service->kind == SERVICE_HEADLESS;
		if (refusal != NULL && is_internal && service->port_count > 0)
			string_list_addf(&plan->notes, "service '%s' has a load balancer: %s",
					 service->name, refusal);
	}
	for (size_t i = 0;
	     target->names_instances && !target->shares_balancers && i < target->place_count; i++) {
		const struct service *service = app_find_service(app, target->places[i].service);
		if (strcmp(target->places[i].balancer, STACK_NO_BALANCER) != 0 && service != NULL &&
		    stack_names_refusal(target, service) == NULL)
			string_list_addf(&plan->notes,
					 "service '%s' keeps the load balancer that it has: its "
					 "name would lead nowhere during a move",
					 target->places[i].service);
	}
}

bool plan_places_note(const struct app *app, const struct stack_target *target,
		      struct cloud_plan *plan, struct error *err)
{
	struct stack_target sharing = *target;
	struct stack_target naming = *target;
	size_t now = 0;
	size_t shared = 0;
	size_t named = 0;
	sharing.shares_balancers = true;
	naming.names_instances = true;
	if (!count(app, target, &now, err) || !count(app, &sharing, &shared, err) ||
	    !count(app, &naming, &named, err))
		return false;
	if (shared < now)
		string_list_addf(&plan->notes,
				 "%zu load balancers; with provider.balancer: shared, before the "
				 "first promote, it would be %zu",
				 now, shared);
	if (named < now)
		string_list_addf(&plan->notes,
				 "%zu load balancers; with provider.internal: names, before the "
				 "first promote, it would be %zu",
				 now, named);
	note_kept(app, target, plan);
	return true;
}

/* --- rollbacks ------------------------------------------------------------------------------ */

static bool check_kept(struct json_view before, struct json_view after, const char *service,
		       struct error *err)
{
	AUTO_FREE char *was = place_of(before, service);
	AUTO_FREE char *is = place_of(after, service);
	if (was == NULL || is == NULL ||
	    (strcmp(was, STACK_NO_BALANCER) == 0) == (strcmp(is, STACK_NO_BALANCER) == 0))
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "in that release service '%s' is led to by %s, and now by %s; a zone cannot "
		  "have both under one name",
		  service, was[0] == '\0' ? "a load balancer" : "names of its instances",
		  was[0] == '\0' ? "names of its instances" : "a load balancer");
	return error_hint(err, "promote without the service first, then roll back");
}

bool plan_places_check_rollback(const char *before, const char *after, struct error *err)
{
	if (before == NULL)
		return true;
	AUTO_PTR(json_document) struct json_document *old = parse(before, err);
	AUTO_PTR(json_document) struct json_document *new = old != NULL ? parse(after, err) : NULL;
	if (new == NULL)
		return false;
	const struct json_view sides[] = {json_document_root(old), json_document_root(new)};
	for (size_t side = 0; side < ARRAY_SIZE(sides); side++) {
		struct json_view outputs = json_view_get(sides[side], "Outputs");
		for (struct json_view one = json_view_first(outputs, MAX_OUTPUTS);
		     json_view_exists(one); one = json_view_next(one)) {
			AUTO_FREE char *service = stack_logical_name(one.key, STACK_INSTANCE_NAME);
			if (service != NULL && !check_kept(sides[0], sides[1], service, err))
				return false;
		}
	}
	return true;
}
