/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of OpenStack: what they are made with, what Nova says of them, and what they say of themselves. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "cloud/openstack/place/scope_mark.h"
#include "cloud/openstack/provider/logs_openstack.h"
#include "cloud/openstack/provider/status_openstack.h"
#include "cloud/openstack/server/console_read.h"
#include "cloud/openstack/server/server.h"
#include "cloud/openstack/server/server_document.h"
#include "cloud/openstack/server/server_read.h"
#include "guest/cloud/cloud_sign.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "release/config.h"
#include "test.h"
#include "wire/release_document.h"

#define KEY    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SERVER "3f0ac6e5-7d0b-4c0c-9a52-0d8f9f3f2d6e"
#define VOLUME "9b0ac6e5-7d0b-4c0c-9a52-0d8f9f3f2d6e"
#define ROOM   "8c0ac6e5-7d0b-4c0c-9a52-0d8f9f3f2d6e"
#define DIGEST "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char manifest[] =
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec:\n"
	"  containers:\n  - name: web\n    image: nginx\n"
	"    env: [{name: S, valueFrom: {secretKeyRef: {name: s, key: p}}}]\n"
	"    volumeMounts: [{name: data, mountPath: /data}]\n"
	"  volumes: [{name: data, persistentVolumeClaim: {claimName: pages}}]\n"
	"---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: pages}\n"
	"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
	"---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: hunter2}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: redis}\n"
	"spec: {selector: {app: web}, ports: [{name: main, port: 6379, targetPort: 7000}]}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: dns}\n"
	"spec: {selector: {app: web}, ports: [{port: 53, targetPort: 5353, protocol: UDP}]}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: mail}\n"
	"spec: {type: ExternalName, externalName: mail.example.com}\n";

/* --- the document ---------------------------------------------------------------------------- */

struct bed {
	struct app app;
	struct release_config config;
	struct server_document_input input;
};

static void bed_clear(struct bed *bed)
{
	app_clear(&bed->app);
	release_config_clear(&bed->config);
}

static const struct server_volume volumes[] = {{"pages", VOLUME}};

static void bed_make(struct bed *bed)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {.project = "shop", .folder = "/"};

	if (!app_load_text(&options, "-", manifest, strlen(manifest), &bed->app, &problems, &err))
		fail_msg("%s", problems.count > 0 ? problems.items[0].message : err.message);
	assert_true(release_config_make(&bed->app, &bed->app.pods[0], &bed->config, &err));
	bed->input = (struct server_document_input){
		.app = &bed->app,
		.pod = &bed->app.pods[0],
		.config_json = bed->config.json,
		.id = {sha256_digest("disk", 4), bed->config.digest},
		.console_key = KEY,
		.volumes = volumes,
		.volume_count = ARRAY_SIZE(volumes),
		.scratch = ROOM,
		.may_hold_secrets = true,
	};
}

/* As the guest reads it. */
static void read_made(const struct server_document_input *input, struct release *ret)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *encoded = NULL;
	AUTO_FREE uint8_t *text = NULL;
	size_t size = 0;

	if (!server_document_make(input, &encoded, &err))
		fail_msg("%s", err.message);
	assert_true(base64_decode(encoded, strlen(encoded), &text, &size));
	if (!release_document_read(text, size, ret, &err))
		fail_msg("%s", err.message);
}

static const struct host_entry *host(const struct release *release, const char *name)
{
	for (size_t i = 0; i < release->hosts.count; i++)
		if (string_list_has(&release->hosts.entries[i].names, name))
			return &release->hosts.entries[i];
	return NULL;
}

static void a_server_finds_its_disks_and_the_others(void **state)
{
	static const struct server_address balancers[] = {{"redis", "10.0.0.9", false},
							  {"dns", "10.0.0.10", false}};
	AUTO(bed_clear) struct bed bed = {0};
	AUTO(release_clear) struct release release = {0};
	(void)state;
	bed_make(&bed);
	bed.input.addresses = balancers;
	bed.input.address_count = ARRAY_SIZE(balancers);
	read_made(&bed.input, &release);
	assert_string_equal(release.where, "openstack");
	assert_string_equal(release.uid, "");
	assert_string_equal(release.cloud.console_key, KEY);
	assert_string_equal(release_delivery(&release, "data")->serial, VOLUME);
	assert_string_equal(release.scratch_serial, ROOM);
	assert_true(release.scratch_bytes > 0);
	assert_string_equal(host(&release, "redis.default.svc")->ip, "10.0.0.9");
	assert_int_equal(host(&release, "redis")->services[0].port, 6379);
	assert_string_equal(host(&release, "mail")->alias, "mail.example.com");
	assert_true(string_list_has(&release.service_env, "REDIS_SERVICE_HOST=10.0.0.9"));
	assert_int_equal(release.proxy_count, 0);
}

/* An instance has its own ports: the guest leads there from the service's. */
static void without_a_balancer_the_guest_leads_to_the_pods_port(void **state)
{
	static const struct server_address own[] = {{"redis", "10.0.0.7", true}};
	static const struct server_address datagrams[] = {{"dns", "10.0.0.7", true}};
	AUTO(bed_clear) struct bed bed = {0};
	AUTO(release_clear) struct release release = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *none = NULL;
	(void)state;
	bed_make(&bed);
	bed.input.addresses = own;
	bed.input.address_count = 1;
	read_made(&bed.input, &release);
	assert_int_equal(release.proxy_count, 1);
	assert_int_equal(release.proxies[0].port, 6379);
	assert_string_equal(release.proxies[0].targets.items[0], "10.0.0.7:7000");
	assert_string_equal(host(&release, "redis")->ip, release.proxies[0].ip);
	assert_null(host(&release, "dns"));
	bed.input.addresses = datagrams;
	assert_false(server_document_make(&bed.input, &none, &err));
	assert_non_null(strstr(err.message, "UDP port 53 is 5353"));
}

static void what_cannot_be_in_there_is_refused(void **state)
{
	AUTO(bed_clear) struct bed bed = {0};
	AUTO(error_clear) struct error secret = ERROR_INIT;
	AUTO(error_clear) struct error volume = ERROR_INIT;
	AUTO(error_clear) struct error length = ERROR_INIT;
	AUTO_FREE char *none = NULL;
	(void)state;
	bed_make(&bed);
	bed.input.may_hold_secrets = false;
	assert_false(server_document_make(&bed.input, &none, &secret));
	assert_int_equal(secret.kind, ERROR_UNSUPPORTED);
	assert_non_null(strstr(secret.message, "secret 's'"));
	assert_non_null(strstr(secret.hint, "provider.secrets: user-data"));
	bed.input.may_hold_secrets = true;
	bed.input.volume_count = 0;
	assert_false(server_document_make(&bed.input, &none, &volume));
	assert_non_null(strstr(volume.message, "claim 'pages' has no volume"));
	bed.input.volume_count = 1;
	AUTO_FREE char *key = xcalloc(60000, 1);
	memset(key, 'k', 59999);
	bed.input.console_key = key;
	assert_false(server_document_make(&bed.input, &none, &length));
	assert_int_equal(length.kind, ERROR_FULL);
}

/* --- Nova ------------------------------------------------------------------------------------ */

static void a_server_says_whose_it_is(void **state)
{
	AUTO(cloud_scope_clear) struct cloud_scope scope = {0};
	AUTO(string_list_clear) struct string_list disks = STRING_LIST_INIT;
	struct server_request request = {.scope = &scope,
					 .name = "i2kit-shop-web-12345678-1",
					 .pod = "web",
					 .release = "12345678",
					 .console_key = KEY,
					 .image = "image",
					 .flavor = "1",
					 .port = "port",
					 .user_data = "e30=",
					 .volumes = &disks};
	(void)state;
	cloud_scope_make("shop", NULL, &scope);
	assert_true(digest_parse(DIGEST, &request.id.image));
	assert_true(digest_parse(DIGEST, &request.id.config));
	AUTO_FREE char *plain = server_document_of(&request);
	assert_string_equal(
		plain,
		"{\"server\":{\"name\":\"i2kit-shop-web-12345678-1\",\"imageRef\":\"image\","
		"\"flavorRef\":\"1\",\"networks\":[{\"port\":\"port\"}],\"user_data\":\"e30="
		"\",\"metadata\":{\"i2kit_project\":\"shop\",\"i2kit_environment\":\"-\","
		"\"i2kit_pod\":\"web\",\"i2kit_release\":\"12345678\",\"i2kit_image\":"
		"\"" DIGEST "\",\"i2kit_config\":\"" DIGEST "\",\"i2kit_console\":\"" KEY "\"}}}");
	string_list_add(&disks, VOLUME);
	AUTO_FREE char *stateful = server_document_of(&request);
	assert_non_null(strstr(
		stateful, "{\"source_type\":\"volume\",\"destination_type\":\"volume\",\"uuid\":"
			  "\"" VOLUME "\",\"boot_index\":-1,\"delete_on_termination\":false}"));
}

#define SERVER_OF(name, project, environment)                                                      \
	"{\"id\":\"" SERVER "\",\"name\":\"" name                                                  \
	"\",\"status\":\"ACTIVE\",\"image\":{\"id\":\"i1\"},"                                      \
	"\"OS-EXT-STS:task_state\":null,\"created\":\"2026-11-25T02:06:26Z\","                     \
	"\"addresses\":{\"n\":[{\"version\":6,\"addr\":\"fd00::1\"},{\"version\":4,\"addr\":"      \
	"\"172.24.4.9\",\"OS-EXT-IPS:type\":\"floating\"},{\"version\":4,\"addr\":\"10.0.0.5\","   \
	"\"OS-EXT-IPS:type\":\"fixed\"}]},\"metadata\":{\"i2kit_project\":\"" project              \
	"\",\"i2kit_environment\":\"" environment "\",\"i2kit_pod\":\"web\",\"i2kit_image\":"      \
	"\"" DIGEST "\",\"i2kit_config\":\"nonsense\",\"i2kit_console\":\"" KEY "\"},"             \
	"\"os-extended-volumes:volumes_attached\":[{\"id\":\"" VOLUME "\"}]}"

/* Two scopes may have one name: project "shop" in "eu-1", and "shop-eu" in "1". */
static void only_the_scopes_own_servers_are_listed(void **state)
{
	static const char page[] =
		"{\"servers\":[" SERVER_OF("i2kit-shop-eu-1-web-a", "shop", "eu-1") "," SERVER_OF(
			"i2kit-shop-eu-1-web-b", "shop-eu", "1") ",{\"id\":\"x\",\"name\":\"i2kit-"
								 "shop-eu-1-web-c\"}],"
								 "\"servers_links\":[{\"rel\":"
								 "\"next\"}]}";
	AUTO(cloud_scope_clear) struct cloud_scope scope = {0};
	AUTO(server_list_clear) struct server_list list = {0};
	AUTO_FREE char *last = NULL;
	(void)state;
	cloud_scope_make("shop", "eu-1", &scope);
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(page, strlen(page), "servers", 0, NULL);
	assert_non_null(document);
	server_read_page(json_document_root(document), &scope, &list, &last);
	assert_true(json_document_check(document, NULL));
	assert_string_equal(last, "x");
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].name, "i2kit-shop-eu-1-web-a");
	assert_string_equal(list.items[0].address, "10.0.0.5");
	assert_string_equal(list.items[0].image_digest, DIGEST);
	assert_null(list.items[0].config_digest);
	assert_null(list.items[0].task);
	assert_string_equal(list.items[0].volumes.items[0], VOLUME);
	assert_true(list.items[0].created_ns > 0);
}

static void a_mark_is_of_one_scope(void **state)
{
	AUTO(cloud_scope_clear) struct cloud_scope scope = {0};
	AUTO(cloud_scope_clear) struct cloud_scope longer = {0};
	AUTO(cloud_scope_clear) struct cloud_scope none = {0};
	(void)state;
	cloud_scope_make("shop", "eu", &scope);
	cloud_scope_make("shop", "eu-1", &longer);
	cloud_scope_make("shop", NULL, &none);
	AUTO_FREE char *mark = scope_mark(&scope, "pod=web release=12345678");
	AUTO_FREE char *bare = scope_mark(&none, NULL);
	AUTO_FREE char *pod = scope_mark_value(mark, "pod");
	assert_string_equal(mark, "i2kit project=shop environment=eu pod=web release=12345678");
	assert_true(scope_mark_is(mark, &scope));
	assert_false(scope_mark_is(mark, &longer));
	assert_false(scope_mark_is(mark, &none));
	assert_true(scope_mark_is(bare, &none));
	assert_false(scope_mark_is(NULL, &none));
	assert_string_equal(pod, "web");
	assert_null(scope_mark_value(mark, "po"));
}

/* --- the console ------------------------------------------------------------------------------ */

/* As the guest writes it, with the guest's own HMAC. */
static void say(struct strbuf *out, const char *server, enum console_event event, int64_t seconds,
		const char *value)
{
	const struct console_speaker guest = {KEY, server, cloud_hmac_hex};
	AUTO_FREE char *line = console_line_write(&guest, event, seconds, value);

	strbuf_appendf(out, "%s\r\n", line);
}

static struct console_state state_of(const struct strbuf *console)
{
	struct console_state state;

	console_read(strbuf_text(console), console->size, KEY, SERVER, &state);
	return state;
}

static void the_newest_of_what_the_guest_signed_counts(void **unused)
{
	AUTO(strbuf_clear) struct strbuf console = STRBUF_INIT;
	(void)unused;
	assert_false(state_of(&console).has_state);
	strbuf_append(&console, "[    0.512] kernel: a line that is not ended ");
	say(&console, SERVER, CONSOLE_UNREADY, 100, NULL);
	say(&console, SERVER, CONSOLE_BOOTED, 101, DIGEST);
	say(&console, SERVER, CONSOLE_READY, 105, NULL);
	struct console_state state = state_of(&console);
	assert_int_equal(state.state, CONSOLE_READY);
	assert_true(state.has_booted);
	assert_string_equal(DIGEST_TEXT(&state.booted), DIGEST);
	/* Somebody writes again what he read there. */
	say(&console, SERVER, CONSOLE_UNREADY, 100, NULL);
	state = state_of(&console);
	assert_int_equal(state.state, CONSOLE_READY);
	say(&console, SERVER, CONSOLE_FAILED, 105, NULL);
	state = state_of(&console);
	assert_int_equal(state.state, CONSOLE_FAILED);
}

static void what_another_wrote_counts_for_nothing(void **unused)
{
	AUTO(strbuf_clear) struct strbuf console = STRBUF_INIT;
	(void)unused;
	say(&console, "another", CONSOLE_READY, 100, NULL);
	strbuf_append(&console, CONSOLE_LINE_BEGIN "ready 100 - \n");
	strbuf_append(&console, CONSOLE_LINE_BEGIN "ready 100 - " KEY "\n");
	strbuf_append(&console, CONSOLE_LINE_BEGIN "ready -1 - " KEY "\n" CONSOLE_LINE_BEGIN);
	assert_false(state_of(&console).has_state);
	/* A line that was broken off does not hide the one that follows. */
	strbuf_append(&console, CONSOLE_LINE_BEGIN "booted 1");
	say(&console, SERVER, CONSOLE_DONE, 7, NULL);
	assert_int_equal(state_of(&console).state, CONSOLE_DONE);
	say(&console, SERVER, CONSOLE_BOOTED, 8, "sha256:short");
	assert_false(state_of(&console).has_booted);
}

static void a_signed_line_that_was_changed_is_nobodys(void **unused)
{
	AUTO(strbuf_clear) struct strbuf console = STRBUF_INIT;
	struct console_state state;
	(void)unused;
	say(&console, SERVER, CONSOLE_READY, 100, NULL);
	for (size_t i = 0; i < console.size - 2; i++) {
		AUTO_FREE char *changed = xstrndup(strbuf_text(&console), console.size);
		changed[i] = changed[i] == 'a' ? 'b' : 'a';
		console_read(changed, console.size, KEY, SERVER, &state);
		assert_false(state.has_state);
	}
}

/* --- the verbs -------------------------------------------------------------------------------- */

static struct server server_of(const char *id, const char *status, const char *release,
			       int64_t created_ns)
{
	return (struct server){.id = xstrdup(id),
			       .name = xstrdup(id),
			       .status = xstrdup(status),
			       .image = xstrdup("image"),
			       .pod = xstrdup("web"),
			       .image_digest = xstrdup(DIGEST),
			       .config_digest = xstrdup(release),
			       .release = xstrdup(release),
			       .created_ns = created_ns};
}

static void status_is_what_servers_are_and_say(void **unused)
{
	AUTO(server_list_clear) struct server_list list = {0};
	AUTO(cloud_status_clear) struct cloud_status status = {0};
	AUTO(cloud_status_clear) struct cloud_status later = {0};
	struct console_state states[3] = {{0}};
	(void)unused;
	*ARRAY_APPEND(list.items, list.count) = server_of("a", "ACTIVE", "new", 2);
	*ARRAY_APPEND(list.items, list.count) = server_of("b", "SHUTOFF", "old", 1);
	*ARRAY_APPEND(list.items, list.count) = server_of("c", "ACTIVE", "new", 1);
	states[0] = (struct console_state){.has_state = true, .state = CONSOLE_READY};
	states[2] = (struct console_state){.has_state = true, .state = CONSOLE_UNREADY};
	states[0].has_booted = digest_parse(DIGEST, &states[0].booted);
	openstack_status_of(&list, states, &status);
	assert_true(status.exists);
	assert_true(status.is_changing);
	assert_int_equal(status.pod_count, 1);
	assert_string_equal(status.pods[0].config_digest, "new");
	assert_string_equal(status.instances[0].state, "running");
	assert_string_equal(status.instances[0].booted_digest, DIGEST);
	assert_string_equal(status.instances[1].state, "stopped");
	assert_string_equal(status.instances[2].state, "unready");
	assert_null(status.instances[2].booted_digest);
	list.count = 1;
	free(list.items[0].status);
	list.items[0].status = xstrdup("ERROR");
	list.items[0].fault = xstrdup("No valid host was found.");
	openstack_status_of(&list, states, &later);
	list.count = 3;
	assert_false(later.is_changing);
	assert_string_equal(later.state, "broken");
	assert_non_null(strstr(later.reason, "No valid host"));
	assert_string_equal(later.instances[0].state, "error");
}

static bool keep_id(const struct cloud_line *line, void *arg)
{
	struct string_list *ids = arg;
	assert_string_equal(line->stream, "web/.console/a");
	string_list_addf(ids, "%s %s", line->text, line->id);
	return ids->count < 5;
}

/* What came before is told from what is new, though a console has no times and says things twice. */
static void a_consoles_lines_keep_their_names(void **unused)
{
	AUTO(string_list_clear) struct string_list once = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list again = STRING_LIST_INIT;
	(void)unused;
	assert_true(openstack_console_lines("one\r\n\ntwo\none\n", "web/.console/a", 1, keep_id,
					    &once));
	assert_int_equal(once.count, 3);
	assert_string_not_equal(once.items[0], once.items[2]);
	assert_false(openstack_console_lines("one\ntwo\none\none\nfour\nfive", "web/.console/a", 2,
					     keep_id, &again));
	for (size_t i = 0; i < once.count; i++)
		assert_string_equal(once.items[i], again.items[i]);
	assert_false(string_list_has(&once, again.items[3]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_finds_its_disks_and_the_others),
		cmocka_unit_test(without_a_balancer_the_guest_leads_to_the_pods_port),
		cmocka_unit_test(what_cannot_be_in_there_is_refused),
		cmocka_unit_test(a_server_says_whose_it_is),
		cmocka_unit_test(only_the_scopes_own_servers_are_listed),
		cmocka_unit_test(a_mark_is_of_one_scope),
		cmocka_unit_test(the_newest_of_what_the_guest_signed_counts),
		cmocka_unit_test(what_another_wrote_counts_for_nothing),
		cmocka_unit_test(a_signed_line_that_was_changed_is_nobodys),
		cmocka_unit_test(status_is_what_servers_are_and_say),
		cmocka_unit_test(a_consoles_lines_keep_their_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
