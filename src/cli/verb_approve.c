/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/ask_secret.h"
#include "cli/cloud_target.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/receipt_wait.h"
#include "cli/trusted_target.h"
#include "cli/vm_options.h"
#include "cloud/promote.h"
#include "manifest/placeholder.h"
#include "release/approval_key.h"
#include "release/release_approvals.h"
#include "release/release_proof.h"

#define SHORT_DIGEST 19

/* A release with its file, once it has one. */
struct approval {
	const struct invocation *invocation;
	struct environment environment;
	struct release_statement statement;
	struct trusted_keys trusted;
	enum release_proof *proofs; /* owned; one a pod */
	char *folder;		    /* owned */
	char *path;		    /* owned */
};

static void approval_clear(struct approval *approval)
{
	environment_clear(&approval->environment);
	release_statement_clear(&approval->statement);
	trusted_keys_clear(&approval->trusted);
	free(approval->proofs);
	free(approval->folder);
	free(approval->path);
}

/* --- which release -------------------------------------------------------------------------- */

static bool pass_gate(const struct approval *approval, struct promotion *promotion,
		      struct error *err)
{
	AUTO(string_list_clear) struct string_list missing = STRING_LIST_INIT;
	receipt_wait(approval->invocation, promotion->app->project);
	bool is_ok = promotion_gate(promotion, approval->environment.name, false, &missing, err);
	for (size_t i = 0; i < missing.count; i++)
		output_warning(approval->invocation, "%s", missing.items[i]);
	return is_ok;
}

static bool is_vouched(const struct release_statement *statement,
		       const struct trusted_keys *trusted)
{
	AUTO(string_list_clear) struct string_list people = STRING_LIST_INIT;
	release_approvals_people(statement, trusted, &people);
	return people.count > 0;
}

/* What the manifests say now and was ready here; one that waits already, and that somebody who is
 * trusted stands for, is that one. */
static bool make_release(struct approval *approval, struct error *err)
{
	const struct arguments *args = approval->invocation->args;
	AUTO_PTR(progress_view)
	struct progress_view *view = progress_view_new(approval->invocation);
	AUTO(app_clear) struct app app = {0};
	AUTO(promotion_clear) struct promotion promotion = {0};
	AUTO(release_statement_clear) struct release_statement now = {0};
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO(release_statement_clear) struct release_statement found = {0};
	bool is_found = false;
	if (store == NULL || !manifest_files_load(approval->invocation, &app, err) ||
	    !placeholders_refuse(&app, err))
		return false;
	const struct image_options options = {.base = arguments_value(args, "base"),
					      .folder = app.folder};
	if (!promotion_prepare(store, &app, &options, progress_view_progress(view), &promotion,
			       err) ||
	    !pass_gate(approval, &promotion, err) ||
	    !promotion_statement(&promotion, approval->environment.name, &now, err) ||
	    !release_approvals_match(approval->folder, &now, &approval->trusted, &found, &is_found,
				     err))
		return false;
	struct release_statement *taken =
		is_found && is_vouched(&found, &approval->trusted) ? &found : &now;
	approval->statement = *taken;
	*taken = (struct release_statement){0};
	return true;
}

static bool open_release(struct approval *approval, const char *name, struct error *err)
{
	const char *wanted = approval->environment.name != NULL ? approval->environment.name : "";
	if (strchr(name, '/') != NULL || strchr(name, '.') != NULL)
		approval->path = xstrdup(name);
	else if (!release_approvals_find(approval->folder, name, &approval->path, err))
		return false;
	if (!release_approvals_load(approval->path, &approval->statement, err))
		return false;
	/* Without environment.yml nobody here says which one is meant. */
	if (approval->environment.file == NULL ||
	    strcmp(approval->statement.environment, wanted) == 0)
		return true;
	error_set(err, ERROR_INVALID, "%s is for the environment '%s', not '%s'", approval->path,
		  approval->statement.environment, wanted);
	return error_hint(err, "-e with that one's environment.yml");
}

/* What nobody has seen is not signed: neither a receipt here nor anybody's word stands for it. */
static bool find_proofs(struct approval *approval, struct error *err)
{
	const struct release_statement *release = &approval->statement;
	approval->proofs = xcalloc(release->pod_count + 1, sizeof(*approval->proofs));
	for (size_t i = 0; i < release->pod_count; i++) {
		const char *pod = release->pods[i].pod;
		if (!release_proof_find(release, &release->pods[i], &approval->proofs[i], err))
			return error_prefix(err, "pod '%s'", pod);
		if (approval->proofs[i] == PROOF_RECEIPT || is_vouched(release, &approval->trusted))
			continue;
		error_set(
			err, ERROR_DENIED,
			"nothing shows that pod '%s' was ready as this release says: that receipt "
			"is not here, and nobody who is trusted has signed it",
			pod);
		return error_hint(err, "i2kit receipt export where it ran, receipt import here; or "
				       "i2kit approve, without a name");
	}
	return true;
}

/* --- what it is ----------------------------------------------------------------------------- */

static void show_signatures(const struct approval *approval)
{
	for (size_t i = 0; i < approval->statement.signature_count; i++) {
		const struct statement_signature *one = &approval->statement.signatures[i];
		const char *name = trusted_keys_name(&approval->trusted, one->key);
		(void)fprintf(stderr, "  approved by %s%s\n",
			      name == NULL ? "AN UNKNOWN KEY " : name,
			      name == NULL || name[0] == '\0' ? one->key_text : "");
	}
}

static void show(const struct approval *approval)
{
	static const char *const proofs[] = {
		[PROOF_NONE] = "NO RECEIPT HERE: the word of who signed",
		[PROOF_OTHER_RUN] = "the word of who signed; here another run was ready",
		[PROOF_RECEIPT] = "receipt here",
	};
	const struct release_statement *release = &approval->statement;
	char when[RFC3339_SIZE];
	clock_format_rfc3339(when, release->time_ns, 0);
	(void)fprintf(stderr, "project %s, environment %s, made %s\n", release->project,
		      release->environment[0] != '\0' ? release->environment : "(none)", when);
	for (size_t i = 0; i < release->pod_count; i++) {
		const struct statement_pod *pod = &release->pods[i];
		clock_format_rfc3339(when, pod->ready_ns, 0);
		(void)fprintf(stderr, "  %s  image %.*s  config %.*s  ready %s (%s, %s, %u): %s\n",
			      pod->pod, SHORT_DIGEST, DIGEST_TEXT(&pod->release.image),
			      SHORT_DIGEST, DIGEST_TEXT(&pod->release.config), when,
			      pod->accelerator, pod->firmware, pod->replicas,
			      proofs[approval->proofs[i]]);
	}
	show_signatures(approval);
	(void)fprintf(stderr, "not covered: Services and routes, instance types and all else of "
			      "environment.yml, account and region\n");
}

/* Without a list of the team's everybody counts here as "you". */
static void say_if_nobody(const struct approval *approval, const struct ed25519_key *key)
{
	if (trusted_keys_name(&approval->trusted, key->public_key) == NULL)
		output_warning(approval->invocation,
			       "your key is not among the team's: this counts when it is (i2kit "
			       "key show, then key trust by the team)");
}

static void print_result(const struct approval *approval, const char *id)
{
	AUTO(string_list_clear) struct string_list people = STRING_LIST_INIT;
	release_approvals_people(&approval->statement, &approval->trusted, &people);
	if (approval->invocation->output != OUTPUT_JSON) {
		printf("%s  %s  %zu approved\n", id, approval->path, people.count);
		return;
	}
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "release", id);
	json_write_text(&json, "file", approval->path);
	json_write_texts(&json, "approvedBy", &people);
	json_close(&json);
	output_document(strbuf_text(&out));
}

/* --- the verb ------------------------------------------------------------------------------- */

static bool sign(struct approval *approval, struct error *err)
{
	struct ed25519_key key;
	AUTO_FREE char *id = release_approvals_id(&approval->statement, err);
	if (id == NULL)
		return false;
	AUTO_FREE char *question = xasprintf("approve release %s?", id);
	show(approval);
	if (!cloud_target_confirm(approval->invocation, question, err) ||
	    !approval_key_load(ask_secret, &key, err))
		return false;
	bool is_signed = release_statement_sign(&approval->statement, &key, err);
	explicit_bzero(key.seed, sizeof(key.seed));
	if (!is_signed)
		return error_prefix(err, "release %s", id);
	say_if_nobody(approval, &key);
	if (approval->path == NULL)
		approval->path =
			release_approvals_path(approval->folder, &approval->statement, err);
	if (approval->path == NULL ||
	    !release_approvals_save(approval->path, &approval->statement, err))
		return false;
	print_result(approval, id);
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	AUTO(approval_clear) struct approval approval = {.invocation = invocation};
	if (!cloud_target_environment(invocation, &approval.environment, err) ||
	    !trusted_target_people(&approval.environment, &approval.trusted, err))
		return 1;
	approval.folder = trusted_target_path(&approval.environment, "releases");
	bool is_ok = rest->count > 0 ? open_release(&approval, rest->items[0], err)
				     : make_release(&approval, err);
	return is_ok && find_proofs(&approval, err) && sign(&approval, err) ? 0 : 1;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	MANIFEST_FILE_OPTION,
	MANIFEST_RECURSIVE_OPTION,
	MANIFEST_NAMESPACE_OPTION,
	MANIFEST_ENV_FILE_OPTION,
	MANIFEST_SKIP_OPTION,
	MANIFEST_STRICT_OPTION,
	MANIFEST_SUPPLY_OPTIONS,
	{"yes", 'y', OPTION_FLAG, NULL, "do not ask", COMPLETE_NONE},
	BASE_OPTION,
};

const struct verb verb_approve = {
	.name = "approve",
	.group = VERB_CLOUD,
	.summary = "put one's name to a release before it is promoted",
	.description =
		"Shows a release (project, environment, all pods with the digests of their disks "
		"and configurations, when and where they were ready, who has approved it) and "
		"signs it after a question. Of each pod it says whether the receipt is on this "
		"machine; what has neither a receipt here nor the signature of somebody trusted is "
		"not signed. Services and routes, instance types and all else of environment.yml, "
		"the account and the region are not covered.\n"
		"Without RELEASE it is what the manifests say now, which must have been ready "
		"here; "
		"with RELEASE, its name or its file, it is one that somebody else has made, and "
		"the "
		"signature is over the same bytes. Releases lie in .i2kit/releases beside "
		"environment.yml, to be passed on with the repository.\n"
		"promote --require-approvals N counts people, not signatures: those whose keys are "
		"trusted (i2kit key trust), each once.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"RELEASE", 0, 1, COMPLETE_FILE},
	.has_output = true,
	.names = "{.release}",
	.example = "i2kit approve\ni2kit approve 3f9a2c1b\n"
		   "i2kit promote --require-approvals 2\n",
	.run = run,
};
