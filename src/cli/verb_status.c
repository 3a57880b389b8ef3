/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "cli/arguments.h"
#include "cli/cloud_target.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/status_proof.h"
#include "cli/table.h"
#include "cli/trusted_target.h"
#include "cloud/replay.h"
#include "image/store/store.h"

#define SHORT_DIGEST 19

/* What is shown, and by whom it is measured. */
struct view {
	const struct invocation *invocation;
	const struct cloud_status *status;
	const struct cloud_verified_list *verified; /* NULL: nobody asked */
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

static const struct cloud_verified *verified_of(const struct view *view, size_t index)
{
	return view->verified != NULL && index < view->verified->count
		       ? &view->verified->items[index]
		       : NULL;
}

static void add_verified(struct table *table, const struct cloud_verified *one)
{
	char size[OUTPUT_SIZE_SIZE];
	if (one == NULL)
		return;
	output_format_size(size, one->bytes);
	if (one->reason != NULL)
		table_add_cell(table, STYLE_RED, "NOT PROVED");
	else
		table_add_cell(table, STYLE_GREEN, "%s equal", size);
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
	if (view->verified != NULL)
		table_add_column(table, "DISK", TABLE_LEFT);
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
		add_verified(table, verified_of(view, i));
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

static void write_verified(struct json_writer *json, const struct cloud_verified *one)
{
	if (one == NULL)
		return;
	json_write_bool(json, "verified", one->reason == NULL);
	json_write_text_if(json, "verifiedSource", one->source);
	json_write_text_if(json, "verifyReason", one->reason);
	json_write_unsigned(json, "verifiedBytes", one->bytes);
}

static void write_instance(struct json_writer *json, const struct cloud_instance *instance,
			   const struct cloud_verified *verified)
{
	json_open_object(json, NULL);
	json_write_text(json, "id", instance->id);
	json_write_text(json, "pod", instance->pod);
	json_write_text(json, "state", instance->state);
	json_write_text(json, "image", instance->image);
	json_write_text(json, "imageDigest", instance->image_digest);
	json_write_text(json, "bootedDigest", instance->booted_digest);
	json_write_text(json, "address", instance->address);
	write_verified(json, verified);
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
		write_instance(&json, &status->instances[i], verified_of(view, i));
	json_close(&json);
	json_close(&json);
	output_document(strbuf_text(&out));
}

/* --- reading back --------------------------------------------------------------------------- */

/* struct store; NULL where it is not there. */
static char *find_disk(const struct digest *digest, void *arg)
{
	return arg != NULL && store_has(arg, STORE_DISK, digest)
		       ? store_path(arg, STORE_DISK, digest)
		       : NULL;
}

static bool verify(const struct invocation *invocation, struct cloud_target *target,
		   const struct cloud_status *status, struct cloud_verified_list *ret,
		   struct error *err)
{
	const char *sample = arguments_value(invocation->args, "sample");
	uint64_t blocks = 0;
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	if (sample != NULL && !parse_u64(sample, 1, UINT32_MAX, &blocks))
		return error_set(err, ERROR_USAGE, "--sample is a number of blocks, not '%s'",
				 sample);
	if (store == NULL)
		return false;
	const struct cloud_verification how = {
		.sample = (unsigned)blocks, .find_disk = find_disk, .arg = store};
	return target->provider->verify(target->cloud, status, &how, progress_view_progress(view),
					ret, err);
}

/* A reason for each that is not proved. */
static bool check_verified(const struct view *view, struct error *err)
{
	size_t bad = 0;
	for (size_t i = 0; view->verified != NULL && i < view->verified->count; i++) {
		const struct cloud_verified *one = &view->verified->items[i];
		if (one->reason == NULL)
			continue;
		output_warning(view->invocation, "instance %s of pod '%s': %s", one->instance,
			       view->status->instances[i].pod, one->reason);
		bad++;
	}
	return bad == 0 || error_set(err, ERROR_CORRUPT,
				     "%zu of %zu instances do not run from what is here, or that "
				     "could not be proved",
				     bad, view->verified->count);
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
	bool is_verified = arguments_flag(invocation->args, "verify") ||
			   arguments_value(invocation->args, "sample") != NULL;
	AUTO(cloud_verified_list_clear) struct cloud_verified_list verified = {0};
	if (is_verified && !verify(invocation, &target, &status, &verified, err))
		return 1;
	AUTO(view_clear)
	struct view view = {invocation, &status, is_verified ? &verified : NULL, {{0}, NULL}, {0}};
	if (!trusted_target_load(&target.environment, &view.trusted, err))
		return 1;
	view.proof = status_proof_scope(&status, &target.scope, &view.trusted);
	if (invocation->output == OUTPUT_JSON)
		print_json(&view);
	else
		print_text(&view);
	return check_verified(&view, err) &&
			       status_proof_check(&view.proof, &status, clock_wall_ns(), err) &&
			       check_records(&target, &view, err)
		       ? 0
		       : 1;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	REGION_OPTION,
	PROFILE_OPTION,
	{"verify", 0, OPTION_FLAG, NULL, "read back what each instance was made of", COMPLETE_NONE},
	{"sample", 0, OPTION_VALUE, "N", "--verify, but N blocks of each, by chance",
	 COMPLETE_NONE},
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
		"the lines of .i2kit/trusted_keys beside it (`i2kit key trust`).\n\n"
		"With --verify it takes nobody's word, tag or name for it: for each instance the "
		"snapshot that its disk was made of is read back, all of it or --sample N blocks "
		"of "
		"512 KiB chosen by chance, and compared with the release's disk on this machine.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.names = "{.instances[*].id}",
	.example = "i2kit status\ni2kit status --verify\ni2kit status --sample 64 -o json\n",
	.run = run,
};
