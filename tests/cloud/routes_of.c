/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For routes.py: how the routes of manifests are answered here and in AWS, a line of JSON each:
 * HAProxy's configuration, the Services that its lines lead to, and the template; or the error.
 *	routes-of fresh|chain FOLDER COUNT
 * of FOLDER/0.yml, FOLDER/1.yml … With chain each is promoted after the one before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cloud/aws/provider/route_rules.h"
#include "cloud/aws/stack/stack_check.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_template.h"
#include "local/plan/proxy_config.h"
#include "manifest/load.h"
#include "manifest/problem.h"

#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char *local_config(const struct app *app)
{
	const struct proxy_plan plan = {.routes = app->routes, .route_count = app->route_count};
	const struct string_list none = STRING_LIST_INIT;
	const struct proxy_config config = {.plan = &plan,
					    .listeners = {{3, -1}, {5, -1}},
					    .ports = {80, 443},
					    .first_target = 10,
					    .cert_files = &none};
	return proxy_config_write(&config);
}

static bool make_template(const struct app *app, const struct route_rule_list *before, char **ret,
			  struct error *err)
{
	const struct stack_target target = {
		.project = "shop",
		.region = "eu-west-1",
		.stack = "i2kit-shop",
		.domain_inside = "shop.internal",
		.log_days = 30,
		.hosted_zone = "example.com",
		.certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/"
			       "12345678-1234-1234-1234-123456789012",
		.names_instances = true,
		.rules = before->items,
		.rule_count = before->count,
	};
	struct release_id id = {0};
	if (!digest_parse(DIGEST, &id.image) || !digest_parse(DIGEST, &id.config))
		return error_set(err, ERROR_INVALID, "no digests");
	AUTO_FREE struct stack_release *releases = xcalloc(app->pod_count + 1, sizeof(*releases));
	for (size_t i = 0; i < app->pod_count; i++)
		releases[i] = (struct stack_release){.pod = app->pods[i].name,
						     .image = "ami-0123456789abcdef0",
						     .id = id,
						     .user_data = "{}"};
	return stack_template_make(app, &target, releases, app->pod_count, ret, err);
}

static void write_good(struct json_writer *json, const struct app *app, const char *template_text)
{
	size_t count = 0;
	AUTO_FREE char *config = local_config(app);
	AUTO_FREE struct route_target *targets =
		routes_targets(app->routes, app->route_count, &count);
	json_write_text(json, "config", config);
	json_open_list(json, "targets");
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *name = xasprintf("%s:%u", targets[i].service, targets[i].port);
		json_write_text(json, NULL, name);
	}
	json_close(json);
	json_write_raw(json, "template", template_text);
}

static void write_problem(struct json_writer *json, const struct error *err,
			  const struct problem_list *problems)
{
	json_write_text(json, "error", err->message);
	json_write_text(json, "hint", err->hint);
	if (problems->count > 0)
		json_write_text(json, "problem", problems->items[0].message);
}

static void print_one(const char *path, struct route_rule_list *before, bool is_chain)
{
	struct load_options options = {.folder = ".", .project = "shop"};
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_FREE char *text = NULL;
	struct json_writer json = JSON_WRITER(&out, JSON_ASCII);
	string_list_add(&options.paths, path);
	json_open_object(&json, NULL);
	if (app_load(&options, &app, &problems, &err) && make_template(&app, before, &text, &err))
		write_good(&json, &app, text);
	else
		write_problem(&json, &err, &problems);
	json_close(&json);
	printf("%s\n", strbuf_text(&out));
	string_list_clear(&options.paths);
	if (!is_chain || text == NULL)
		return;
	route_rules_clear(before);
	if (!route_rules_find(text, before, &err))
		abort();
}

int main(int argc, char **argv)
{
	struct route_rule_list before = {0};
	if (argc != 4)
		return 2;
	unsigned long count = strtoul(argv[3], NULL, 10);
	for (unsigned long i = 0; i < count; i++) {
		AUTO_FREE char *path = xasprintf("%s/%lu.yml", argv[2], i);
		print_one(path, &before, strcmp(argv[1], "chain") == 0);
	}
	route_rules_clear(&before);
	return 0;
}
