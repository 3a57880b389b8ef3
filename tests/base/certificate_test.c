/* SPDX-License-Identifier: Apache-2.0 */
#include "base/certificate.h"

#include <string.h>

#include "base/cleanup.h"
#include "test.h"

static void make(const char *name, struct certificate *authority, struct certificate *server)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	string_list_add(&names, name);
	string_list_add(&names, "*.localhost");
	assert_true(certificate_make_authority("test", 10, authority, &err));
	assert_true(certificate_make_server(authority, &names, 5, server, &err));
}

static bool is_pair(const char *chain, const char *key)
{
	AUTO(error_clear) struct error err = ERROR_INIT;

	return certificate_check(chain, strlen(chain), key, strlen(key), &err);
}

static void a_server_is_signed_by_its_authority_and_by_no_other(void **state)
{
	AUTO(certificate_clear) struct certificate authority = {0};
	AUTO(certificate_clear) struct certificate server = {0};
	AUTO(certificate_clear) struct certificate other = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	make("shop.example.com", &authority, &server);
	assert_true(certificate_make_authority("other", 10, &other, &err));
	assert_true(certificate_is_good(&server, &authority, 4));
	assert_false(certificate_is_good(&server, &authority, 6));
	assert_false(certificate_is_good(&server, &other, 4));
}

static void a_key_fits_its_own_certificate_alone(void **state)
{
	AUTO(certificate_clear) struct certificate authority = {0};
	AUTO(certificate_clear) struct certificate server = {0};
	(void)state;
	make("shop.example.com", &authority, &server);
	assert_true(is_pair(server.certificate, server.key));
	assert_false(is_pair(server.certificate, authority.key));
	assert_false(is_pair("-----BEGIN CERTIFICATE-----\nAAAA\n", server.key));
	assert_false(is_pair(server.certificate, ""));
	assert_false(is_pair("", ""));
}

static void what_is_no_name_gets_no_certificate(void **state)
{
	static const char *const names[] = {"a,DNS:b", "a:b", "", "a\nb", "A"};
	AUTO(certificate_clear) struct certificate authority = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(certificate_make_authority("test", 10, &authority, &err));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
		AUTO(certificate_clear) struct certificate server = {0};
		AUTO(error_clear) struct error problem = ERROR_INIT;
		string_list_add(&list, names[i]);
		assert_false(certificate_make_server(&authority, &list, 5, &server, &problem));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_signed_by_its_authority_and_by_no_other),
		cmocka_unit_test(a_key_fits_its_own_certificate_alone),
		cmocka_unit_test(what_is_no_name_gets_no_certificate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
