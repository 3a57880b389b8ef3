/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "cli/approval.h"
#include "cli/arguments.h"
#include "cli/cloud_plan_view.h"
#include "cli/cloud_target.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/receipt_wait.h"
#include "cli/rehearsal_run.h"
#include "cli/trusted_target.h"
#include "cli/vm_options.h"
#include "cloud/promote.h"
#include "cloud/replay.h"
#include "manifest/placeholder.h"

struct request {
	const struct invocation *invocation;
	const struct progress *progress;
	enum verify_kind verify;
	bool is_plan;
	bool is_forced;
	bool only_images;
	uint32_t approvals; /* how many people must have approved it */
};

static bool parse_verify(const char *text, enum verify_kind *ret, struct error *err)
{
	if (text == NULL || strcmp(text, "full") == 0)
		*ret = VERIFY_FULL;
	else if (strcmp(text, "sample") == 0)
		*ret = VERIFY_SAMPLE;
	else if (strcmp(text, "none") == 0)
		*ret = VERIFY_NONE;
	else
		return error_set(err, ERROR_USAGE, "--verify is full, sample or none, not '%s'",
				 text);
	return true;
}

static bool parse_approvals(const char *text, uint32_t *ret, struct error *err)
{
	uint64_t number = 0;
	if (text != NULL && !parse_u64(text, 0, 100, &number))
		return error_set(err, ERROR_USAGE,
				 "--require-approvals is a number of people, not '%s'", text);
	*ret = (uint32_t)number;
	return true;
}

static void print_images_json(const struct promotion *promotion)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_list(&json, NULL);
	for (size_t i = 0; i < promotion->count; i++) {
		const struct promotion_pod *entry = &promotion->pods[i];
		json_open_object(&json, NULL);
		json_write_text(&json, "pod", entry->pod->name);
		json_write_text(&json, "imageDigest", DIGEST_TEXT(&entry->disk.digest));
		json_write_text(&json, "configDigest", DIGEST_TEXT(&entry->config.digest));
		json_write_text(&json, "image", entry->image.id);
		json_write_bool(&json, "wasThere", entry->image.is_present);
		json_write_unsigned(&json, "bytes", entry->image.bytes_total);
		json_write_unsigned(&json, "bytesSent", entry->image.bytes_sent);
		json_write_unsigned(&json, "bytesVerified", entry->image.bytes_verified);
		json_close(&json);
	}
	json_close(&json);
	output_document(strbuf_text(&out));
}

static void print_images_text(const struct promotion *promotion)
{
	for (size_t i = 0; i < promotion->count; i++) {
		const struct promotion_pod *entry = &promotion->pods[i];
		char sent[OUTPUT_SIZE_SIZE];
		char verified[OUTPUT_SIZE_SIZE];
		output_format_size(sent, entry->image.bytes_sent);
		output_format_size(verified, entry->image.bytes_verified);
		printf("%s  %s  %s", entry->pod->name, entry->image.id,
		       DIGEST_TEXT(&entry->disk.digest));
		if (entry->image.is_present)
			printf("  there already\n");
		else
			printf("  sent %s; %s read back and equal\n", sent, verified);
	}
}

static bool pass_gate(const struct request *request, const struct cloud_target *target,
		      struct promotion *promotion, struct error *err)
{
	AUTO(string_list_clear) struct string_list missing = STRING_LIST_INIT;
	receipt_wait(request->invocation, promotion->app->project);
	bool is_ok = promotion_gate(promotion, target->scope.environment,
				    request->is_forced || request->is_plan, &missing, err);
	for (size_t i = 0; i < missing.count; i++)
		output_warning(request->invocation, "%s", missing.items[i]);
	return is_ok;
}

/* What was signed long ago does not come back by itself. */
static bool pass_replay(const struct request *request, struct cloud_target *target,
			struct promotion *promotion, const struct trusted_keys *trusted,
			struct error *err)
{
	AUTO(cloud_status_clear) struct cloud_status status = {0};
	AUTO(string_list_clear) struct string_list replayed = STRING_LIST_INIT;
	if (request->only_images)
		return true;
	if (!target->provider->status(target->cloud, &target->scope, &status, err))
		return false;
	bool is_ok = replay_check_promotion(promotion, target->scope.environment,
					    request->is_forced || request->is_plan, &status,
					    trusted, &replayed, err);
	for (size_t i = 0; i < replayed.count; i++)
		output_warning(request->invocation, "%s", replayed.items[i]);
	return is_ok;
}

/* The command line may ask for more people than the file, never for less. */
static bool pass_approvals(const struct request *request, const struct cloud_target *target,
			   const struct promotion *promotion, struct error *err)
{
	uint32_t wanted = target->environment.require_approvals;
	wanted = request->approvals > wanted ? request->approvals : wanted;
	if (wanted == 0 || request->only_images)
		return true;
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (approval_check(&target->environment, promotion, target->scope.environment, wanted,
			   &failure))
		return true;
	if (!request->is_plan)
		return error_move(err, &failure);
	output_warning(request->invocation, "%s", failure.message);
	return true;
}

/* After the gate and before anything is sent. */
static bool rehearse(const struct request *request, const struct cloud_target *target,
		     const struct promotion *promotion, struct error *err)
{
	struct rehearsal_request rehearsal = {
		.invocation = request->invocation,
		.stack = target->scope.name,
		.region = target->environment.region,
		.environment = &target->environment,
	};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_list(&json, NULL);
	if (request->invocation->output == OUTPUT_JSON)
		rehearsal.json = &json; /* the images are the result */
	if (!arguments_flag(request->invocation->args, "rehearse"))
		return true;
	rehearsal.cloud = target->provider->rehearsal;
	if (rehearsal.cloud == NULL)
		return error_set(err, ERROR_UNSUPPORTED, "%s cannot be rehearsed",
				 target->provider->name);
	return rehearsal_request_read(&rehearsal, err) &&
	       rehearsal_run_all(&rehearsal, promotion, err);
}

/* --- plan ----------------------------------------------------------------------------------- */

struct configurations {
	struct plan_configuration *items; /* owned; one a pod */
	size_t count;
};

static void configurations_clear(struct configurations *list)
{
	for (size_t i = 0; i < list->count; i++)
		config_difference_list_clear(&list->items[i].list);
	free(list->items);
}

static const char *config_in_cloud(const struct cloud_status *status, const char *pod)
{
	for (size_t i = 0; i < status->pod_count; i++)
		if (strcmp(status->pods[i].name, pod) == 0)
			return status->pods[i].config_json;
	return NULL;
}

/* What of the configuration would change; of a pod that is new, or whose configuration is too long
 * to stand in the cloud whole, nothing is said. */
static bool compare_configurations(struct cloud_target *target, const struct promotion *promotion,
				   struct configurations *ret, struct error *err)
{
	AUTO(cloud_status_clear) struct cloud_status status = {0};
	if (!target->provider->status(target->cloud, &target->scope, &status, err) ||
	    !target->provider->details(target->cloud, &target->scope, &status, err))
		return false;
	ret->items = xcalloc(promotion->count + 1, sizeof(*ret->items));
	ret->count = promotion->count;
	for (size_t i = 0; i < promotion->count; i++) {
		const struct promotion_pod *entry = &promotion->pods[i];
		const char *there = config_in_cloud(&status, entry->pod->name);
		ret->items[i].pod = entry->pod->name;
		if (there != NULL &&
		    !config_diff_make(entry->config.json, there, &ret->items[i].list, err))
			return false;
	}
	return true;
}

static bool show(const struct request *request, struct cloud_target *target,
		 const struct promotion *promotion, const struct cloud_plan *plan,
		 struct error *err)
{
	AUTO(configurations_clear) struct configurations changes = {0};
	/* The images are a real run's JSON. */
	if (request->invocation->output == OUTPUT_JSON && !request->is_plan)
		return true;
	if (!plan->is_new && !compare_configurations(target, promotion, &changes, err))
		return false;
	const struct plan_view view = {.plan = plan,
				       .promotion = promotion,
				       .changes = changes.items,
				       .change_count = changes.count};
	cloud_plan_print(request->invocation, &view);
	return true;
}

/* Before anything is sent. */
static bool confirm(const struct request *request, const struct cloud_target *target,
		    const struct promotion *promotion, const struct cloud_plan *plan,
		    struct error *err)
{
	uint64_t bytes = 0;
	char size[OUTPUT_SIZE_SIZE];
	for (size_t i = 0; i < promotion->count; i++)
		bytes += promotion->pods[i].image.bytes_sent;
	output_format_size(size, bytes);
	AUTO_FREE char *question = plan == NULL
					   ? xasprintf("send %s?", size)
					   : xasprintf("send %s and %s %s: %zu changes. Go on?",
						       size, plan->is_new ? "create" : "update",
						       target->scope.name, plan->change_count);
	return cloud_target_confirm(request->invocation, question, err);
}

/* --- doing it ------------------------------------------------------------------------------- */

static bool upload(const struct request *request, struct cloud_target *target,
		   struct promotion *promotion, struct error *err)
{
	if (!promotion_upload(promotion, target->provider, target->cloud, request->verify,
			      request->progress, err))
		return false;
	if (request->invocation->output == OUTPUT_JSON)
		print_images_json(promotion);
	else
		print_images_text(promotion);
	return true;
}

static struct cloud_deployment deployment_of(const struct cloud_target *target,
					     const struct promotion *promotion,
					     const struct cloud_release *releases,
					     const struct trusted_keys *trusted)
{
	return (struct cloud_deployment){.scope = &target->scope,
					 .app = promotion->app,
					 .environment = &target->environment,
					 .releases = releases,
					 .count = promotion->count,
					 .trusted = trusted};
}

static bool apply(const struct request *request, struct cloud_target *target,
		  struct promotion *promotion, const struct trusted_keys *trusted,
		  struct cloud_plan *plan, struct error *err)
{
	bool wait = !arguments_flag(request->invocation->args, "no-wait");
	if (!upload(request, target, promotion, err))
		return false;
	AUTO_FREE struct cloud_release *releases = promotion_releases(promotion);
	const struct cloud_deployment deployment =
		deployment_of(target, promotion, releases, trusted);
	return target->provider->apply_plan(target->cloud, plan, &deployment, wait,
					    request->progress, err);
}

static bool deploy(const struct request *request, struct cloud_target *target,
		   struct promotion *promotion, const struct trusted_keys *trusted,
		   struct error *err)
{
	AUTO_FREE struct cloud_release *releases = promotion_releases(promotion);
	const struct cloud_deployment deployment =
		deployment_of(target, promotion, releases, trusted);
	struct cloud_plan plan = {0};
	if (!target->provider->plan(target->cloud, &deployment, !request->is_plan,
				    request->progress, &plan, err))
		return false;
	bool is_ok = show(request, target, promotion, &plan, err);
	if (is_ok && plan.has_changes && !request->is_plan)
		is_ok = confirm(request, target, promotion, &plan, err) &&
			apply(request, target, promotion, trusted, &plan, err);
	else if (is_ok && !request->is_plan && request->invocation->output == OUTPUT_JSON)
		print_images_json(promotion);
	target->provider->free_plan(&plan);
	return is_ok;
}

static bool promote(const struct request *request, const struct app *app, struct error *err)
{
	const struct arguments *args = request->invocation->args;
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO(promotion_clear) struct promotion promotion = {0};
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	const struct image_options options = {.base = arguments_value(args, "base"),
					      .folder = app->folder};
	/* Who we are is asked first: disks take minutes, for nothing without credentials. */
	if (store == NULL || !cloud_target_open(request->invocation, app->project, &target, err) ||
	    !trusted_target_load(&target.environment, &trusted, err) ||
	    !promotion_prepare(store, app, &options, request->progress, &promotion, err) ||
	    !pass_gate(request, &target, &promotion, err) ||
	    !pass_replay(request, &target, &promotion, &trusted, err) ||
	    !pass_approvals(request, &target, &promotion, err) ||
	    !rehearse(request, &target, &promotion, err) ||
	    !promotion_plan_images(&promotion, target.provider, target.cloud, request->progress,
				   err))
		return false;
	if (request->only_images && request->is_plan) {
		static const struct cloud_plan nothing;
		const struct plan_view view = {
			.plan = &nothing, .is_of_images = true, .promotion = &promotion};
		cloud_plan_print(request->invocation, &view);
		return true;
	}
	if (request->only_images)
		return confirm(request, &target, &promotion, NULL, err) &&
		       upload(request, &target, &promotion, err);
	return deploy(request, &target, &promotion, &trusted, err);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	struct request request = {
		.invocation = invocation,
		.progress = progress_view_progress(view),
		.is_plan = arguments_flag(invocation->args, "plan"),
		.is_forced = arguments_flag(invocation->args, "force"),
		.only_images = arguments_flag(invocation->args, "only-images"),
	};
	AUTO(app_clear) struct app app = {0};
	if (arguments_flag(invocation->args, "wait") && arguments_flag(invocation->args, "no-wait"))
		return error_set(err, ERROR_USAGE, "--wait and --no-wait exclude each other") ? 0
											      : 1;
	if (!parse_verify(arguments_value(invocation->args, "verify"), &request.verify, err) ||
	    !parse_approvals(arguments_value(invocation->args, "require-approvals"),
			     &request.approvals, err) ||
	    !manifest_files_load(invocation, &app, err) || !placeholders_refuse(&app, err) ||
	    !promote(&request, &app, err))
		return 1;
	return 0;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	MANIFEST_CLOUD_OPTIONS,
	MANIFEST_SUPPLY_OPTIONS,
	{"plan", 0, OPTION_FLAG, NULL, "what would be sent and changed; send nothing",
	 COMPLETE_NONE},
	{"yes", 'y', OPTION_FLAG, NULL, "do not ask", COMPLETE_NONE},
	{"wait", 0, OPTION_FLAG, NULL, "until all is ready (the default)", COMPLETE_NONE},
	{"no-wait", 0, OPTION_FLAG, NULL, "return when the change has started", COMPLETE_NONE},
	{"force", 0, OPTION_FLAG, NULL, "also what was not ready here; recorded", COMPLETE_NONE},
	{"require-approvals", 0, OPTION_VALUE, "N", "people who must have approved it",
	 COMPLETE_NONE},
	{"rehearse", 0, OPTION_FLAG, NULL, "first boot each disk as the cloud would",
	 COMPLETE_NONE},
	REHEARSAL_FIRMWARE_OPTION,
	REHEARSAL_TIMEOUT_OPTION,
	{"only-images", 0, OPTION_FLAG, NULL, "upload and compare, no stack", COMPLETE_NONE},
	{"verify", 0, OPTION_VALUE, "full|sample|none", "how much is read back and compared",
	 COMPLETE_FORMAT},
	BASE_OPTION,
	REGION_OPTION,
	PROFILE_OPTION,
};

const struct verb verb_promote = {
	.name = "promote",
	.group = VERB_CLOUD,
	.summary = "bring what ran here into the cloud, the same bytes",
	.description =
		"Takes the disks and configurations of the manifests as they are now, asks whether "
		"exactly those were ready on this machine, shows what would change and what it "
		"costs, asks, and only then uploads the disks (only what differs "
		"from the pod's last one), reads back what the cloud stored and compares it, and "
		"brings up or updates one stack: instances that replace each other one by one as "
		"they become ready, load balancers, routes, names, firewalls, a role that may do "
		"nothing else.\n\n"
		"A change that fails is rolled back, and the first cause is told with the last "
		"lines of the console. Interrupted anywhere, the same command goes on.\n\n"
		"A Secret that holds a placeholder (changeme, <password> …) is refused; --secret "
		"and "
		"--secret-file give the real value (i2kit up --help).\n\n"
		"An old receipt does not come back in the place of a newer one: that is what "
		"rollback is for. With --require-approvals N, or require_approvals: N in "
		"environment.yml, N people must have approved these disks and configurations of "
		"these pods for this environment's name (i2kit approve --help); Services, routes, "
		"instance types and all else of environment.yml, account and region are not "
		"covered. --only-images asks for no approvals: it uploads disks and runs "
		"nothing. --plan says when they are missing.\n\n"
		"With --rehearse a pod that does not become ready when it is booted as the cloud "
		"would boot it stops the promotion before anything is sent (i2kit rehearse).",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.names = "{[*].pod}",
	.example = "i2kit promote -e environment.yml --plan\n"
		   "i2kit promote -e environment.yml --yes\n"
		   "i2kit promote -e environment.yml --secret-file db=prod.env\n",
	.run = run,
};
