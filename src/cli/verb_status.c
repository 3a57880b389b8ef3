/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "cli/cloud_target.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/status_proof.h"
#include "cli/table.h"
#include "cli/trusted_target.h"
#include "cloud/replay.h"

#define SHORT_DIGEST 19

/* What is shown, and by whom it is measured. */
struct view {
	const struct invocation *invocation;
	const struct cloud_status *status;
	struct proof_scope proof;
	struct trusted_keys trusted;
};

static void view_clear(struct view *view)
{
	trusted_keys_clear(&view->trusted);
}

static void print_pods(const struct view *view)
{
	const struct cloud_status *status = view->status;
	AUTO_PTR(table) struct table *table = table_new(view->invocation);
	table_add_column(table, "POD", TABLE_LEFT);
	table_add_column(table, "IMAGE", TABLE_LEFT);
	table_add_column(table, "CONFIG", TABLE_LEFT);
	table_add_column(table, "RECEIPT", TABLE_SHRINK);
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct cloud_pod_status *pod = &status->pods[i];
		AUTO_FREE char *receipt = status_proof_receipt(&view->proof, pod);
		bool is_bad = status_proof_is_bad(&view->proof, pod);
		table_add_cell(table, STYLE_NONE, "%s", pod->name);
		table_add_cell(table, STYLE_NONE, "%.*s", SHORT_DIGEST,
			       pod->image_digest != NULL ? pod->image_digest : "");
		table_add_cell(table, STYLE_NONE, "%.*s", SHORT_DIGEST,
			       pod->config_digest != NULL ? pod->config_digest : "");
		table_add_cell(table, is_bad ? STYLE_RED : STYLE_NONE, "%s", receipt);
	}
	table_print(table, stdout);
}

static void print_instances(const struct view *view)
{
	const struct cloud_status *status = view->status;
	AUTO_PTR(table) struct table *table = table_new(view->invocation);
	table_add_column(table, "INSTANCE", TABLE_LEFT);
	table_add_column(table, "POD", TABLE_LEFT);
	table_add_column(table, "STATE", TABLE_LEFT);
	table_add_column(table, "IMAGE", TABLE_LEFT);
	table_add_column(table, "ADDRESS", TABLE_LEFT);
	table_add_column(table, "NOTE", TABLE_LEFT);
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct cloud_instance *instance = &status->instances[i];
		bool is_running = strcmp(instance->state, "running") == 0;
		table_add_cell(table, STYLE_NONE, "%s", instance->id);
		table_add_cell(table, STYLE_NONE, "%s", instance->pod);
		table_add_cell(table, is_running ? STYLE_GREEN : STYLE_YELLOW, "%s",
			       instance->state);
		table_add_cell(table, STYLE_NONE, "%s", instance->image);
		table_add_cell(table, STYLE_NONE, "%s",
			       instance->address != NULL ? instance->address : "");
		table_add_cell(table, STYLE_YELLOW, "%s", status_proof_boot(status, instance));
	}
	table_print(table, stdout);
}

/* Under each name that leads to instances, which ones it finds. */
static void print_names(const struct invocation *invocation, const struct cloud_status *status)
{
	bool is_colored = invocation->is_colored;
	for (size_t s = 0; s < status->named_count; s++) {
		const char *wanted = status->named[s].value;
		size_t count = 0;
		printf("%s: %s →", status->named[s].key, wanted);
		for (size_t i = 0; i < status->name_count; i++) {
			const struct cloud_name *name = &status->names[i];
			if (strcmp(name->name, wanted) != 0)
				continue;
			printf("%s %s%s (%s%s)%s", count++ > 0 ? "," : "",
			       style_begin(name->is_gone ? STYLE_YELLOW : STYLE_NONE, is_colored),
			       name->address, name->instance, name->is_gone ? ", gone" : "",
			       style_begin(STYLE_NONE, is_colored));
		}
		printf("%s\n", count == 0 ? " no instance is ready" : "");
	}
}

static const char *fronts_of(const struct cloud_route *route)
{
	return route->is_http && route->is_https ? "http, https"
	       : route->is_https		 ? "https"
						 : "http";
}

/* What is answered at the load balancer of routes. */
static void print_routes(const struct cloud_status *status)
{
	if (status->routes_address != NULL)
		printf("routes: %s\n", status->routes_address);
	for (size_t i = 0; i < status->route_count; i++)
		printf("  %s → %s (%s)\n", status->routes[i].text, status->routes[i].target,
		       fronts_of(&status->routes[i]));
}

static void print_text(const struct view *view)
{
	const struct cloud_status *status = view->status;
	printf("stack %s: %s%s%s\n", status->name, status->state,
	       status->reason != NULL ? ", " : "", status->reason != NULL ? status->reason : "");
	for (size_t i = 0; i < status->address_count; i++)
		printf("%s: %s\n", status->addresses[i].key, status->addresses[i].value);
	print_routes(status);
	print_names(view->invocation, status);
	print_pods(view);
	print_instances(view);
}

static void write_pod(struct json_writer *json, const struct view *view,
		      const struct cloud_pod_status *pod)
{
	AUTO_FREE char *receipt = status_proof_receipt(&view->proof, pod);
	json_open_object(json, NULL);
	json_write_text(json, "name", pod->name);
	json_write_text(json, "imageDigest", pod->image_digest);
	json_write_text(json, "configDigest", pod->config_digest);
	json_write_text(json, "receipt", receipt);
	json_close(json);
}

static void write_instance(struct json_writer *json, const struct cloud_instance *instance)
{
	json_open_object(json, NULL);
	json_write_text(json, "id", instance->id);
	json_write_text(json, "pod", instance->pod);
	json_write_text(json, "state", instance->state);
	json_write_text(json, "image", instance->image);
	json_write_text(json, "imageDigest", instance->image_digest);
	json_write_text(json, "bootedDigest", instance->booted_digest);
	json_write_text(json, "address", instance->address);
	json_close(json);
}

static void write_names(struct json_writer *json, const struct cloud_status *status)
{
	json_open_list(json, "names");
	for (size_t s = 0; s < status->named_count; s++) {
		json_open_object(json, NULL);
		json_write_text(json, "service", status->named[s].key);
		json_write_text(json, "name", status->named[s].value);
		json_open_list(json, "instances");
		for (size_t i = 0; i < status->name_count; i++) {
			const struct cloud_name *name = &status->names[i];
			if (strcmp(name->name, status->named[s].value) != 0)
				continue;
			json_open_object(json, NULL);
			json_write_text(json, "id", name->instance);
			json_write_text(json, "address", name->address);
			json_write_bool(json, "isGone", name->is_gone);
			json_close(json);
		}
		json_close(json);
		json_close(json);
	}
	json_close(json);
}

static void write_routes(struct json_writer *json, const struct cloud_status *status)
{
	json_write_text_if(json, "routesAddress", status->routes_address);
	json_open_list(json, "routes");
	for (size_t i = 0; i < status->route_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "route", status->routes[i].text);
		json_write_text(json, "to", status->routes[i].target);
		json_write_bool(json, "http", status->routes[i].is_http);
		json_write_bool(json, "https", status->routes[i].is_https);
		json_close(json);
	}
	json_close(json);
}

static void print_json(const struct view *view)
{
	const struct cloud_status *status = view->status;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "stack", status->name);
	json_write_text(&json, "state", status->state);
	json_write_text(&json, "reason", status->reason);
	json_open_object(&json, "addresses");
	for (size_t i = 0; i < status->address_count; i++)
		json_write_text(&json, status->addresses[i].key, status->addresses[i].value);
	json_close(&json);
	write_routes(&json, status);
	write_names(&json, status);
	json_open_list(&json, "pods");
	for (size_t i = 0; i < status->pod_count; i++)
		write_pod(&json, view, &status->pods[i]);
	json_close(&json);
	json_open_list(&json, "instances");
	for (size_t i = 0; i < status->instance_count; i++)
		write_instance(&json, &status->instances[i]);
	json_close(&json);
	json_close(&json);
	output_document(strbuf_text(&out));
}

/* What the cloud has on record, and whether that is what runs. */
static bool check_records(struct cloud_target *target, const struct view *view, struct error *err)
{
	AUTO(cloud_record_list_clear) struct cloud_record_list records = {0};
	return target->provider->records(target->cloud, &target->scope, &records, err) &&
	       replay_check_records(view->status, &records, target->scope.project,
				    target->scope.environment, &view->trusted, err);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	AUTO(cloud_status_clear) struct cloud_status status = {0};
	if (!cloud_target_open(invocation, NULL, &target, err) ||
	    !target.provider->status(target.cloud, &target.scope, &status, err))
		return 1;
	if (!status.exists) {
		error_set(err, ERROR_NOT_FOUND, "there is no %s in the cloud", target.scope.name);
		error_hint(err, "i2kit promote");
		return 1;
	}
	AUTO(view_clear) struct view view = {invocation, &status, {{0}, NULL}, {0}};
	if (!trusted_target_load(&target.environment, &view.trusted, err))
		return 1;
	view.proof = status_proof_scope(&status, &target.scope, &view.trusted);
	if (invocation->output == OUTPUT_JSON)
		print_json(&view);
	else
		print_text(&view);
	return status_proof_check(&view.proof, &status, clock_wall_ns(), err) &&
			       check_records(&target, &view, err)
		       ? 0
		       : 1;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	REGION_OPTION,
	PROFILE_OPTION,
};

const struct verb verb_status = {
	.name = "status",
	.group = VERB_CLOUD,
	.summary = "what runs in the cloud, and on whose word",
	.description =
		"Shows the stack, its public addresses, its routes and where each leads, which "
		"image and configuration each "
		"pod runs, whether the receipt that came with them holds and who signed it, which "
		"instances the names find that lead to them without a load balancer, and the "
		"instances, with what each read from its own disk.\nExits with 1, and the "
		"reason, when something of it is not proved: a receipt that is missing, changed, "
		"or "
		"signed by a key that nobody trusts here; an instance of another image or disk "
		"than "
		"its release's, or that did not say in five minutes what it booted; a stack that "
		"is not the newest release on record, a record that nobody trusted has signed, or "
		"an old receipt that came back without a rollback. Trusted are this user's own "
		"key, those of `i2kit receipt trust`, trusted_keys: in environment.yml, and "
		"the lines of .i2kit/trusted_keys beside it (`i2kit key trust`).",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.names = "{.instances[*].id}",
	.run = run,
};
