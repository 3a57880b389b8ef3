/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/cloud_target.h"
#include "cli/manifest_files.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/rehearsal_run.h"
#include "cli/vm_options.h"
#include "cloud/providers/providers.h"

#define MAX_PORTS    16
#define LEAST_MEMORY ((uint64_t)256 << 20)
#define MOST_MEMORY  ((uint64_t)1 << 40)

/* LOCAL:PORT */
static bool parse_ports(const struct string_list *texts, struct rehearsal_port *ret,
			size_t *ret_count, struct error *err)
{
	for (size_t i = 0; texts != NULL && i < texts->count; i++) {
		const char *text = texts->items[i];
		AUTO_FREE char *here = xstrndup(text, strcspn(text, ":"));
		if (i == MAX_PORTS || strchr(text, ':') == NULL ||
		    !parse_port(here, &ret[i].here) ||
		    !parse_port(strchr(text, ':') + 1, &ret[i].pod))
			return error_set(err, ERROR_USAGE, "--publish '%s' is not LOCAL:PORT",
					 text);
		*ret_count = i + 1;
	}
	return true;
}

static bool parse_memory(const char *text, uint64_t *ret, struct error *err)
{
	if (text == NULL)
		return true;
	if (parse_size_bytes(text, ret) && *ret >= LEAST_MEMORY && *ret <= MOST_MEMORY)
		return true;
	return error_set(err, ERROR_USAGE, "--memory '%s' is no size of 256Mi or more", text);
}

static bool rehearse(struct rehearsal_request *request, const struct app *app, struct error *err)
{
	const struct invocation *invocation = request->invocation;
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO(promotion_clear) struct promotion promotion = {0};
	AUTO(environment_clear) struct environment environment = {0};
	const struct image_options options = {.base = arguments_value(invocation->args, "base"),
					      .folder = app->folder};
	if (store == NULL || !cloud_target_environment(invocation, &environment, err))
		return false;
	const struct cloud_provider *provider = environment.type != NULL
							? cloud_provider_find(environment.type, err)
							: cloud_providers()[0];
	if (provider == NULL)
		return false;
	if (provider->rehearsal == NULL)
		return error_set(err, ERROR_UNSUPPORTED, "%s cannot be rehearsed", provider->name);
	request->cloud = provider->rehearsal;
	{
		AUTO_PTR(progress_view)
		struct progress_view *view = progress_view_new(invocation);
		if (!promotion_prepare(store, app, &options, progress_view_progress(view),
				       &promotion, err))
			return false;
	}
	AUTO(cloud_scope_clear) struct cloud_scope scope = {0};
	cloud_scope_make(app->project, environment.name, &scope);
	request->stack = scope.name;
	request->region = environment.region;
	request->environment = &environment;
	bool is_good = rehearsal_run_all(request, &promotion, err);
	request->stack = NULL; /* these end here */
	request->region = NULL;
	request->environment = NULL;
	return is_good;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct arguments *args = invocation->args;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	AUTO(app_clear) struct app app = {0};
	struct rehearsal_port ports[MAX_PORTS];
	struct rehearsal_request request = {
		.invocation = invocation,
		.pods = arguments_rest(args),
		.holds = arguments_flag(args, "hold"),
		.ports = ports,
		.json = invocation->output == OUTPUT_JSON ? &json : NULL,
	};
	json_open_list(&json, NULL);
	if (!rehearsal_request_read(&request, err) ||
	    !parse_memory(arguments_value(args, "memory"), &request.memory_bytes, err) ||
	    !parse_ports(arguments_values(args, "publish"), ports, &request.port_count, err) ||
	    !manifest_files_load(invocation, &app, err) || !rehearse(&request, &app, err))
		return 1;
	json_close(&json);
	if (request.json != NULL)
		output_document(strbuf_text(&text));
	return 0;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	MANIFEST_CLOUD_OPTIONS,
	MANIFEST_SUPPLY_OPTIONS,
	REHEARSAL_FIRMWARE_OPTION,
	REHEARSAL_TIMEOUT_OPTION,
	{"hold", 0, OPTION_FLAG, NULL, "once ready, go on until Ctrl-C", COMPLETE_NONE},
	{"publish", 0, OPTION_REPEAT, "LOCAL:PORT", "reach a port of the pod meanwhile",
	 COMPLETE_NONE},
	{"memory", 0, OPTION_VALUE, "SIZE", "of the machine (1Gi, a t3.micro's)", COMPLETE_NONE},
	BASE_OPTION,
};

const struct verb verb_rehearse = {
	.name = "rehearse",
	.group = VERB_CLOUD,
	.summary = "boot a disk here as the cloud would boot it",
	.description =
		"Boots each pod's disk, the bytes that promote would send, as EC2 does: from "
		"firmware (BIOS, then UEFI), from an NVMe disk, with DHCP, with instance metadata "
		"at 169.254.169.254 that wants tokens and gives user data and the role's "
		"credentials, without an agent channel. Secrets and long configurations come from "
		"a parameter store, logs go to a log group, every call's signature is checked.\n\n"
		"It has passed when the pod's own readiness signal arrived and no call was one "
		"that the cloud would refuse. Nothing leaves this machine; no credentials and no "
		"root are needed. Pods are rehearsed one by one: other pods' services are not "
		"there.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"POD", 0, 0, COMPLETE_POD},
	.has_output = true,
	.example = "i2kit rehearse\n"
		   "i2kit rehearse web --firmware uefi --publish 8080:80 --hold\n"
		   "i2kit promote -e environment.yml --rehearse\n",
	.run = run,
};
