/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/problem.h"
#include "test.h"

static bool load(const char *text, struct environment *ret, struct problem_list *problems,
		 struct error *err)
{
	char path[] = "/tmp/i2kit-environment-XXXXXX.yml";
	AUTO_CLOSE int fd = mkstemps(path, 4);
	assert_true(fd >= 0);
	assert_true(fd_write_all(fd, text, strlen(text), err));
	bool is_loaded = environment_load(path, ret, problems, err);
	(void)unlink(path);
	return is_loaded;
}

static void all_keys_arrive(void **state)
{
	AUTO(environment_clear) struct environment environment = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(load("name: production\nprovider:\n  type: aws\n  region: eu-central-1\n"
			 "  instance_type: t3.small\n  subnets: [subnet-1, subnet-2]\n"
			 "  hosted_zone: example.com.\n  tags: {team: shop}\n",
			 &environment, &problems, &err));
	assert_string_equal(environment.type, "aws");
	assert_string_equal(environment.name, "production");
	assert_string_equal(environment.region, "eu-central-1");
	assert_int_equal(environment.aws.subnets.count, 2);
	assert_int_equal(environment.aws.log_retention_days, 14);
	assert_int_equal(environment.aws.termination_protection, SWITCH_LEFT);
	assert_string_equal(environment.tags[0].value, "shop");
	assert_int_equal(problems.count, 0);
}

static void mistakes_are_named_with_their_place(void **state)
{
	AUTO(environment_clear) struct environment environment = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_false(load("provider:\n  type: aws\n  regoin: x\n  network: net\n  subnets: one\n",
			  &environment, &problems, &err));
	assert_int_equal(problems.error_count, 3);
	assert_int_equal(problems.items[0].line, 3);
	assert_string_equal(problems.items[0].hint, "did you mean 'region'?");
	assert_null(environment.file);
}

/* A key that the cloud has no use for would be missed too late. */
static void what_aws_alone_does_is_refused_elsewhere(void **state)
{
	AUTO(environment_clear) struct environment environment = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_false(
		load("provider:\n  type: openstack\n  hosted_zone: example.com\n"
		     "  domain: example.com\n  tags: {team: shop}\n  restore: {data: snap-1}\n",
		     &environment, &problems, &err));
	assert_int_equal(problems.error_count, 4);
	for (size_t i = 0; i < problems.count; i++)
		assert_non_null(
			strstr(problems.items[i].message, "means nothing for type: openstack"));
}

static void a_switch_that_is_not_given_is_left_as_it_is(void **state)
{
	static const struct {
		const char *text;
		enum environment_switch is;
	} cases[] = {{"", SWITCH_LEFT},
		     {", termination_protection: true", SWITCH_ON},
		     {", termination_protection: false", SWITCH_OFF}};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(environment_clear) struct environment environment = {0};
		AUTO(problem_list_clear) struct problem_list problems = {0};
		AUTO_FREE char *text = xasprintf("provider: {type: aws%s}\n", cases[i].text);
		assert_true(load(text, &environment, &problems, NULL));
		assert_int_equal(environment.aws.termination_protection, cases[i].is);
	}
}

static void a_provider_needs_a_known_type(void **state)
{
	AUTO(environment_clear) struct environment environment = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_false(load("provider: {type: azure}\n", &environment, &problems, &err));
	assert_false(load("provider: {region: x}\n", &environment, &problems, &err));
	assert_false(load("name: x\n", &environment, &problems, &err));
	assert_false(load("", &environment, &problems, &err));
	assert_int_equal(problems.error_count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_keys_arrive),
		cmocka_unit_test(mistakes_are_named_with_their_place),
		cmocka_unit_test(what_aws_alone_does_is_refused_elsewhere),
		cmocka_unit_test(a_switch_that_is_not_given_is_left_as_it_is),
		cmocka_unit_test(a_provider_needs_a_known_type),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
