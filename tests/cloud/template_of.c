/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For template.py: the CloudFormation template of a manifest, with releases made up, on stdout.
 *	template-of MANIFEST made|given|shared|named|nat|nats|endpoints
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_template.h"
#include "manifest/load.h"
#include "manifest/problem.h"

#define IMAGE  "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CONFIG "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static bool print_template(const struct app *app, const struct stack_target *target,
			   struct error *err)
{
	static const char *const parameters[] = {"/i2kit/i2kit-shop-production/secrets/db", NULL};
	struct release_id id = {0};
	if (!digest_parse(IMAGE, &id.image) || !digest_parse(CONFIG, &id.config))
		return error_set(err, ERROR_INVALID, "no digests");
	AUTO_FREE struct stack_release *releases = xcalloc(app->pod_count + 1, sizeof(*releases));
	for (size_t i = 0; i < app->pod_count; i++)
		releases[i] = (struct stack_release){
			.pod = app->pods[i].name,
			.image = "ami-0123456789abcdef0",
			.id = id,
			.user_data = app->pods[i].claim_template_count > 0
					     ? "{\"attach\":[\"@volume:data-db-0@\"]}"
				     : target->names_instances
					     ? "{\"names\":{\"zone\":\"" STACK_ZONE_MARK "\"}}"
					     : "{\"it's\":\"a \\\"release\\\"\"}",
			.parameters = parameters,
		};
	AUTO_FREE char *text = NULL;
	if (!stack_template_make(app, target, releases, app->pod_count, &text, err))
		return false;
	printf("%s\n", text);
	return true;
}

int main(int argc, char **argv)
{
	static const struct stack_subnet subnets[] = {{"subnet-0123456789abcdef0", "eu-west-1a"},
						      {"subnet-0123456789abcdef1", "eu-west-1b"}};
	static const char *const groups[] = {"sg-0123456789abcdef0", NULL};
	struct stack_target target = {.project = "shop",
				      .environment = "production",
				      .region = "eu-west-1",
				      .stack = "i2kit-shop-production",
				      .domain_inside = "shop-production.internal",
				      .log_days = 30};
	if (argc != 3)
		return 2;
	target.shares_balancers = strcmp(argv[2], "shared") == 0;
	target.names_instances = strcmp(argv[2], "named") == 0;
	if (strcmp(argv[2], "given") == 0 || target.shares_balancers) {
		target.vpc = "vpc-0123456789abcdef0";
		target.subnets = subnets;
		target.subnet_count = ARRAY_SIZE(subnets);
		target.public_subnets = subnets;
		target.public_subnet_count = ARRAY_SIZE(subnets);
		target.security_groups = groups;
		target.hosted_zone = "example.com";
		target.certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/"
				     "12345678-1234-1234-1234-123456789012";
		target.instance_type = "t3.small";
	}
	if (strcmp(argv[2], "nat") == 0)
		target.private_network = NETWORK_NAT;
	if (strcmp(argv[2], "nats") == 0)
		target.private_network = NETWORK_NAT_PER_ZONE;
	if (strcmp(argv[2], "endpoints") == 0)
		target.private_network = NETWORK_ENDPOINTS;
	struct load_options options = {.folder = ".", .project = "shop"};
	string_list_add(&options.paths, argv[1]);
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_ok =
		app_load(&options, &app, &problems, &err) && print_template(&app, &target, &err);
	string_list_clear(&options.paths);
	if (!is_ok)
		(void)fprintf(stderr, "%s\n", err.message);
	for (size_t i = 0; i < problems.count && !is_ok; i++)
		(void)fprintf(stderr, "%u: %s\n", problems.items[i].line,
			      problems.items[i].message);
	return is_ok ? 0 : 1;
}
