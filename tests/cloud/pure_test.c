/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/xml.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/endpoint.h"
#include "cloud/aws/client/ini.h"
#include "cloud/aws/client/pager.h"
#include "cloud/aws/client/request.h"
#include "cloud/aws/disk/block_map.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/config_diff.h"

/* What botocore's rules for Sign-In give. */
static void sign_in_is_where_the_console_is(void **state)
{
	static const struct {
		const char *region;
		const char *plain;
		const char *fips;
		const char *dual;
	} rows[] = {
		{"eu-west-1", "https://eu-west-1.signin.aws.amazon.com",
		 "https://signin-fips.eu-west-1.amazonaws.com", "https://signin.eu-west-1.api.aws"},
		{"cn-north-1", "https://cn-north-1.signin.amazonaws.cn",
		 "https://signin-fips.cn-north-1.amazonaws.com.cn",
		 "https://signin.cn-north-1.api.amazonwebservices.com.cn"},
		{"us-gov-west-1", "https://us-gov-west-1.signin.amazonaws-us-gov.com",
		 "https://signin-fips.amazonaws-us-gov.com",
		 "https://signin.us-gov-west-1.api.aws"},
		{"us-iso-east-1", "https://us-iso-east-1.signin.c2shome.ic.gov",
		 "https://signin-fips.us-iso-east-1.c2s.ic.gov",
		 "https://signin.us-iso-east-1.api.aws.ic.gov"},
		{"us-isob-east-1", "https://us-isob-east-1.signin.sc2shome.sgov.gov",
		 "https://signin-fips.us-isob-east-1.sc2s.sgov.gov",
		 "https://signin.us-isob-east-1.api.aws.scloud"},
		{"eusc-de-east-1", "https://eusc-de-east-1.signin.amazonaws-eusc.eu",
		 "https://signin-fips.eusc-de-east-1.amazonaws.eu",
		 "https://signin.eusc-de-east-1.api.amazonwebservices.eu"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct aws_settings settings = {.profile = (char[]){"default"},
						.ignore_endpoints = true};
		AUTO_FREE char *plain = aws_endpoint_url(&settings, &AWS_SIGNIN, rows[i].region);
		settings.use_fips = true;
		AUTO_FREE char *fips = aws_endpoint_url(&settings, &AWS_SIGNIN, rows[i].region);
		settings.use_fips = false;
		settings.use_dualstack = true;
		AUTO_FREE char *dual = aws_endpoint_url(&settings, &AWS_SIGNIN, rows[i].region);
		assert_string_equal(plain, rows[i].plain);
		assert_string_equal(fips, rows[i].fips);
		assert_string_equal(dual, rows[i].dual);
	}
}

static void endpoints_follow_partition_and_overrides(void **state)
{
	(void)state;
	struct aws_settings settings = {.profile = xstrdup("default")};
	(void)unsetenv("AWS_ENDPOINT_URL");
	AUTO_FREE char *plain = aws_endpoint_url(&settings, &AWS_EBS, "eu-west-1");
	assert_string_equal(plain, "https://ebs.eu-west-1.amazonaws.com");
	AUTO_FREE char *china = aws_endpoint_url(&settings, &AWS_EC2, "cn-north-1");
	assert_string_equal(china, "https://ec2.cn-north-1.amazonaws.com.cn");
	AUTO_FREE char *global = aws_endpoint_url(&settings, &AWS_ROUTE53, "us-gov-west-1");
	assert_string_equal(global, "https://route53.amazonaws.com");
	assert_string_equal(aws_signing_region(&AWS_ROUTE53, "eu-west-1"), "us-east-1");
	settings.use_fips = true;
	AUTO_FREE char *fips = aws_endpoint_url(&settings, &AWS_EC2, "us-east-1");
	assert_string_equal(fips, "https://ec2-fips.us-east-1.amazonaws.com");
	/* As Amazon's own rules have it: GovCloud's plain names are the FIPS ones, but for some. */
	AUTO_FREE char *gov = aws_endpoint_url(&settings, &AWS_EC2, "us-gov-west-1");
	assert_string_equal(gov, "https://ec2.us-gov-west-1.amazonaws.com");
	AUTO_FREE char *gov_ebs = aws_endpoint_url(&settings, &AWS_EBS, "us-gov-west-1");
	assert_string_equal(gov_ebs, "https://ebs-fips.us-gov-west-1.amazonaws.com");
	settings.use_fips = false;
	assert_int_equal(setenv("AWS_ENDPOINT_URL", "http://all/", 1), 0);
	assert_int_equal(setenv("AWS_ENDPOINT_URL_EBS", "http://blocks:1/x/", 1), 0);
	AUTO_FREE char *own = aws_endpoint_url(&settings, &AWS_EBS, "eu-west-1");
	assert_string_equal(own, "http://blocks:1/x");
	AUTO_FREE char *all = aws_endpoint_url(&settings, &AWS_EC2, "eu-west-1");
	assert_string_equal(all, "http://all");
	(void)unsetenv("AWS_ENDPOINT_URL");
	(void)unsetenv("AWS_ENDPOINT_URL_EBS");
	aws_settings_clear(&settings);
}

static void a_region_that_is_no_host_name_is_refused(void **state)
{
	(void)state;
	assert_true(aws_region_is_valid("us-gov-west-1"));
	assert_false(aws_region_is_valid("eu-west-1/x"));
	assert_false(aws_region_is_valid("evil.example"));
	assert_false(aws_region_is_valid(""));
}

static void sub_keys_are_read_below_their_key(void **state)
{
	(void)state;
	AUTO(ini_clear) struct ini ini = {0};
	assert_true(
		ini_parse("[profile  'dev']\nRegion = x\ns3 =\n  addressing_style = path\nb=1\n",
			  "t", &ini, NULL));
	assert_string_equal(ini_get(&ini, "profile dev", "region"), "x");
	assert_string_equal(ini_get(&ini, "profile dev", "s3.addressing_style"), "path");
	assert_string_equal(ini_get(&ini, "profile dev", "b"), "1");
	assert_null(ini_get(&ini, "dev", "region"));
}

static void an_xml_document_type_is_refused(void **state)
{
	(void)state;
	static const char bomb[] = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_null(xml_parse(bomb, strlen(bomb), &err));
	assert_non_null(strstr(err.message, "document type"));
	static const char good[] = "<n:a xmlns:n='u'><b><c> 1 &amp; 2 </c></b><b/></n:a>";
	AUTO_PTR(xml) struct xml *root = xml_parse(good, strlen(good), NULL);
	assert_string_equal(xml_text(root, "b/c"), "1 & 2");
	assert_null(xml_text(root, "b/d"));
}

static void a_difference_writes_changes_and_zeroes_what_is_gone(void **state)
{
	(void)state;
	struct block parent_blocks[] = {{0, {1}}, {2, {2}}, {9, {3}}};
	struct block disk_blocks[] = {{0, {1}}, {2, {7}}, {3, {4}}};
	struct block_map parent = {parent_blocks, 3, 10};
	struct block_map disk = {disk_blocks, 3, 5};
	AUTO(block_map_clear) struct block_map out = {0};
	block_map_difference(&disk, &parent, &out);
	assert_int_equal(out.total, 10);
	assert_int_equal(out.count, 3);
	assert_int_equal(out.blocks[0].index, 2);
	assert_int_equal(out.blocks[0].digest.bytes[0], 7);
	assert_int_equal(out.blocks[1].index, 3);
	/* Block 9 has to become zero: the digest of 512 KiB of zeros. */
	assert_int_equal(out.blocks[2].index, 9);
	assert_int_equal(out.blocks[2].digest.bytes[0], 0x07);
}

static void different_names_give_different_logical_ids(void **state)
{
	(void)state;
	static const char *const names[] = {"a1",    "a-1",   "ab", "a-b", "a.b", "a--b",
					    "a-x-b", "a---b", "x",  "a-y", "ay"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (size_t j = i + 1; j < ARRAY_SIZE(names); j++) {
			AUTO_FREE char *one = stack_logical_id(names[i], "");
			AUTO_FREE char *two = stack_logical_id(names[j], "");
			assert_string_not_equal(one, two);
		}
		AUTO_FREE char *id = stack_logical_id(names[i], "Group");
		AUTO_FREE char *back = stack_logical_name(id, "Group");
		assert_string_equal(back, names[i]);
	}
}

static void configurations_are_compared_without_values(void **state)
{
	(void)state;
	/* base64 and SHA-256 of "x" */
	static const char here[] =
		"{\"containers\":{\"c\":{\"env\":[{\"name\":\"A\",\"value\":\"geheim\"},"
		"{\"name\":\"B\",\"value\":\"2\"}]}},"
		"\"secrets\":{\"s\":{\"k\":{\"base64\":\"eA==\"}}}}";
	static const char there[] =
		"{\"containers\":{\"c\":{\"env\":[{\"name\":\"A\",\"value\":\"1\"},"
		"{\"name\":\"C\",\"value\":\"3\"}]}},"
		"\"secrets\":{\"s\":{\"k\":{\"ref\":\"ssm:/x\",\"sha256\":"
		"\"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\"}}}}";
	AUTO(config_difference_list_clear) struct config_difference_list list = {0};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	assert_true(config_diff_make(here, there, &list, NULL));
	for (size_t i = 0; i < list.count; i++)
		strbuf_appendf(&text, "%s: %s\n", list.items[i].path,
			       config_side_name(list.items[i].side));
	assert_string_equal(strbuf_text(&text), "containers.c.env.A: differs\n"
						"containers.c.env.B: only here\n"
						"containers.c.env.C: only there\n");
}

/* Whoever mistyped the secret is not sent to look for permissions. */
static void a_wrong_secret_is_told_as_such(void **state)
{
	char code[] = "SignatureDoesNotMatch";
	char message[] = "The request signature we calculated does not match";
	const struct aws_call call = {.service = &AWS_STS, .action = "GetCallerIdentity"};
	const struct aws_answer answer = {.status = 403, .code = code, .message = message};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	assert_false(aws_answer_error(&call, &answer, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_non_null(strstr(err.hint, "the secret is not its"));
}

static void pages_end_with_the_last_or_with_patience(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(aws_pager_clear) struct aws_pager pager = {.action = "DescribeThings", .most = 3};
	(void)state;
	assert_true(aws_pager_turn(&pager, "second", &err));
	assert_string_equal(pager.token, "second");
	/* The token may be the one of before, as an alias too. */
	assert_true(aws_pager_turn(&pager, pager.token, &err));
	assert_string_equal(pager.token, "second");
	assert_false(aws_pager_turn(&pager, "fourth", &err));
	assert_string_equal(err.message, "DescribeThings does not come to an end");
	aws_pager_clear(&pager);
	pager.count = 2;
	assert_true(aws_pager_turn(&pager, "", NULL));
	assert_null(pager.token);
	assert_int_equal(pager.count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_follow_partition_and_overrides),
		cmocka_unit_test(sign_in_is_where_the_console_is),
		cmocka_unit_test(a_region_that_is_no_host_name_is_refused),
		cmocka_unit_test(sub_keys_are_read_below_their_key),
		cmocka_unit_test(an_xml_document_type_is_refused),
		cmocka_unit_test(a_difference_writes_changes_and_zeroes_what_is_gone),
		cmocka_unit_test(different_names_give_different_logical_ids),
		cmocka_unit_test(configurations_are_compared_without_values),
		cmocka_unit_test(a_wrong_secret_is_told_as_such),
		cmocka_unit_test(pages_end_with_the_last_or_with_patience),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
