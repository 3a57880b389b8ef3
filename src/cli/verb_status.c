/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "cli/cloud_target.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/table.h"
#include "release/receipt_tag.h"

#define SHORT_DIGEST 19

/* What the pod's receipt is worth. */
enum receipt_worth {
	RECEIPT_NONE,
	RECEIPT_UNREADABLE,
	RECEIPT_WRONG,
	RECEIPT_FORCED,
	RECEIPT_READY
};

static enum receipt_worth receipt_worth(const char *project, const struct cloud_pod_status *pod,
					struct receipt_claim *claim)
{
	struct release_id release;
	if (pod->receipt_tag == NULL || pod->image_digest == NULL || pod->config_digest == NULL)
		return RECEIPT_NONE;
	if (!digest_parse(pod->image_digest, &release.image) ||
	    !digest_parse(pod->config_digest, &release.config) ||
	    !receipt_check_tag(pod->receipt_tag, project, pod->name, &release, claim, NULL))
		return RECEIPT_UNREADABLE;
	if (!claim->is_signature_good)
		return RECEIPT_WRONG;
	return claim->is_forced ? RECEIPT_FORCED : RECEIPT_READY;
}

/* In words; owned. */
static char *receipt_words(const char *project, const struct cloud_pod_status *pod)
{
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	char when[RFC3339_SIZE];
	switch (receipt_worth(project, pod, &claim)) {
	case RECEIPT_NONE:
		return xstrdup("none");
	case RECEIPT_UNREADABLE:
		return xstrdup("unreadable");
	case RECEIPT_WRONG:
		return xstrdup("WRONG SIGNATURE");
	case RECEIPT_FORCED:
		return xasprintf("forced%s", claim.is_our_key ? "" : ", another key");
	case RECEIPT_READY:
		break;
	}
	clock_format_rfc3339(when, claim.ready_ns, 0);
	return xasprintf("ready %u/%u %s %s%s", claim.replicas, claim.desired, claim.accelerator,
			 when, claim.is_our_key ? "" : ", another key");
}

static bool is_receipt_wrong(const char *project, const struct cloud_pod_status *pod)
{
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	return receipt_worth(project, pod, &claim) == RECEIPT_WRONG;
}

/* Whether an instance runs its pod's release. */
enum boot_verdict {
	BOOT_UNKNOWN_POD,
	BOOT_OTHER_IMAGE,
	BOOT_OTHER_DISK,
	BOOT_NOT_SAID,
	BOOT_EQUAL
};

static enum boot_verdict boot_verdict(const struct cloud_status *status,
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
			return BOOT_OTHER_DISK;
		if (!is_same)
			return BOOT_OTHER_IMAGE;
		return instance->booted_digest != NULL ? BOOT_EQUAL : BOOT_NOT_SAID;
	}
	return BOOT_UNKNOWN_POD;
}

static const char *instance_note(const struct cloud_status *status,
				 const struct cloud_instance *instance)
{
	static const char *const notes[] = {[BOOT_UNKNOWN_POD] = "no such pod",
					    [BOOT_OTHER_IMAGE] = "other image",
					    [BOOT_OTHER_DISK] = "BOOTED ANOTHER DISK",
					    [BOOT_NOT_SAID] = "",
					    [BOOT_EQUAL] = "booted digest equal"};
	return notes[boot_verdict(status, instance)];
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
		bool is_bad = is_receipt_wrong(project, pod);
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

static void print_text(const struct invocation *invocation, const char *project,
		       const struct cloud_status *status)
{
	printf("stack %s: %s%s%s\n", status->name, status->state,
	       status->reason != NULL ? ", " : "", status->reason != NULL ? status->reason : "");
	for (size_t i = 0; i < status->address_count; i++)
		printf("%s: %s\n", status->addresses[i].key, status->addresses[i].value);
	print_names(invocation, status);
	print_pods(invocation, project, status);
	print_instances(invocation, status);
}

static void write_pod(struct json_writer *json, const char *project,
		      const struct cloud_pod_status *pod)
{
	AUTO_FREE char *receipt = receipt_words(project, pod);
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

static void print_json(const char *project, const struct cloud_status *status)
{
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
	write_names(&json, status);
	json_open_list(&json, "pods");
	for (size_t i = 0; i < status->pod_count; i++)
		write_pod(&json, project, &status->pods[i]);
	json_close(&json);
	json_open_list(&json, "instances");
	for (size_t i = 0; i < status->instance_count; i++)
		write_instance(&json, &status->instances[i]);
	json_close(&json);
	json_close(&json);
	output_document(strbuf_text(&out));
}

/* Something in the cloud that is not what it says: no status to end with 0. */
static bool find_lie(const char *project, const struct cloud_status *status, struct error *err)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		if (is_receipt_wrong(project, &status->pods[i]))
			return !error_set(err, ERROR_CORRUPT,
					  "pod '%s': its receipt was not signed with its key",
					  status->pods[i].name);
	}
	for (size_t i = 0; i < status->instance_count; i++)
		if (boot_verdict(status, &status->instances[i]) == BOOT_OTHER_DISK)
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
	    !target.provider->status(target.cloud, &target.scope, &status, err))
		return 1;
	if (!status.exists) {
		error_set(err, ERROR_NOT_FOUND, "there is no %s in the cloud", target.scope.name);
		error_hint(err, "i2kit promote");
		return 1;
	}
	if (invocation->output == OUTPUT_JSON)
		print_json(target.scope.project, &status);
	else
		print_text(invocation, target.scope.project, &status);
	return find_lie(target.scope.project, &status, err) ? 1 : 0;
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
		"pod runs, whether the receipt that came with them holds, which instances the "
		"names find that lead to them without a load balancer, and the instances, with "
		"what each read from its own disk. Exits with 1 when a receipt's signature is "
		"wrong "
		"or an instance booted another disk than its release's.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.names = "{.instances[*].id}",
	.run = run,
};
