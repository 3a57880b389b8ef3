/* SPDX-License-Identifier: Apache-2.0 */
/* What registries and logins say, as text. */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/oci/docker_config.h"
#include "image/oci/oci_document.h"
#include "image/oci/registry_authorize.h"
#include "image/oci/registry_config.h"
#include "image/oci/www_authenticate.h"
#include "test.h"

#define D "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void challenges_are_read(void **state)
{
	static const struct {
		const char *header;
		enum auth_scheme scheme;
		const char *realm;
		const char *scope;
	} good[] = {
		{"Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
		 "scope=\"repository:library/nginx:pull\"",
		 AUTH_BEARER, "https://auth.docker.io/token", "repository:library/nginx:pull"},
		{"Basic realm=\"a \\\"b\\\"\"", AUTH_BASIC, "a \"b\"", NULL},
		{"bearer REALM = plain , x=\"y\"", AUTH_BEARER, "plain", NULL},
		{"Basic realm=\"x\", Bearer realm=\"y\",scope=\"a,b\"", AUTH_BEARER, "y", "a,b"},
		{"Negotiate YWJj==, Basic realm=x", AUTH_BASIC, "x", NULL},
		{"Digest realm=\"x\", nonce=\"1\"", AUTH_NONE, NULL, NULL},
		{"", AUTH_NONE, NULL, NULL},
		{"Basic", AUTH_BASIC, NULL, NULL},
	};
	static const char *const bad[] = {"Bearer realm=\"x", "Bearer realm=\"x\\", "=x", "\"x\"",
					  "Bearer a=b c\"d\""};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO(auth_challenge_clear) struct auth_challenge challenge = {0};
		if (!www_authenticate_parse(good[i].header, &challenge, &err))
			fail_msg("%s: %s", good[i].header, err.message);
		assert_int_equal(challenge.scheme, good[i].scheme);
		if (good[i].realm != NULL)
			assert_string_equal(challenge.realm, good[i].realm);
		if (good[i].scope != NULL)
			assert_string_equal(challenge.scope, good[i].scope);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(auth_challenge_clear) struct auth_challenge challenge = {0};
		if (www_authenticate_parse(bad[i], &challenge, NULL))
			fail_msg("accepted: %s", bad[i]);
	}
}

static void logins_are_found_as_docker_finds_them(void **state)
{
	static const struct {
		const char *json;
		const char *host;
		const char *name;
		const char *username; /* or NULL */
		const char *helper;   /* or NULL */
		const char *server;
	} cases[] = {
		{"{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"dTpw\"}}}", "docker.io",
		 "library/x", "u", NULL, NULL},
		{"{\"auths\":{\"quay.io\":{\"auth\":\"dTpw\"},\"quay.io/org\":{\"auth\":"
		 "\"djpw\"}}}",
		 "quay.io", "org/app", "v", NULL, NULL},
		{"{\"auths\":{\"quay.io/org\":{\"auth\":\"djpw\"}}}", "quay.io", "organ/app", NULL,
		 NULL, NULL},
		{"{\"auths\":{\"h:5000\":{\"username\":\"a\",\"password\":\"b\"}}}", "h:5000", "x",
		 "a", NULL, NULL},
		{"{\"credsStore\":\"desktop\",\"auths\":{\"h\":{}}}", "h", "x", NULL, "desktop",
		 "h"},
		{"{\"credsStore\":\"desktop\"}", "docker.io", "x", NULL, "desktop",
		 "https://index.docker.io/v1/"},
		{"{\"credHelpers\":{\"h\":\"ecr-login\"},\"auths\":{\"h\":{\"auth\":\"dTpw\"}}}",
		 "h", "x", NULL, "ecr-login", "h"},
		{"{}", "h", "x", NULL, NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO(credential_clear) struct credential credential = {0};
		if (!docker_config_find(cases[i].json, strlen(cases[i].json), cases[i].host,
					cases[i].name, &credential, &err))
			fail_msg("%s: %s", cases[i].json, err.message);
		if (cases[i].username != NULL)
			assert_string_equal(credential.username, cases[i].username);
		else
			assert_null(credential.username);
		if (cases[i].helper != NULL) {
			assert_string_equal(credential.helper, cases[i].helper);
			assert_string_equal(credential.server, cases[i].server);
		} else {
			assert_null(credential.helper);
		}
	}
}

static void broken_logins_are_errors(void **state)
{
	static const char *const bad[] = {"",
					  "[]",
					  "{\"auths\":{\"h\":{\"auth\":\"!\"}}}",
					  "{\"auths\":{\"h\":{\"auth\":\"YWJj\"}}}",
					  "{\"credHelpers\":{\"h\":\"../evil\"}}",
					  "{\"credsStore\":\"a b\"}"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(credential_clear) struct credential credential = {0};
		if (docker_config_find(bad[i], strlen(bad[i]), "h", "x", &credential, NULL))
			fail_msg("accepted: %s", bad[i]);
	}
}

static void tokens_cannot_carry_headers(void **state)
{
	AUTO_FREE char *token = NULL;
	const char *good = "{\"access_token\":\"a.b-c_d~e+f/g==\"}";
	const char *evil = "{\"token\":\"a\\r\\nX: y\"}";
	(void)state;
	assert_true(registry_parse_token(good, strlen(good), &token, NULL));
	assert_string_equal(token, "a.b-c_d~e+f/g==");
	free(TAKE_PTR(token));
	assert_false(registry_parse_token(evil, strlen(evil), &token, NULL));
	assert_false(registry_parse_token("{}", 2, &token, NULL));
}

static void mirrors_come_before_the_registry(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(registry_endpoint_list_clear) struct registry_endpoint_list list = {0};
	bool is_insecure = false;
	const char *text = "{\"registries\":[{\"host\":\"docker.io\",\"mirrors\":"
			   "[\"https://m.example/hub/\",\"http://127.0.0.1:5000\"]},"
			   "{\"host\":\"h\",\"insecure\":true}]}";
	const char *daemon = "{\"registry-mirrors\":[\"https://d.example\"],"
			     "\"insecure-registries\":[\"h\"]}";
	(void)state;
	assert_true(
		registry_config_add(text, strlen(text), "docker.io", &list, &is_insecure, &err));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].host, "m.example");
	assert_string_equal(list.items[0].prefix, "hub/");
	assert_false(list.items[0].is_plain);
	assert_true(list.items[1].is_plain);
	assert_false(is_insecure);
	assert_true(docker_daemon_config_add(daemon, strlen(daemon), "docker.io", &list,
					     &is_insecure, &err));
	assert_int_equal(list.count, 3);
	assert_true(registry_config_add(text, strlen(text), "h", &list, &is_insecure, &err));
	assert_true(is_insecure);
}

static void mirrors_that_hide_their_host_are_refused(void **state)
{
	static const char *const bad[] = {"http://localhost:x@evil", "https://m.example/?a=b",
					  "https://m.example/#x",    "http://[::1]evil:80",
					  "ftp://m.example",	     "http://m example"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(registry_endpoint_list_clear) struct registry_endpoint_list list = {0};
		bool is_insecure = false;
		AUTO_FREE char *text = xasprintf(
			"{\"registries\":[{\"host\":\"h\",\"mirrors\":[\"%s\"]}]}", bad[i]);
		if (registry_config_add(text, strlen(text), "h", &list, &is_insecure, NULL))
			fail_msg("accepted: %s", bad[i]);
	}
}

/* `http://localhost:x@evil/` begins like a host of this machine. */
static void the_password_goes_to_no_host_in_disguise(void **state)
{
	static const char *const bad[] = {
		"http://localhost:x@evil/",  "http://localhost@evil/",	"http://127.0.0.1:1@evil/t",
		"http://[::1]:80@evil/",     "http://evil/token",	"http://localhost.evil/",
		"http://[::1]evil/",	     "http://127.0.0.1.evil/t", "https://u:p@auth.example/",
		"http://localhost\\@evil/t", "ftp://localhost/",	"localhost/token",
		"http://evil#@localhost/",   "http://evil?@localhost/", NULL,
	};
	static const char *const good[] = {"https://auth.example/token", "http://localhost:5000/t",
					   "http://127.0.0.1/token", "http://[::1]:5000/token?a=b"};
	char host[] = "r.example";
	struct registry_endpoint endpoint = {.host = host};
	struct registry_endpoint plain = {.host = host, .is_plain = true};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (registry_realm_is_safe(&endpoint, bad[i], NULL))
			fail_msg("sent to %s", bad[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		if (!registry_realm_is_safe(&endpoint, good[i], &err))
			fail_msg("%s: %s", good[i], err.message);
	}
	/* Even where http is allowed, no URL with a user in it. */
	assert_true(registry_realm_is_safe(&plain, "http://other.example/token", NULL));
	assert_false(registry_realm_is_safe(&plain, "http://localhost:x@evil/", NULL));
}

#define LAYER(type) "{\"mediaType\":\"" type "\",\"digest\":\"" D "\",\"size\":3}"
#define MANIFEST(config, layers)                                                                   \
	"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" config "\",\"digest\":\"" D            \
	"\",\"size\":2},\"layers\":[" layers "]}"

static void manifests_that_are_no_image_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum error_kind kind;
	} bad[] = {
		{"", ERROR_INVALID},
		{"[]", ERROR_INVALID},
		{"{\"schemaVersion\":1}", ERROR_UNSUPPORTED},
		{"{\"layers\":[]}", ERROR_INVALID},
		{"{\"manifests\":[],\"layers\":[]}", ERROR_INVALID},
		{"{\"a\":1,\"a\":2}", ERROR_INVALID},
		{MANIFEST("application/vnd.cncf.helm.config.v1+json", ""), ERROR_UNSUPPORTED},
		{MANIFEST(MEDIA_OCI_CONFIG,
			  LAYER("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")),
		 ERROR_UNSUPPORTED},
		{MANIFEST(MEDIA_OCI_CONFIG, LAYER("application/vnd.oci.empty.v1+json")),
		 ERROR_UNSUPPORTED},
		{"{\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG
		 "\",\"digest\":\"md5:1\",\"size\":1},\"layers\":[]}",
		 ERROR_UNSUPPORTED},
		{"{\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG "\",\"digest\":\"" D
		 "\",\"size\":-1},\"layers\":[]}",
		 ERROR_INVALID},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO(oci_document_clear) struct oci_document document = {0};
		if (oci_document_parse(bad[i].text, strlen(bad[i].text), NULL, &document, &err))
			fail_msg("accepted: %s", bad[i].text);
		if (err.kind != bad[i].kind)
			fail_msg("%s: %s", bad[i].text, err.message);
	}
}

static void layers_of_every_kind_are_taken(void **state)
{
	const char *text = MANIFEST(
		MEDIA_OCI_CONFIG,
		LAYER(MEDIA_OCI_LAYER) "," LAYER(MEDIA_OCI_LAYER "+gzip") "," LAYER(
			MEDIA_OCI_LAYER
			"+zstd") "," LAYER("application/vnd.docker.image.rootfs.diff.tar.gzip"));
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(oci_document_clear) struct oci_document document = {0};
	(void)state;
	if (!oci_document_parse(text, strlen(text), MEDIA_DOCKER_MANIFEST, &document, &err))
		fail_msg("%s", err.message);
	assert_int_equal(document.item_count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenges_are_read),
		cmocka_unit_test(logins_are_found_as_docker_finds_them),
		cmocka_unit_test(broken_logins_are_errors),
		cmocka_unit_test(tokens_cannot_carry_headers),
		cmocka_unit_test(mirrors_come_before_the_registry),
		cmocka_unit_test(mirrors_that_hide_their_host_are_refused),
		cmocka_unit_test(the_password_goes_to_no_host_in_disguise),
		cmocka_unit_test(manifests_that_are_no_image_are_refused),
		cmocka_unit_test(layers_of_every_kind_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
