/* SPDX-License-Identifier: Apache-2.0 */
/* What the OpenStack client decides without a cloud: addresses, documents, what an error says. */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/openstack/client/answer.h"
#include "cloud/openstack/client/catalog.h"
#include "cloud/openstack/client/login.h"

#include "test.h"

static void versions_are_added_where_there_are_none(void **state)
{
	static const struct {
		const char *url, *version, *whole;
	} cases[] = {
		{"http://c/compute/v2.1", "v2.1", "http://c/compute/v2.1"},
		{"http://c:8774/v2/123", "v2.1", "http://c:8774/v2/123"},
		{"http://image:9292", "v2", "http://image:9292/v2"},
		{"http://net/network", "v2.0", "http://net/network/v2.0"},
		{"http://vol:8776/v3/abc", "v3", "http://vol:8776/v3/abc"},
		{"http://vol:8776/v2/abc", "v3", "http://vol:8776/v3/abc"},
		{"http://v3.example/volume", "v3", "http://v3.example/volume/v3"},
		{"http://heat/v1/abc", NULL, "http://heat/v1/abc"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *whole = catalog_versioned(cases[i].url, cases[i].version);
		assert_string_equal(whole, cases[i].whole);
	}
}

static void the_identity_service_is_version_3(void **state)
{
	static const char *const urls[][2] = {
		{"http://k:5000", "http://k:5000/v3"},
		{"http://k:5000/", "http://k:5000/v3"},
		{"http://k:5000/v3/", "http://k:5000/v3"},
		{"http://k/identity", "http://k/identity/v3"},
		{"http://k/identity/v2.0", "http://k/identity/v3"},
		{"http://k/v3.14", "http://k/v3"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		AUTO_FREE char *url = openstack_identity_url(urls[i][0]);
		assert_string_equal(url, urls[i][1]);
	}
}

/* Answers of Debian 12's services. */
static void errors_of_every_shape_say_their_words(void **state)
{
	static const struct {
		int status;
		const char *body, *words;
	} cases[] = {
		{401,
		 "{\"error\":{\"code\":401,\"message\":\"The request you have made requires "
		 "authentication.\",\"title\":\"Unauthorized\"}}",
		 "The request you have made requires authentication."},
		{404,
		 "{\"itemNotFound\": {\"code\": 404, \"message\": \"Flavor 999 could not be "
		 "found.\"}}",
		 "Flavor 999 could not be found."},
		{409,
		 "{\"NeutronError\": {\"type\": \"OverQuota\", \"message\": \"Quota exceeded for "
		 "resources: ['security_group'].\", \"detail\": \"\"}}",
		 "Quota exceeded for resources: ['security_group']."},
		{400,
		 "{\"faultcode\": \"Client\", \"faultstring\": \"Invalid input\", \"debuginfo\": "
		 "null}",
		 "Invalid input"},
		{400,
		 "{\"errors\": [{\"status\": 400, \"title\": \"Bad Request\", \"detail\": \"no "
		 "such\"}]}",
		 "no such"},
		{404,
		 "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 "
		 "Not "
		 "Found</h1>\n  Failed to find image x.<br /><br />\n\n </body>\n</html>",
		 "404 Not Found 404 Not Found Failed to find image x."},
		{404,
		 "{\"message\": \"No image found with ID none<br /><br />\\n\\n\\n\", \"code\": "
		 "\"404 Not Found\", \"title\": \"Not Found\"}",
		 "No image found with ID none"},
		{404, "{\"message\": \"<br />\"}", NULL},
		{502, "upstream\x1b[31m is\tgone", NULL},
		{500, "", NULL},
		{500, "[]", NULL},
		{500, "{}", NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_response response = {.status = cases[i].status};
		AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		response.body = xstrdup(cases[i].body);
		response.body_size = strlen(cases[i].body);
		openstack_answer_read(&response, &answer);
		if (cases[i].words != NULL)
			assert_string_equal(answer.message, cases[i].words);
		assert_false(openstack_answer_error(&answer, "compute: GET /x", &err));
		assert_null(strchr(err.message, '\x1b'));
	}
}

static void what_is_worth_another_try(void **state)
{
	static const struct {
		int status;
		const char *retry_after;
		bool is_repeatable, is_transient;
	} cases[] = {
		{429, NULL, false, true},  {503, NULL, false, true},  {500, NULL, true, true},
		{500, NULL, false, false}, {413, "3", false, true},   {413, NULL, true, false},
		{409, "3", true, false},   {502, NULL, false, false}, {401, NULL, true, false}};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_response response = {.status = cases[i].status};
		AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
		if (cases[i].retry_after != NULL)
			string_list_addf(&response.headers, "retry-after: %s",
					 cases[i].retry_after);
		openstack_answer_read(&response, &answer);
		string_list_clear(&response.headers);
		assert_int_equal(openstack_answer_is_transient(&answer, cases[i].is_repeatable),
				 cases[i].is_transient);
	}
}

static void nobody_is_waited_for_longer_than_ten_minutes(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} cases[] = {{"7", 7000},
		     {"100000", 600000},
		     {"18446744073709551615", 0},
		     {"soon", 0},
		     {"Wed, 25 Nov 2020 02:31:23 GMT", 0}};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_response response = {.status = 429};
		AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
		string_list_addf(&response.headers, "retry-after: %s", cases[i].text);
		openstack_answer_read(&response, &answer);
		string_list_clear(&response.headers);
		assert_int_equal(answer.retry_after_ms, cases[i].ms);
	}
}

/* A cloud of "key=value" words; NULL ends them. */
static void fill(struct openstack_settings *settings, const char *type, const char *const *words)
{
	settings->cloud = xstrdup("test");
	settings->auth_type = xstrdup(type);
	for (size_t i = 0; words[i] != NULL; i++) {
		const char *sign = strchr(words[i], '=');
		AUTO_FREE char *key = xasprintf("auth.%.*s", (int)(sign - words[i]), words[i]);
		cloud_values_set(&settings->values, key, sign + 1);
	}
}

static void documents_are_what_keystone_takes(void **state)
{
	static const struct {
		const char *type;
		const char *words[8];
		const char *document;
	} cases[] = {
		{"password",
		 {"auth_url=u", "username=a\"", "password=p", "project_name=w"},
		 "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{"
		 "\"name\":"
		 "\"a\\\"\",\"domain\":{\"id\":\"default\"},\"password\":\"p\"}}},\"scope\":{"
		 "\"project\":{"
		 "\"name\":\"w\",\"domain\":{\"id\":\"default\"}}}}}"},
		{"v3password",
		 {"auth_url=u", "user_id=1", "password=p", "project_id=2", "user_domain_name=D"},
		 "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{"
		 "\"id\":"
		 "\"1\",\"password\":\"p\"}}},\"scope\":{\"project\":{\"id\":\"2\"}}}}"},
		{"v3applicationcredential",
		 {"auth_url=u", "application_credential_id=i", "application_credential_secret=s",
		  "project_name=w"},
		 "{\"auth\":{\"identity\":{\"methods\":[\"application_credential\"],"
		 "\"application_credential\":{\"secret\":\"s\",\"id\":\"i\"}}}}"},
		{"v3applicationcredential",
		 {"auth_url=u", "application_credential_name=n", "application_credential_secret=s",
		  "username=a", "user_domain_name=D"},
		 "{\"auth\":{\"identity\":{\"methods\":[\"application_credential\"],"
		 "\"application_credential\":{\"secret\":\"s\",\"name\":\"n\",\"user\":{\"name\":"
		 "\"a\","
		 "\"domain\":{\"name\":\"D\"}}}}}}"},
		{"token",
		 {"auth_url=u", "token=t", "project_id=2"},
		 "{\"auth\":{\"identity\":{\"methods\":[\"token\"],\"token\":{\"id\":\"t\"}},"
		 "\"scope\":{"
		 "\"project\":{\"id\":\"2\"}}}}"},
		{"password", {"auth_url=u", "username=a", "project_id=2"}, NULL},
		{"password", {"auth_url=u", "username=a", "password=p"}, NULL},
		{"password", {"username=a", "password=p", "project_id=2"}, NULL},
		{"v3applicationcredential",
		 {"auth_url=u", "application_credential_name=n", "application_credential_secret=s"},
		 NULL},
		{"v3totp", {"auth_url=u", "username=a", "project_id=2"}, NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(openstack_settings_clear) struct openstack_settings settings = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		fill(&settings, cases[i].type, cases[i].words);
		AUTO_FREE char *document = openstack_login_document(&settings, &err);
		if (cases[i].document != NULL) {
			assert_non_null(document);
			assert_string_equal(document, cases[i].document);
		} else {
			assert_null(document);
			assert_non_null(err.message);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_added_where_there_are_none),
		cmocka_unit_test(the_identity_service_is_version_3),
		cmocka_unit_test(errors_of_every_shape_say_their_words),
		cmocka_unit_test(what_is_worth_another_try),
		cmocka_unit_test(nobody_is_waited_for_longer_than_ten_minutes),
		cmocka_unit_test(documents_are_what_keystone_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
