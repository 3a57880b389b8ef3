/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor_cloud.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "cli/arguments.h"
#include "cli/ask_secret.h"
#include "cli/cloud_target.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/project.h"
#include "cloud/providers/providers.h"

static const struct {
	const char *name;
	enum cloud_policy kind;
	const char *of; /* for people */
} policies[] = {
	{"caller", CLOUD_POLICY_CALLER, "whoever runs i2kit"},
	{"stack", CLOUD_POLICY_STACK, "provider.role; without one, whoever runs i2kit as well"},
	{"stack-network", CLOUD_POLICY_STACK_NETWORK, "the same, for the network that is made"},
	{"stack-trust", CLOUD_POLICY_STACK_TRUST, "who may take that role"},
	{"key", CLOUD_POLICY_KEY, "provider.kms_key: the key's own policy has these as well"},
	{"boundary", CLOUD_POLICY_BOUNDARY, "provider.permissions_boundary: the most a pod may do"},
};

struct subject {
	struct environment environment;
	struct cloud_scope scope;
	const struct cloud_provider *provider;
	const char *region; /* NULL: the file's */
};

static void subject_clear(struct subject *subject)
{
	environment_clear(&subject->environment);
	cloud_scope_clear(&subject->scope);
}

static bool find_subject(const struct invocation *invocation, struct subject *ret,
			 struct error *err)
{
	if (!cloud_target_environment(invocation, &ret->environment, err))
		return false;
	if (ret->environment.file == NULL) {
		error_set(err, ERROR_NOT_FOUND, "no environment.yml is here");
		return error_hint(err, "-e FILE");
	}
	AUTO_FREE char *project = project_name(invocation, NULL, err);
	if (project == NULL)
		return false;
	cloud_scope_make(project, ret->environment.name, &ret->scope);
	ret->region = arguments_value(invocation->args, "region");
	ret->provider = cloud_provider_find(ret->environment.type, err);
	return ret->provider != NULL;
}

/* Owned. */
static char *policy_text(const struct subject *subject, enum cloud_policy kind)
{
	return subject->provider->policy(&subject->environment, &subject->scope, subject->region,
					 kind);
}

static int print_one(const struct subject *subject, const char *name, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if (strcmp(policies[i].name, name) != 0)
			continue;
		AUTO_FREE char *text = policy_text(subject, policies[i].kind);
		if (text == NULL) {
			error_set(err, ERROR_NOT_FOUND, "%s names nothing that has a policy '%s'",
				  subject->environment.file, name);
			return 1;
		}
		(void)puts(text);
		return 0;
	}
	error_set(err, ERROR_USAGE, "there is no policy '%s'", name);
	(void)error_hint(err,
			 "--policy caller, stack, stack-network, stack-trust, key or boundary");
	return 1;
}

struct answers {
	char *who;		  /* owned; NULL: not even that */
	struct string_list there; /* owned; what there is */
};

static void answers_clear(struct answers *answers)
{
	free(answers->who);
	string_list_clear(&answers->there);
}

/* Who we are there, as the provider says it, and whether what the file names is there. */
static bool ask(const struct invocation *invocation, const struct subject *subject,
		struct answers *ret, struct error *err)
{
	const char *profile = arguments_value(invocation->args, "profile");
	struct cloud_options options = {
		.region = subject->region != NULL ? subject->region : subject->environment.region,
		.profile = profile != NULL ? profile : subject->environment.profile,
		.ask = ask_secret,
	};
	const struct cloud_provider *provider = subject->provider;
	struct cloud *cloud = provider->open(&options, err);
	if (cloud == NULL)
		return false;
	ret->who = provider->identify(cloud, err);
	bool is_ok = ret->who != NULL &&
		     (provider->survey == NULL ||
		      provider->survey(cloud, &subject->environment, &ret->there, err));
	provider->close(cloud);
	return is_ok;
}

/* failure NULL: there is none. */
static void print_json(const struct subject *subject, const struct answers *answers,
		       const struct error *failure)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_PRETTY);
	json_open_object(&json, NULL);
	json_write_text(&json, "level", failure == NULL ? "ok" : "broken");
	json_write_text(&json, "text", failure == NULL ? answers->who : failure->message);
	json_write_text_if(&json, "mend", failure == NULL ? NULL : failure->hint);
	json_write_texts_if(&json, "there", &answers->there);
	json_open_object(&json, "policies");
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		AUTO_FREE char *text = policy_text(subject, policies[i].kind);
		if (text != NULL)
			json_write_raw(&json, policies[i].name, text);
	}
	json_close(&json);
	json_close(&json);
	output_document(strbuf_text(&out));
}

static void print_text(const struct invocation *invocation, const struct subject *subject,
		       const struct answers *answers, const struct error *failure)
{
	const char *plain = style_begin(STYLE_NONE, invocation->is_colored);
	const char *green = style_begin(STYLE_GREEN, invocation->is_colored);
	if (answers->who != NULL)
		(void)printf("%s%-7s%s %s\n", green, "ok", plain, answers->who);
	for (size_t i = 0; i < answers->there.count; i++)
		(void)printf("%s%-7s%s %s\n", green, "", plain, answers->there.items[i]);
	if (failure != NULL)
		(void)printf("%s%-7s%s %s\n", style_begin(STYLE_RED, invocation->is_colored),
			     "broken", plain, failure->message);
	if (failure != NULL && failure->hint != NULL)
		(void)printf("        -> %s\n", failure->hint);
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		AUTO_FREE char *text = policy_text(subject, policies[i].kind);
		if (text != NULL)
			(void)printf("\n# --policy %s: %s\n%s\n", policies[i].name, policies[i].of,
				     text);
	}
}

int doctor_cloud(const struct invocation *invocation, struct error *err)
{
	AUTO(subject_clear) struct subject subject = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const char *name = arguments_value(invocation->args, "policy");
	if (!find_subject(invocation, &subject, err))
		return 1;
	if (name != NULL)
		return print_one(&subject, name, err);
	AUTO(answers_clear) struct answers answers = {0};
	bool is_ok = ask(invocation, &subject, &answers, &failure);
	if (invocation->output == OUTPUT_JSON)
		print_json(&subject, &answers, is_ok ? NULL : &failure);
	else
		print_text(invocation, &subject, &answers, is_ok ? NULL : &failure);
	return is_ok ? 0 : 1;
}
