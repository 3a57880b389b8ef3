/* SPDX-License-Identifier: Apache-2.0 */
/* Pulls from a registry that is well, ill, locked, slow or false. */
#include "image/oci/registry.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/oci/registry_blobs.h"
#include "image/oci/registry_certificates.h"
#include "image/oci/resolve.h"
#include "registry_server.h"
#include "test.h"

enum { LAYER_SIZE = 600000 };

static char *folder;
static struct store *store;
static char *layer;
static struct registry_server server;

static int setup(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-registry-XXXXXX");
	if (mkdtemp(folder) == NULL || setenv("XDG_CONFIG_HOME", folder, 1) != 0 ||
	    setenv("DOCKER_CONFIG", folder, 1) != 0)
		return -1;
	(void)unsetenv("REGISTRY_AUTH_FILE");
	AUTO_FREE char *below = path_join(folder, "store");
	store = store_open(below, NULL);
	layer = xmalloc(LAYER_SIZE);
	uint32_t random = 1;
	for (size_t i = 0; i < LAYER_SIZE; i++) {
		random = random * 1664525u + 1013904223u;
		layer[i] = (char)(random >> 24);
	}
	server = (struct registry_server){0};
	registry_server_add_image(&server, layer, LAYER_SIZE);
	registry_server_start(&server);
	return store == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	registry_server_stop(&server);
	store_close(store);
	free(layer);
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

static bool pull(enum pull_policy policy, struct error *err)
{
	AUTO(oci_image_clear) struct oci_image image = {0};
	const struct image_options options = {0};
	AUTO_FREE char *name = xasprintf("127.0.0.1:%u/app:1", server.port);
	if (!image_resolve(store, name, policy, &options, NULL, &image, err))
		return false;
	assert_int_equal(image.layer_count, 1);
	assert_true(store_has(store, STORE_BLOB, &image.layers[0].digest));
	return true;
}

static void expect_pulled(void)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!pull(PULL_IF_NOT_PRESENT, &err))
		fail_msg("%s", err.message);
}

static void write_config(const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(folder, name);
	AUTO_FREE char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	assert_true(path_make_folders(parent, 0700, NULL));
	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static void log_in(const char *auth)
{
	AUTO_FREE char *text =
		xasprintf("{\"auths\":{\"127.0.0.1:%u\":{\"auth\":\"%s\"}}}", server.port, auth);
	write_config("config.json", text);
}

static void an_image_is_pulled_and_not_asked_for_again(void **state)
{
	(void)state;
	expect_pulled();
	unsigned before = server.requests;
	expect_pulled();
	assert_int_equal(server.requests, before);
	assert_true(pull(PULL_ALWAYS, NULL)); /* by HEAD, which no registry counts */
	assert_int_equal(server.heads, 1);
	assert_int_equal(server.requests, before + 1);
}

static void a_token_is_asked_for_without_a_password(void **state)
{
	(void)state;
	server.wants_token = true;
	expect_pulled();
	assert_int_equal(server.tokens, 1);
}

static void the_password_goes_to_the_token_server(void **state)
{
	(void)state;
	server.wants_token = true;
	server.login = "dTpw";
	log_in("dTpw");
	expect_pulled();
}

static void a_wrong_password_is_said_with_the_way_out(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	server.wants_token = true;
	server.login = "dTpw";
	log_in("dTp3cm9uZw==");
	assert_false(pull(PULL_IF_NOT_PRESENT, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_non_null(strstr(err.message, "wrong user or password"));
	assert_non_null(strstr(err.hint, "login"));
}

static void a_helper_that_is_not_installed_is_named(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	server.wants_token = true;
	write_config("config.json", "{\"credsStore\":\"i2kit-test-absent\"}");
	assert_false(pull(PULL_IF_NOT_PRESENT, &err));
	assert_non_null(strstr(err.message, "i2kit-test-absent"));
}

static void a_helper_is_asked_for_the_password(void **state)
{
	(void)state;
	AUTO_FREE char *path = path_join(folder, "bin/docker-credential-test");
	AUTO_FREE char *search = xasprintf("%s/bin:%s", folder, getenv("PATH"));
	server.wants_token = true;
	server.login = "dTpw";
	write_config("config.json", "{\"credsStore\":\"test\"}");
	write_config("bin/docker-credential-test",
		     "#!/bin/sh\ncat >/dev/null\necho '{\"Username\":\"u\",\"Secret\":\"p\"}'\n");
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(setenv("PATH", search, 1), 0);
	expect_pulled();
}

static void what_passes_is_tried_again(void **state)
{
	(void)state;
	server.fail_503 = 2;
	expect_pulled();
}

static void a_cut_layer_goes_on_where_it_ended(void **state)
{
	(void)state;
	server.cut_blobs = 3;
	expect_pulled();
	assert_true(server.ranges >= 1);
}

static void a_server_without_ranges_starts_over(void **state)
{
	(void)state;
	server.cut_blobs = 2;
	server.ignores_ranges = true;
	expect_pulled();
}

static void bytes_of_another_digest_are_refused(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	server.is_lying = true;
	assert_false(pull(PULL_IF_NOT_PRESENT, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	server.is_lying = false;
	expect_pulled();
}

static void an_image_that_is_not_there_is_said(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(oci_image_clear) struct oci_image image = {0};
	const struct image_options options = {0};
	(void)state;
	AUTO_FREE char *name = xasprintf("127.0.0.1:%u/app:absent", server.port);
	assert_false(image_resolve(store, name, PULL_ALWAYS, &options, NULL, &image, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_non_null(strstr(err.message, "MANIFEST_UNKNOWN"));
}

/* One byte in a while is no stall, and would go on for a week. */
static void a_transfer_has_a_deadline_as_a_whole(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(registry_close) struct registry registry = {0};
	AUTO_FREE char *host = xasprintf("127.0.0.1:%u", server.port);
	char prefix[] = "", name[] = "app", type[] = "application/octet-stream";
	struct registry_endpoint endpoint = {
		.host = host, .server = host, .prefix = prefix, .is_plain = true};
	const struct reference reference = {.host = host, .name = name};
	const struct source_request request = {.store = store, .reference = &reference};
	struct oci_descriptor blob = {.media_type = type, .size_bytes = 2000};
	const struct oci_descriptor *blobs[] = {&blob};
	(void)state;
	const char *digest = registry_server_add(&server, type, false, layer, 2000);
	assert_true(digest_parse(digest, &blob.digest));
	server.drip_ms = 20;
	assert_true(registry_open(&request, &endpoint, &registry, NULL));
	registry.patience_ms = 300;
	assert_false(registry_bring_blobs(&registry, &request, blobs, 1, &err));
	assert_int_equal(err.kind, ERROR_TIMEOUT);
	assert_non_null(strstr(err.message, "too slow"));
	assert_non_null(err.hint);
	server.drip_ms = 0;
	registry.patience_ms = 60000;
	error_clear(&err);
	if (!registry_bring_blobs(&registry, &request, blobs, 1, &err))
		fail_msg("%s", err.message);
	assert_true(server.ranges >= 1); /* it went on where it had stopped */
}

static void mirrors_are_asked_first_and_may_be_dead(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(oci_image_clear) struct oci_image image = {0};
	const struct image_options options = {0};
	(void)state;
	AUTO_FREE char *text = xasprintf("{\"registries\":[{\"host\":\"registry.invalid\","
					 "\"mirrors\":[\"http://127.0.0.1:1\","
					 "\"http://127.0.0.1:%u\"]}]}",
					 server.port);
	write_config("i2kit/registries.json", text);
	if (!image_resolve(store, "registry.invalid/app:1", PULL_ALWAYS, &options, NULL, &image,
			   &err))
		fail_msg("%s", err.message);
}

static void certificates_of_a_host_are_found(void **state)
{
	AUTO(registry_certificates_clear) struct registry_certificates found = {0};
	AUTO(registry_certificates_clear) struct registry_certificates none = {0};
	(void)state;
	write_config("containers/certs.d/host.example:5000/ca.crt",
		     "-----BEGIN CERTIFICATE-----\n");
	write_config("containers/certs.d/host.example:5000/client.cert", "cert");
	write_config("containers/certs.d/host.example:5000/client.key", "key");
	assert_true(registry_certificates_find("host.example:5000", &found, NULL));
	assert_non_null(found.ca_file);
	assert_non_null(strstr(found.client_cert_file, "client.cert"));
	assert_non_null(strstr(found.client_key_file, "client.key"));
	assert_true(registry_certificates_find("other.example", &none, NULL));
	assert_null(none.ca_file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_image_is_pulled_and_not_asked_for_again),
		TEST(a_token_is_asked_for_without_a_password),
		TEST(the_password_goes_to_the_token_server),
		TEST(a_wrong_password_is_said_with_the_way_out),
		TEST(a_helper_that_is_not_installed_is_named),
		TEST(a_helper_is_asked_for_the_password),
		TEST(what_passes_is_tried_again),
		TEST(a_cut_layer_goes_on_where_it_ended),
		TEST(a_server_without_ranges_starts_over),
		TEST(bytes_of_another_digest_are_refused),
		TEST(an_image_that_is_not_there_is_said),
		TEST(a_transfer_has_a_deadline_as_a_whole),
		TEST(mirrors_are_asked_first_and_may_be_dead),
		TEST(certificates_of_a_host_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
