/* SPDX-License-Identifier: Apache-2.0 */
/* User data as the guest reads it: with the one reader of wire/release_document.h. */
#include "cloud/aws/stack/user_data.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "release/config.h"
#include "test.h"
#include "wire/release_document.h"

static const char manifest[] =
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec:\n"
	"  containers:\n  - name: web\n    image: nginx\n"
	"    env:\n    - {name: GREETING, value: \"gr\u00fc\u00df \U0001f600 {{x}}\"}\n"
	"    - {name: S, valueFrom: {secretKeyRef: {name: s, key: p}}}\n"
	"---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: hunter2}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: red-is}\n"
	"spec: {selector: {app: web}, ports: [{name: main, port: 6379}, {name: dns, port: 53, "
	"protocol: UDP}]}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: hidden}\n"
	"spec: {clusterIP: None, selector: {app: web}, ports: [{port: 1}]}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: mail}\n"
	"spec: {type: ExternalName, externalName: mail.example.com}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\n"
	"spec: {ports: [{port: 5432}]}\n"
	"---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\n"
	"subsets: [{addresses: [{ip: 192.0.2.7}], ports: [{port: 6000}]}]\n";

static void make(struct user_data *ret, struct release *ret_release)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(release_config_clear) struct release_config config = {0};
	struct load_options options = {.project = "shop", .folder = "/"};
	if (!app_load_text(&options, "-", manifest, strlen(manifest), &app, &problems, &err))
		fail_msg("%s", problems.count > 0 ? problems.items[0].message : err.message);
	assert_true(release_config_make(&app, &app.pods[0], &config, &err));
	struct user_data_input input = {.app = &app,
					.pod = &app.pods[0],
					.config_json = config.json,
					.id = {sha256_digest("disk", 4), config.digest},
					.stack = "shop-prod",
					.region = "eu-north-1"};
	if (!user_data_make(&input, ret, &err))
		fail_msg("%s", err.message);
	if (!release_document_read(ret->text, strlen(ret->text), ret_release, &err))
		fail_msg("%s: %s", err.message, ret->text);
}

static void the_guest_finds_what_is_outside_as_on_the_laptop(void **state)
{
	AUTO(user_data_clear) struct user_data data = {0};
	AUTO(release_clear) struct release release = {0};
	(void)state;
	make(&data, &release);
	assert_int_equal(release.hosts.count, 2);
	assert_string_equal(release.hosts.entries[0].alias, "mail.example.com");
	assert_int_equal(release.proxy_count, 1);
	assert_string_equal(release.proxies[0].targets.items[0], "192.0.2.7:6000");
	assert_string_equal(release.proxies[0].ip, release.hosts.entries[1].ip);
}

static void the_cloud_tells_of_services_as_the_laptop_does(void **state)
{
	static const char *const ends[] = {
		"RED_IS_SERVICE_HOST=red-is.",	     "RED_IS_SERVICE_PORT=6379",
		"RED_IS_SERVICE_PORT_MAIN=6379",     "RED_IS_SERVICE_PORT_DNS=53",
		"RED_IS_PORT=tcp://red-is.",	     "RED_IS_PORT_6379_TCP=tcp://red-is.",
		"RED_IS_PORT_6379_TCP_PROTO=tcp",    "RED_IS_PORT_6379_TCP_PORT=6379",
		"RED_IS_PORT_6379_TCP_ADDR=red-is.", "RED_IS_PORT_53_UDP=udp://red-is.",
		"RED_IS_PORT_53_UDP_PROTO=udp",	     "RED_IS_PORT_53_UDP_PORT=53",
		"RED_IS_PORT_53_UDP_ADDR=red-is.",
	};
	AUTO(user_data_clear) struct user_data data = {0};
	AUTO(release_clear) struct release release = {0};
	(void)state;
	make(&data, &release);
	const size_t of_db = 7;
	assert_int_equal(release.service_env.count, ARRAY_SIZE(ends) + of_db);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		assert_memory_equal(release.service_env.items[i], ends[i], strlen(ends[i]));
}

static void secrets_are_referred_to_and_everything_else_arrives(void **state)
{
	AUTO(user_data_clear) struct user_data data = {0};
	AUTO(release_clear) struct release release = {0};
	(void)state;
	make(&data, &release);
	const struct release_map *secret = release_map(&release, "s", true);
	const struct map_entry *entry = config_map_entry(secret, "p");
	assert_non_null(entry);
	assert_null(entry->bytes);
	assert_memory_equal(entry->reference, "ssm:/i2kit/shop-prod/secrets/s/p/", 33);
	assert_int_equal(strlen(entry->sha256), 64);
	assert_non_null(parameter_list_find(&data.puts, entry->reference + 4));
	assert_null(strstr(data.text, "hunter2"));
	assert_null(strstr(data.text, "aHVudGVyMg=="));
	assert_string_equal(release.containers[0].env[0].value, "gr\u00fc\u00df \U0001f600 {{x}}");
	assert_true(release.network.is_dhcp);
	assert_string_equal(release.where, "aws");
	assert_string_equal(release.cloud.region, "eu-north-1");
	assert_string_equal(release.cloud.signal_stack, "shop-prod");
}

static void the_text_is_fit_for_cloudformation(void **state)
{
	AUTO(user_data_clear) struct user_data data = {0};
	AUTO(release_clear) struct release release = {0};
	(void)state;
	make(&data, &release);
	for (const char *c = data.text; *c != '\0'; c++)
		assert_true((unsigned char)*c < 0x80);
	assert_null(strstr(data.text, "{{x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cloud_tells_of_services_as_the_laptop_does),
		cmocka_unit_test(the_guest_finds_what_is_outside_as_on_the_laptop),
		cmocka_unit_test(secrets_are_referred_to_and_everything_else_arrives),
		cmocka_unit_test(the_text_is_fit_for_cloudformation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
