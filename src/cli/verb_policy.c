/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/output_document.h"
#include "cli/verb.h"
#include "cli/vm_options.h"
#include "image/oci/image_policy.h"
#include "image/oci/image_ref.h"
#include "image/oci/policy_scope.h"
#include "image/oci/reference.h"

static const struct option_spec options[] = {VERIFY_KEY_OPTION};

/* What is known about one image, without asking anybody. */
struct view {
	const char *result; /* "accept", "reject", "signature" */
	const char *reason; /* or NULL */
	const struct image_policy *policy;
	const struct image_ref *known; /* or NULL */
};

static bool is_checked(const struct view *view)
{
	return view->known != NULL && view->known->checked != NULL &&
	       digest_equal(&view->known->rule, &view->policy->id);
}

static void write_rule(struct json_writer *json, const struct image_policy *policy)
{
	const struct signature_rule *rule = policy->rule;
	if (rule == NULL)
		return;
	json_write_text(json, "file", policy->file);
	json_open_object(json, "rule");
	json_write_text_if(json, "transport", rule->transport);
	json_write_text(json, "scope", rule->scope);
	json_write_raw(json, "requirements", rule->text);
	json_close(json);
}

static void print_json(const struct view *view)
{
	const struct image_policy *policy = view->policy;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "reference", policy->reference->text);
	json_write_text(&json, "result", view->result);
	json_write_text_if(&json, "reason", view->reason);
	write_rule(&json, policy);
	json_write_texts(&json, "scopes", &policy->scopes);
	if (image_policy_wants_signature(policy)) {
		AUTO_FREE char *url = image_policy_lookaside(policy);
		json_write_text(&json, "lookaside", url);
		json_write_bool(&json, "sigstoreAttachments",
				lookaside_has_attachments(&policy->lookaside, &policy->scopes));
	}
	json_write_text_if(&json, "checked", is_checked(view) ? view->known->checked : NULL);
	json_close(&json);
	output_document(strbuf_text(&out));
}

static void print_rule(const struct image_policy *policy)
{
	const struct signature_rule *rule = policy->rule;
	if (rule == NULL) {
		printf("rule       none: there is no policy.json\n");
		return;
	}
	printf("file       %s\n", policy->file);
	if (rule->transport == NULL)
		printf("rule       default: no other is about any of its scopes\n");
	else
		printf("rule       %s: \"%s\"\n", rule->transport, rule->scope);
	printf("requires   %s\n", rule->text);
}

static void print_text(const struct view *view)
{
	const struct image_policy *policy = view->policy;
	printf("image      %s\n", policy->reference->text);
	printf("result     %s%s%s\n", view->result, view->reason != NULL ? ": " : "",
	       view->reason != NULL ? view->reason : "");
	print_rule(policy);
	AUTO_FREE char *scopes = string_list_join(&policy->scopes, " ");
	printf("scopes     %s\n", scopes);
	if (!image_policy_wants_signature(policy))
		return;
	AUTO_FREE char *url = image_policy_lookaside(policy);
	printf("signatures %s, %s\n", url,
	       lookaside_has_attachments(&policy->lookaside, &policy->scopes)
		       ? "and those attached in the registry"
		       : "none from the registry (use-sigstore-attachments)");
	printf("checked    %s\n", is_checked(view) ? view->known->checked : "not yet: i2kit pull");
}

static bool show(const struct invocation *invocation, const struct reference *reference,
		 const struct image_policy *policy, struct error *err)
{
	AUTO(error_clear) struct error why = ERROR_INIT;
	AUTO(image_ref_clear) struct image_ref known = {0};
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	if (store == NULL)
		return false;
	struct view view = {.policy = policy};
	if (image_ref_read(store, reference->text, &known, NULL))
		view.known = &known;
	bool is_admitted = image_policy_admit(policy, &why);
	view.result = !is_admitted			     ? "reject"
		      : image_policy_wants_signature(policy) ? "signature"
							     : "accept";
	view.reason = is_admitted ? NULL : why.message;
	if (invocation->output == OUTPUT_JSON)
		print_json(&view);
	else
		print_text(&view);
	return is_admitted;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const char *name = arguments_rest(invocation->args)->items[0];
	const struct image_options image_options = {
		.verify_key = arguments_value(invocation->args, "verify-key")};
	AUTO(reference_clear) struct reference reference = {0};
	AUTO(image_policy_clear) struct image_policy policy = {0};
	if (!reference_parse(name, NULL, &reference, err) ||
	    !image_policy_open(&reference, &image_options, &policy, err))
		return 1;
	return show(invocation, &reference, &policy, err) ? 0 : 1;
}

const struct verb verb_policy = {
	.name = "policy",
	.group = VERB_IMAGE,
	.summary = "whose signature an image needs, and why",
	.description =
		"Says which rule of policy.json is about an image and what it requires, without "
		"asking the registry. The file is the one of podman and skopeo, "
		"~/.config/containers/policy.json or else /etc/containers/policy.json "
		"(containers-policy.json(5)); without one every image is accepted. The most "
		"specific scope wins. Where signatures lie stands in registries.d beside it "
		"(containers-registries.d(5)).\n\n"
		"The rule holds for each way an image comes in: pull, up, build and promote. "
		"insecureAcceptAnything, reject, signedBy (OpenPGP, by gpgv) and sigstoreSigned "
		"(keys, and a Rekor log's promise where rekorPublicKey… is given) are checked; "
		"an image under a rule with fulcio or pki is refused. What was checked is kept "
		"with the image and checked again when rule or keys have changed.\n\n"
		"The exit status is 1 for an image that is rejected whatever its signatures are.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"IMAGE", 1, 1, COMPLETE_IMAGE},
	.has_output = true,
	.names = "{.reference}",
	.example = "i2kit policy nginx:1.22\n"
		   "i2kit policy -o json docker.io/library/redis:7",
	.run = run,
};
