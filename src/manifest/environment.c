/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/environment.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/path.h"
#include "manifest/environment_aws.h"
#include "manifest/environment_openstack.h"
#include "manifest/loader.h"
#include "manifest/problem.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

void environment_clear(struct environment *environment)
{
	char *const texts[] = {environment->file,
			       environment->name,
			       environment->region,
			       environment->profile,
			       environment->instance_type,
			       environment->hosted_zone,
			       environment->domain,
			       environment->key_pair,
			       environment->aws.vpc,
			       environment->aws.certificate,
			       environment->aws.instance_profile,
			       environment->aws.role,
			       environment->aws.kms_key,
			       environment->aws.permissions_boundary,
			       environment->openstack.network,
			       environment->openstack.external_network};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	string_list_clear(&environment->aws.subnets);
	string_list_clear(&environment->aws.public_subnets);
	string_list_clear(&environment->trusted_keys);
	string_list_clear(&environment->security_groups);
	string_list_clear(&environment->availability_zones);
	for (size_t i = 0; i < environment->tag_count; i++) {
		free(environment->tags[i].key);
		free(environment->tags[i].value);
	}
	free(environment->tags);
	for (size_t i = 0; i < environment->restore_count; i++) {
		free(environment->restore[i].key);
		free(environment->restore[i].value);
	}
	free(environment->restore);
	*environment = (struct environment){0};
}

/* Each has a file of its own; what its set has itself, without its base, is its own. */
static const struct {
	const char *name;
	const struct field_set *fields;
} provider_kinds[] = {
	{"aws", &environment_aws_fields},
	{"openstack", &environment_openstack_fields},
};

static void read_type(struct loader *loader, const struct yaml_node *node, void *target)
{
	const char **type = target;
	for (size_t i = 0; i < ARRAY_SIZE(provider_kinds); i++)
		if (node->kind == YAML_SCALAR && strcmp(node->text, provider_kinds[i].name) == 0)
			*type = provider_kinds[i].name;
	if (*type == NULL)
		loader_error(loader, node, "write type: aws",
			     "the provider's type is aws or openstack");
}

static void read_trusted_keys(struct loader *loader, const struct yaml_node *node, void *target)
{
	enum { KEY_BYTES = 32 };
	struct environment *environment = target;
	size_t before = environment->trusted_keys.count;

	read_text_list(loader, node, &environment->trusted_keys);
	for (size_t i = before; i < environment->trusted_keys.count; i++) {
		const char *text = environment->trusted_keys.items[i];
		AUTO_FREE uint8_t *key = NULL;
		size_t size = 0;
		if (!base64_decode(text, strcspn(text, " "), &key, &size) || size != KEY_BYTES)
			loader_error(loader, node, "`i2kit key show`, on the other machine",
				     "'%.60s' is not the public key of receipts", text);
	}
}

#define AT(member) offsetof(struct environment, member)
static const struct field provider_field_list[] = {
	{"availability_zones", FIELD_USED, read_text_list, AT(availability_zones), NULL,
	 "where instances may run; default: those of the subnets"},
	{"instance_type", FIELD_USED, read_text, AT(instance_type), NULL,
	 "of pods that name none; OpenStack: the flavor"},
	{"key_pair", FIELD_USED, read_text, AT(key_pair), NULL, "an SSH key for the instances"},
	{"profile", FIELD_USED, read_text, AT(profile), NULL,
	 "AWS: of ~/.aws/config; OpenStack: of clouds.yaml"},
	{"region", FIELD_USED, read_text, AT(region), NULL,
	 "default: that of the profile or of AWS_REGION"},
	{"security_groups", FIELD_USED, read_text_list, AT(security_groups), NULL,
	 "added to the ones that are made"},
	{"type", FIELD_USED, read_type, AT(type), NULL, "aws or openstack"},
};
const struct field_set environment_provider_fields = {"provider", provider_field_list,
						      ARRAY_SIZE(provider_field_list)};

static void read_provider(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &environment_aws_fields, target);
}

static const struct field environment_field_list[] = {
	{"name", FIELD_USED, read_name, AT(name), NULL,
	 "of the environment: production, staging …"},
	{"provider", FIELD_USED, read_provider, 0, &environment_aws_fields, "where promote goes"},
	{"require_approvals", FIELD_USED, read_u32, AT(require_approvals), NULL,
	 "how many people must have approved a release before it is promoted"},
	{"trusted_keys", FIELD_USED, read_trusted_keys, 0, NULL,
	 "whose receipts count: BASE64KEY[ NAME], as `i2kit key show` prints it",
	 .takes = "list of texts"},
};
#undef AT
const struct field_set environment_fields = {"environment", environment_field_list,
					     ARRAY_SIZE(environment_field_list)};

/* A key of another provider is a mistake that would be noticed late otherwise. */
static void check_provider(struct loader *loader, const struct yaml_node *provider,
			   const char *type)
{
	for (size_t k = 0; type != NULL && k < ARRAY_SIZE(provider_kinds); k++) {
		for (size_t i = 0; strcmp(provider_kinds[k].name, type) != 0 &&
				   i < provider_kinds[k].fields->count;
		     i++) {
			const char *name = provider_kinds[k].fields->fields[i].name;
			const struct yaml_node *node = yaml_get(provider, name);
			if (node != NULL)
				loader_error(loader, node, "remove it, or change the type",
					     "%s means nothing for type: %s", name, type);
		}
	}
}

static void read_root(struct loader *loader, const struct yaml_node *root,
		      struct environment *environment)
{
	const struct yaml_node *provider = yaml_get(root, "provider");
	loader_read_map(loader, root, &environment_fields, environment);
	if (yaml_get(root, "kind") != NULL || yaml_get(root, "containers") != NULL)
		return; /* a manifest: the unknown fields say enough */
	if (provider == NULL)
		loader_error(loader, root, "provider: {type: aws, region: eu-central-1}",
			     "an environment needs a provider");
	else if (yaml_get(provider, "type") == NULL)
		loader_error(loader, provider, "write type: aws", "the provider needs a type");
	else
		check_provider(loader, provider, environment->type);
}

bool environment_load(const char *path, struct environment *ret, struct problem_list *problems,
		      struct error *err)
{
	AUTO(environment_clear) struct environment environment = {.aws.log_retention_days = 14};
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(string_list_clear) struct string_list noted = STRING_LIST_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	size_t before = problems->error_count;

	environment.file = xstrdup(path);
	if (!file_read(path, YAML_MAX_BYTES, &text, &size, err))
		return false;
	yaml_read_all(path, text, size, &documents, problems);
	struct loader loader = {.problems = problems, .file = environment.file, .noted = noted};
	if (documents.count == 1)
		read_root(&loader, documents.roots[0], &environment);
	else if (problems->error_count == before)
		loader_error(&loader, NULL, NULL, "%zu documents; an environment is one",
			     documents.count);
	string_list_clear(&loader.noted);
	size_t errors = problems->error_count - before;
	if (errors > 0)
		return error_set(err, ERROR_INVALID, "%s: %zu error%s", path, errors,
				 errors == 1 ? "" : "s");
	*ret = environment;
	environment = (struct environment){0};
	return true;
}

char *environment_find(const char *folder)
{
	static const char *const names[] = {"environment.yml", "environment.yaml"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *path = path_join(folder, names[i]);
		if (path_exists(path))
			return TAKE_PTR(path);
	}
	return NULL;
}
