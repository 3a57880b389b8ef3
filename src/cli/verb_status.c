/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/cloud_target.h"
#include "cli/output.h"
#include "release/receipt.h"

#define SHORT_DIGEST 19

/* What the pod's receipt is worth, in words; owned. */
static char *receipt_words(const char *project, const struct cloud_pod_status *pod)
{
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	if (pod->receipt_tag == NULL || pod->image_digest == NULL || pod->config_digest == NULL)
		return xstrdup("none");
	if (!receipt_check_tag(pod->receipt_tag, project, pod->name, pod->image_digest,
			       pod->config_digest, &claim, NULL))
		return xstrdup("unreadable");
	if (!claim.is_signature_good)
		return xstrdup("WRONG SIGNATURE");
	const char *whose = claim.is_our_key ? "" : ", another key";
	if (claim.is_forced)
		return xasprintf("forced%s", whose);
	char when[RFC3339_SIZE];
	clock_format_rfc3339(when, claim.ready_ns, 0);
	return xasprintf("ready %u/%u %s %s%s", claim.replicas, claim.desired, claim.accelerator,
			 when, whose);
}

/* An instance that boots something else than its pod's release. */
static const char *instance_note(const struct cloud_status *status,
				 const struct cloud_instance *instance)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct cloud_pod_status *pod = &status->pods[i];
		if (strcmp(pod->name, instance->pod) != 0 || pod->image_digest == NULL)
			continue;
		bool is_same = instance->image_digest != NULL &&
			       strcmp(instance->image_digest, pod->image_digest) == 0;
		if (instance->booted_digest != NULL &&
		    strcmp(instance->booted_digest, pod->image_digest) != 0)
			return "BOOTED ANOTHER DISK";
		if (!is_same)
			return "other image";
		return instance->booted_digest != NULL ? "booted digest equal" : "";
	}
	return "no such pod";
}

static void print_pods(const struct invocation *invocation, const char *project,
		       const struct cloud_status *status)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
	table_add_column(table, "POD", TABLE_LEFT);
	table_add_column(table, "IMAGE", TABLE_LEFT);
	table_add_column(table, "CONFIG", TABLE_LEFT);
	table_add_column(table, "RECEIPT", TABLE_SHRINK);
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct cloud_pod_status *pod = &status->pods[i];
		AUTO_FREE char *receipt = receipt_words(project, pod);
		bool is_bad = strcmp(receipt, "WRONG SIGNATURE") == 0;
		table_add_cell(table, STYLE_NONE, "%s", pod->name);
		table_add_cell(table, STYLE_NONE, "%.*s", SHORT_DIGEST,
			       pod->image_digest != NULL ? pod->image_digest : "");
		table_add_cell(table, STYLE_NONE, "%.*s", SHORT_DIGEST,
			       pod->config_digest != NULL ? pod->config_digest : "");
		table_add_cell(table, is_bad ? STYLE_RED : STYLE_NONE, "%s", receipt);
	}
	table_print(table, stdout);
}

static void print_instances(const struct invocation *invocation, const struct cloud_status *status)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
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
		table_add_cell(table, STYLE_YELLOW, "%s", instance_note(status, instance));
	}
	table_print(table, stdout);
}

static void print_text(const struct invocation *invocation, const char *project,
		       const struct cloud_status *status)
{
	printf("stack %s: %s%s%s\n", status->stack, status->state,
	       status->reason != NULL ? ", " : "", status->reason != NULL ? status->reason : "");
	for (size_t i = 0; i < status->address_count; i++)
		printf("%s: %s\n", status->addresses[i].key, status->addresses[i].value);
	print_pods(invocation, project, status);
	print_instances(invocation, status);
}

static void append_pair(struct strbuf *out, const char *key, const char *value)
{
	strbuf_append(out, out->data[out->size - 1] == '{' ? "" : ",");
	strbuf_append_json(out, key);
	strbuf_append_char(out, ':');
	if (value != NULL)
		strbuf_append_json(out, value);
	else
		strbuf_append(out, "null");
}

static void print_json(const char *project, const struct cloud_status *status)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	strbuf_append(&out, "{");
	append_pair(&out, "stack", status->stack);
	append_pair(&out, "state", status->state);
	append_pair(&out, "reason", status->reason);
	strbuf_append(&out, ",\"addresses\":{");
	for (size_t i = 0; i < status->address_count; i++)
		append_pair(&out, status->addresses[i].key, status->addresses[i].value);
	strbuf_append(&out, "},\"pods\":[");
	for (size_t i = 0; i < status->pod_count; i++) {
		const struct cloud_pod_status *pod = &status->pods[i];
		AUTO_FREE char *receipt = receipt_words(project, pod);
		strbuf_append(&out, i > 0 ? ",{" : "{");
		append_pair(&out, "name", pod->name);
		append_pair(&out, "imageDigest", pod->image_digest);
		append_pair(&out, "configDigest", pod->config_digest);
		append_pair(&out, "receipt", receipt);
		strbuf_append(&out, "}");
	}
	strbuf_append(&out, "],\"instances\":[");
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct cloud_instance *instance = &status->instances[i];
		strbuf_append(&out, i > 0 ? ",{" : "{");
		append_pair(&out, "id", instance->id);
		append_pair(&out, "pod", instance->pod);
		append_pair(&out, "state", instance->state);
		append_pair(&out, "image", instance->image);
		append_pair(&out, "imageDigest", instance->image_digest);
		append_pair(&out, "bootedDigest", instance->booted_digest);
		append_pair(&out, "address", instance->address);
		strbuf_append(&out, "}");
	}
	strbuf_append(&out, "]}\n");
	(void)fputs(strbuf_text(&out), stdout);
}

/* Something in the cloud that is not what it says: no status to end with 0. */
static bool find_lie(const char *project, const struct cloud_status *status, struct error *err)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		AUTO_FREE char *words = receipt_words(project, &status->pods[i]);
		if (strcmp(words, "WRONG SIGNATURE") == 0)
			return !error_set(err, ERROR_CORRUPT,
					  "pod '%s': its receipt was not signed with its key",
					  status->pods[i].name);
	}
	for (size_t i = 0; i < status->instance_count; i++)
		if (strcmp(instance_note(status, &status->instances[i]), "BOOTED ANOTHER DISK") ==
		    0)
			return !error_set(err, ERROR_CORRUPT, "instance %s booted %s",
					  status->instances[i].id,
					  status->instances[i].booted_digest);
	return false;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	AUTO(cloud_status_clear) struct cloud_status status = {0};
	if (!cloud_target_open(invocation, NULL, &target, err) ||
	    !target.provider->status(target.cloud, target.project, target.stack, &status, err))
		return 1;
	if (!status.exists) {
		error_set(err, ERROR_NOT_FOUND, "there is no stack %s", target.stack);
		error_hint(err, "i2kit promote");
		return 1;
	}
	if (invocation->output == OUTPUT_JSON)
		print_json(target.project, &status);
	else
		print_text(invocation, target.project, &status);
	return find_lie(target.project, &status, err) ? 1 : 0;
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
		"Shows the stack, its public addresses, which image and configuration each "
		"pod runs, whether the receipt that came with them holds, and the instances, with "
		"what each read from its own disk. Exits with 1 when a receipt's signature is "
		"wrong "
		"or an instance booted another disk than its release's.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.run = run,
};
