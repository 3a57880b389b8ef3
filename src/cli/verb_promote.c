/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cli/cloud_target.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/progress_view.h"
#include "cli/rehearsal.h"
#include "cloud/promote.h"

struct request {
	const struct invocation *invocation;
	const struct progress *progress;
	enum verify_kind verify;
	bool is_plan;
	bool is_forced;
	bool only_images;
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

static void append_image_json(struct strbuf *out, const struct promotion_pod *entry)
{
	const struct cloud_image *image = &entry->image;
	strbuf_append(out, out->size > 0 ? ",{\"pod\":" : "{\"pod\":");
	strbuf_append_json(out, entry->pod->name);
	strbuf_appendf(out,
		       ",\"imageDigest\":\"%s\",\"configDigest\":\"%s\",\"image\":\"%s\","
		       "\"wasThere\":%s,\"blocks\":%" PRIu64 ",\"blocksSent\":%" PRIu64
		       ",\"blocksVerified\":%" PRIu64 "}",
		       entry->disk.digest, entry->config.digest, image->id,
		       image->was_there ? "true" : "false", image->blocks_total, image->blocks_sent,
		       image->blocks_verified);
}

static void print_image(const struct promotion_pod *entry)
{
	const struct cloud_image *image = &entry->image;
	char sent[OUTPUT_SIZE_SIZE];
	output_format_size(sent, image->bytes_sent);
	printf("%s  %s  %s", entry->pod->name, image->id, entry->disk.digest);
	if (image->was_there)
		printf("  there already\n");
	else
		printf("  sent %s in %" PRIu64 " of %" PRIu64 " blocks, %" PRIu64
		       " read back and equal\n",
		       sent, image->blocks_sent, image->blocks_total, image->blocks_verified);
}

static void print_images(const struct request *request, const struct promotion *promotion)
{
	AUTO(strbuf_clear) struct strbuf json = STRBUF_INIT;
	for (size_t i = 0; i < promotion->count; i++) {
		if (request->invocation->output == OUTPUT_JSON)
			append_image_json(&json, &promotion->pods[i]);
		else
			print_image(&promotion->pods[i]);
	}
	if (request->invocation->output == OUTPUT_JSON)
		printf("[%s]\n", strbuf_text(&json));
}

static bool pass_gate(const struct request *request, struct promotion *promotion, struct error *err)
{
	AUTO(string_list_clear) struct string_list missing = STRING_LIST_INIT;
	bool is_ok =
		promotion_gate(promotion, request->is_forced || request->is_plan, &missing, err);
	for (size_t i = 0; i < missing.count; i++)
		output_warning(request->invocation, "%s", missing.items[i]);
	return is_ok;
}

/* After the gate and before anything is sent. */
static bool rehearse(const struct request *request, const struct cloud_target *target,
		     const struct promotion *promotion, struct error *err)
{
	struct rehearsal_request rehearsal = {
		.invocation = request->invocation,
		.stack = target->stack,
		.region = target->environment.region,
	};
	AUTO(strbuf_clear) struct strbuf json = STRBUF_INIT;
	if (request->invocation->output == OUTPUT_JSON)
		rehearsal.json = &json; /* the images are the result */
	if (!arguments_flag(request->invocation->args, "rehearse"))
		return true;
	return rehearsal_request_read(&rehearsal, err) &&
	       rehearsal_run_all(&rehearsal, promotion, err);
}

static bool do_plan(const struct request *request, struct cloud_target *target,
		    struct cloud_plan *plan, struct error *err)
{
	const struct arguments *args = request->invocation->args;
	if (request->invocation->output != OUTPUT_JSON || request->is_plan)
		cloud_plan_print(request->invocation, plan);
	if (request->is_plan)
		return target->provider->drop_plan(target->cloud, plan, err);
	if (!plan->has_changes)
		return true;
	AUTO_FREE char *question =
		xasprintf("%s stack %s: %zu changes. Go on?", plan->is_new ? "create" : "update",
			  target->stack, plan->change_count);
	AUTO(error_clear) struct error refusal = ERROR_INIT;
	if (!cloud_target_confirm(request->invocation, question, &refusal)) {
		(void)!target->provider->drop_plan(target->cloud, plan, NULL);
		return error_move(err, &refusal);
	}
	return target->provider->apply_plan(target->cloud, plan, !arguments_flag(args, "no-wait"),
					    request->progress, err);
}

static bool deploy(const struct request *request, struct cloud_target *target,
		   const struct promotion *promotion, struct error *err)
{
	AUTO_FREE struct cloud_release *releases = promotion_releases(promotion);
	struct cloud_stack stack = {
		.name = target->stack,
		.app = promotion->app,
		.environment = &target->environment,
		.releases = releases,
		.count = promotion->count,
	};
	struct cloud_plan plan = {0};
	if (!target->provider->plan_stack(target->cloud, &stack, request->progress, &plan, err))
		return false;
	bool is_ok = do_plan(request, target, &plan, err);
	target->provider->free_plan(&plan);
	return is_ok;
}

static bool promote(const struct request *request, const struct app *app, struct error *err)
{
	const struct arguments *args = request->invocation->args;
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO(promotion_clear) struct promotion promotion = {0};
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	const struct image_options options = {.base = arguments_value(args, "base"),
					      .folder = app->folder};
	if (store == NULL ||
	    !promotion_prepare(store, app, &options, request->progress, &promotion, err) ||
	    !pass_gate(request, &promotion, err) ||
	    !cloud_target_open(request->invocation, app->project, &target, err) ||
	    !rehearse(request, &target, &promotion, err))
		return false;
	if (!request->is_plan) {
		if (!promotion_upload(&promotion, target.provider, target.cloud, request->verify,
				      request->progress, err))
			return false;
		print_images(request, &promotion);
	}
	return request->only_images || deploy(request, &target, &promotion, err);
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
	if (!parse_verify(arguments_value(invocation->args, "verify"), &request.verify, err) ||
	    !manifest_files_load(invocation, &app, err) || !promote(&request, &app, err))
		return 1;
	return 0;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	MANIFEST_FILE_OPTION,
	MANIFEST_SKIP_OPTION,
	MANIFEST_STRICT_OPTION,
	{"plan", 0, OPTION_FLAG, NULL, "show what would change; change nothing", COMPLETE_NONE},
	{"yes", 'y', OPTION_FLAG, NULL, "do not ask", COMPLETE_NONE},
	{"wait", 0, OPTION_FLAG, NULL, "until all is ready (the default)", COMPLETE_NONE},
	{"no-wait", 0, OPTION_FLAG, NULL, "return when the change has started", COMPLETE_NONE},
	{"force", 0, OPTION_FLAG, NULL, "also what was not ready here; recorded", COMPLETE_NONE},
	{"rehearse", 0, OPTION_FLAG, NULL, "first boot each disk as the cloud would",
	 COMPLETE_NONE},
	REHEARSAL_FIRMWARE_OPTION,
	REHEARSAL_TIMEOUT_OPTION,
	{"only-images", 0, OPTION_FLAG, NULL, "upload and compare, no stack", COMPLETE_NONE},
	{"verify", 0, OPTION_VALUE, "full|sample|none", "how much is read back and compared",
	 COMPLETE_FORMAT},
	{"base", 0, OPTION_VALUE, "FOLDER|FILE", "another base than the default one",
	 COMPLETE_FILE},
	REGION_OPTION,
	PROFILE_OPTION,
};

const struct verb verb_promote = {
	.name = "promote",
	.group = VERB_CLOUD,
	.summary = "bring what ran here into the cloud, the same bytes",
	.description =
		"Takes the disks and configurations of the manifests as they are now, asks whether "
		"exactly those were ready on this machine, uploads the disks (only what differs "
		"from the pod's last one), reads back what the cloud stored and compares it, and "
		"brings up or updates one stack: instances that replace each other one by one as "
		"they become ready, load balancers, names, firewalls, a role that may do nothing "
		"else.\n\n"
		"A change that fails is rolled back, and the first cause is told with the last "
		"lines of the console. Interrupted anywhere, the same command goes on.\n\n"
		"With --rehearse a pod that does not become ready when it is booted as the cloud "
		"would boot it stops the promotion before anything is sent (i2kit rehearse).",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.example = "i2kit promote -e environment.yml --plan\n"
		   "i2kit promote -e environment.yml --yes\n",
	.run = run,
};
