/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/route_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_route.h"
#include "manifest/app.h"

#define MAX_RESOURCES 500
#define HTTPS	      STACK_ROUTES "Https"
#define RULE_TYPE     "AWS::ElasticLoadBalancingV2::ListenerRule"

void route_rules_clear(struct route_rule_list *list)
{
	for (size_t i = 0; i < list->text_count; i++)
		free(list->texts[i]);
	free(list->texts);
	free(list->items);
	*list = (struct route_rule_list){0};
}

static char *keep_text(struct route_rule_list *list, char *text)
{
	*ARRAY_APPEND(list->texts, list->text_count) = text;
	return text;
}

static struct json_document *parse(const char *text, struct error *err)
{
	return json_document_parse(text, strlen(text), "the stack's template", 0, err);
}

/* Of whatever the rule is: a route's, or a Service's behind a load balancer that others share. */
static void read_rule(struct json_view resource, struct route_rule_list *ret)
{
	const char *type = json_view_peek(json_view_get(resource, "Type"));
	struct json_view properties = json_view_get(resource, "Properties");
	if (type == NULL || strcmp(type, RULE_TYPE) != 0)
		return;
	const char *listener =
		json_view_peek(json_view_get(json_view_get(properties, "ListenerArn"), "Ref"));
	int64_t number =
		json_view_number(json_view_get(properties, "Priority"), 1, STACK_MAX_PRIORITY, 0);
	if (listener == NULL || number == 0)
		return;
	char *conditions = json_view_dump(json_view_get(properties, "Conditions"), JSON_ASCII);
	if (conditions == NULL)
		return;
	*ARRAY_APPEND(ret->items, ret->count) = (struct stack_rule){
		keep_text(ret, xstrdup(listener)), keep_text(ret, conditions), (unsigned)number};
}

bool route_rules_find(const char *template_text, struct route_rule_list *ret, struct error *err)
{
	if (template_text == NULL)
		return true;
	AUTO_PTR(json_document) struct json_document *document = parse(template_text, err);
	if (document == NULL)
		return false;
	struct json_view resources = json_view_get(json_document_root(document), "Resources");
	for (struct json_view r = json_view_first(resources, MAX_RESOURCES); json_view_exists(r);
	     r = json_view_next(r))
		read_rule(r, ret);
	return json_document_check(document, err);
}

/* --- for people ----------------------------------------------------------------------------- */

/* Of one text http may redirect to where https answers. */
static struct cloud_route *find_route(struct cloud_status *status, const char *text,
				      const char *target)
{
	for (size_t i = 0; i < status->route_count; i++)
		if (strcmp(status->routes[i].text, text) == 0 &&
		    strcmp(status->routes[i].target, target) == 0)
			return &status->routes[i];
	return NULL;
}

static void read_route(struct json_view resource, struct cloud_status *status)
{
	struct json_view metadata = json_view_get(resource, "Metadata");
	const char *text = json_view_peek(json_view_get(metadata, STACK_ROUTE_TEXT));
	const char *goal = json_view_peek(json_view_get(metadata, STACK_ROUTE_GOAL));
	if (text == NULL || goal == NULL)
		return;
	struct cloud_route *route = find_route(status, text, goal);
	if (route == NULL) {
		route = ARRAY_APPEND(status->routes, status->route_count);
		route->text = xstrdup(text);
		route->target = xstrdup(goal);
	}
	if (strncmp(resource.key, HTTPS, strlen(HTTPS)) == 0)
		route->is_https = true;
	else
		route->is_http = true;
}

/* Rules stand in the template in their order, those of http first. */
bool route_rules_status(const char *template_text, struct cloud_status *status, struct error *err)
{
	AUTO_PTR(json_document) struct json_document *document = parse(template_text, err);
	if (document == NULL)
		return false;
	struct json_view resources = json_view_get(json_document_root(document), "Resources");
	for (struct json_view r = json_view_first(resources, MAX_RESOURCES); json_view_exists(r);
	     r = json_view_next(r))
		read_route(r, status);
	return json_document_check(document, err);
}

/* --- notes ---------------------------------------------------------------------------------- */

static void note_tls(const struct app *app, const struct stack_target *target,
		     struct cloud_plan *plan)
{
	if (!stack_routes_have_tls(target)) {
		string_list_add(&plan->notes, "routes are answered over http alone: with "
					      "provider.certificate they are over https, too");
		return;
	}
	for (size_t i = 0; i < app->route_tls_count; i++)
		if (app->route_tls[i].secret != NULL)
			string_list_addf(&plan->notes,
					 "%s: https shows the certificate of environment.yml, not "
					 "Secret '%s', which stays here",
					 app->route_tls[i].owner, app->route_tls[i].secret);
}

static void note_names(const struct app *app, const struct stack_target *target,
		       struct cloud_plan *plan)
{
	AUTO(string_list_clear) struct string_list inside = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list outside = STRING_LIST_INIT;
	stack_route_names(app, target, &inside, &outside);
	for (size_t i = 0; i < outside.count; i++)
		string_list_addf(&plan->notes,
				 "host %s is not in %s: lead it to the address of the routes that "
				 "status shows",
				 outside.items[i],
				 target->hosted_zone != NULL
					 ? "the hosted zone of environment.yml"
					 : "a hosted zone that environment.yml names");
}

void route_rules_note(const struct app *app, const struct stack_target *target,
		      struct cloud_plan *plan)
{
	bool has_match = false;
	if (app->route_count == 0)
		return;
	note_tls(app, target, plan);
	note_names(app, target, plan);
	for (size_t i = 0; i < app->route_count; i++)
		has_match = has_match || app->routes[i].match_count > 0;
	if (has_match)
		string_list_add(&plan->notes, "values of headers and query parameters are compared "
					      "in AWS without regard to small and large letters");
}
