/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/load.h"
#include "manifest/metadata_access.h"
#include "manifest/write_objects.h"
#include "manifest/write_short.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/problem.h"
#include "release/config.h"
#include "test.h"

/* Loads one text as a file; the caller clears both. */
static bool load(const char *text, struct app *app, struct problem_list *problems)
{
	char path[] = "/tmp/i2kit-load-XXXXXX.yml";
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {.project = "test"};
	AUTO_CLOSE int fd = mkstemps(path, 4);
	assert_true(fd >= 0);
	assert_true(fd_write_all(fd, text, strlen(text), &err));
	string_list_add(&options.paths, path);
	bool is_loaded = app_load(&options, app, problems, &err);
	string_list_clear(&options.paths);
	(void)unlink(path);
	return is_loaded;
}

static void the_short_form_publishes_its_ports(void **state)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	(void)state;
	assert_true(load("name: web\nreplicas: 2\ncontainers:\n  nginx:\n    image: nginx\n"
			 "    environment: [A=1]\n    ports: [80, \"8443:443\"]\n",
			 &app, &problems));
	assert_int_equal(app.pod_count, 1);
	assert_int_equal(app.pods[0].replicas, 2);
	assert_int_equal(app.service_count, 1);
	assert_int_equal(app.services[0].ports[1].port, 8443);
	assert_int_equal(app.services[0].ports[1].target_port, 443);
	assert_string_equal(app.pods[0].containers[0].env[0].name, "A");
}

/* dev.yml, prod.yml: ways to run one thing. */
static void alternatives_of_one_name_are_all_named(void **state)
{
	static const char *const names[] = {"base.yml", "dev.yml", "prod.yml"};
	static const char text[] = "name: web\ncontainers: {c: {image: img}}\n";
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {.project = "test"};
	char folder[] = "/tmp/i2kit-load-XXXXXX";
	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *path = path_join(folder, names[i]);
		assert_true(file_write_atomic(path, text, strlen(text), 0600, &err));
	}
	string_list_add(&options.paths, folder);
	assert_false(app_load(&options, &app, &problems, &err));
	string_list_clear(&options.paths);
	error_clear(&err);
	assert_true(path_remove_tree(folder, &err));
	assert_int_equal(problems.count, 1);
	AUTO_FREE char *said =
		xasprintf("3 files have a pod 'web': %s/base.yml:1, %s/dev.yml:1, %s/prod.yml:1",
			  folder, folder, folder);
	AUTO_FREE char *hint =
		xasprintf("choose: -f %s/base.yml alone, or rename the others", folder);
	assert_string_equal(problems.items[0].message, said);
	assert_string_equal(problems.items[0].hint, hint);
}

static const char deployment[] =
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
	"  replicas: 3\n  selector: {matchLabels: {app: web}}\n"
	"  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
	"      containers:\n      - name: c\n        image: nginx\n"
	"        ports: [{name: http, containerPort: 8080}]\n"
	"        readinessProbe: {httpGet: {path: /, port: http}}\n"
	"        env:\n        - {name: K, valueFrom: {secretKeyRef: {name: s, key: k}}}\n"
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n"
	"  selector: {app: web}\n  ports: [{port: 80, targetPort: http}]\n"
	"---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {k: aHVudGVyMg==}\n";

static void egress_names_what_a_pod_may_reach(void **state)
{
	(void)state;
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	assert_true(load("name: web\ncontainers: {c: {image: img}}\n"
			 "network: {egress: [db, internet, 10.1.0.0/16, host]}\n---\n"
			 "name: db\ncontainers: {c: {image: img}}\nnetwork: {egress: none}\n---\n"
			 "apiVersion: v1\nkind: Pod\n"
			 "metadata: {name: tool, annotations: {i2kit/egress: \"any, host\"}}\n"
			 "spec: {containers: [{name: c, image: img}]}\n",
			 &app, &problems));
	const struct egress_policy *web = &app_find_pod(&app, "web")->egress;
	assert_true(web->is_restricted && web->has_internet && web->has_host);
	assert_string_equal(web->names.items[0], "db");
	assert_string_equal(web->cidrs.items[0], "10.1.0.0/16");
	const struct egress_policy *db = &app_find_pod(&app, "db")->egress;
	assert_true(db->is_restricted && !db->has_internet && db->names.count == 0);
	const struct egress_policy *tool = &app_find_pod(&app, "tool")->egress;
	assert_true(!tool->is_restricted && tool->has_host);
}

/* Who may be the instance: said in either form, and the same after a conversion there and back. */
static void containers_are_let_at_the_metadata_service_by_name(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"name: web\nmetadata: [c, first]\n"
		"initContainers: [{name: first, image: img}]\n"
		"containers: {c: {image: img}, d: {image: img}}\n",
		"apiVersion: v1\nkind: Pod\n"
		"metadata: {name: web, annotations: {i2kit/metadata: \"c, first\"}}\n"
		"spec: {initContainers: [{name: first, image: img}],\n"
		"  containers: [{name: c, image: img}, {name: d, image: img}]}\n"};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO_FREE char *text = xstrdup(texts[i]);
		for (int round = 0; round < 3; round++) {
			AUTO(app_clear) struct app app = {0};
			AUTO(problem_list_clear) struct problem_list problems = {0};
			assert_true(load(text, &app, &problems));
			const struct pod_spec *pod = app_find_pod(&app, "web");
			assert_true(pod->init_containers[0].security.has_metadata);
			assert_true(pod->containers[0].security.has_metadata);
			assert_false(pod->containers[1].security.has_metadata);
			free(text);
			text = round == 0 ? app_write_kubernetes(&app) : app_write_short(&app);
		}
	}
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	assert_true(load("name: web\nmetadata: true\ncontainers: {c: {image: img}}\n", &app,
			 &problems));
	assert_true(app_find_pod(&app, "web")->containers[0].security.has_metadata);
	AUTO(app_clear) struct app wrong = {0};
	assert_false(load("name: web\nmetadata: [d]\ncontainers: {c: {image: img}}\n", &wrong,
			  &problems));
	assert_non_null(strstr(problems.items[0].message, "the pod has no container 'd'"));
}

/* What no fence holds is told apart from what one does; it may, once it says so. */
static void containers_that_could_take_the_metadata_service_are_found(void **state)
{
	(void)state;
	static const struct {
		const char *security;
		const char *by;
	} cases[] = {{"{}", NULL},
		     {"{capabilities: {add: [NET_RAW, CHOWN, SYS_PTRACE]}}", NULL},
		     {"{capabilities: {drop: [ALL], add: [CAP_NET_ADMIN]}}", "NET_ADMIN"},
		     {"{capabilities: {add: [ALL]}}", "ALL"},
		     {"{capabilities: {add: [sys_admin]}}", "SYS_ADMIN"},
		     {"{capabilities: {add: [BPF]}}", "BPF"},
		     {"{privileged: true}", "privileged"}};
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		AUTO(app_clear) struct app app = {0};
		AUTO(problem_list_clear) struct problem_list problems = {0};
		bool may = i % 2 == 1;
		AUTO_FREE char *text = xasprintf(
			"name: web\n%scontainers: {c: {image: img, securityContext: %s}}\n",
			may ? "metadata: true\n" : "", cases[i / 2].security);
		assert_true(load(text, &app, &problems));
		const char *by = metadata_access_by_force(
			&app_find_pod(&app, "web")->containers[0].security);
		if (may || cases[i / 2].by == NULL)
			assert_null(by);
		else
			assert_string_equal(by, cases[i / 2].by);
	}
}

static void short_ports_have_addresses_and_ranges(void **state)
{
	(void)state;
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	assert_true(load("name: web\ncontainers:\n  c:\n    image: img\n    ports: "
			 "[\"127.0.0.2:8080:80\", \"[::1]:8081:80/udp\", \"9000-9002:100-102\", "
			 "\"7000-7001/udp\"]\n",
			 &app, &problems));
	const struct service *web = app_find_service(&app, "web");
	assert_int_equal(web->port_count, 2 + 3 + 2);
	assert_string_equal(web->ports[0].host_ip, "127.0.0.2");
	assert_int_equal(web->ports[0].port, 8080);
	assert_string_equal(web->ports[1].host_ip, "::1");
	assert_int_equal(web->ports[1].protocol, PROTOCOL_UDP);
	assert_int_equal(web->ports[4].port, 9002);
	assert_int_equal(web->ports[4].target_port, 102);
	assert_null(web->ports[4].host_ip);
	assert_int_equal(web->ports[6].port, 7001);
	assert_int_equal(web->ports[6].target_port, 7001);
}

static void ports_that_are_none_are_errors(void **state)
{
	static const char *const wrong[] = {"1.2.3:80:80",     "[::1:80:80",  "[zz]:80:80",
					    "8000-7000",       "1-2:1-3",     "80-90:80",
					    "127.0.0.1:x:80",  "1-9999",      "80-",
					    "300.0.0.1:80:80", "[::1]8080:80"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		AUTO(app_clear) struct app app = {0};
		AUTO(problem_list_clear) struct problem_list problems = {0};
		AUTO_FREE char *text = xasprintf("name: web\ncontainers:\n  c:\n    image: img\n"
						 "    ports: [\"%s\"]\n",
						 wrong[i]);
		if (load(text, &app, &problems))
			fail_msg("'%s' was taken", wrong[i]);
		assert_int_equal(problems.items[0].line, 5);
	}
}

static void egress_to_what_is_not_there_is_an_error(void **state)
{
	static const char *const wrong[] = {"[nobody]",	     "[10.1.2.3/8]", "[none, internet]",
					    "[any, web]",    "{a: b}",	     "[[web]]",
					    "[300.1.1.1/8]", "[10.0.0.0/33]"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		AUTO(app_clear) struct app app = {0};
		AUTO(problem_list_clear) struct problem_list problems = {0};
		AUTO_FREE char *text = xasprintf(
			"name: web\ncontainers: {c: {image: img}}\nnetwork:\n  egress: %s\n",
			wrong[i]);
		assert_false(load(text, &app, &problems));
		assert_int_equal(problems.items[0].line, 4);
	}
}

static void kubernetes_objects_find_each_other(void **state)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	(void)state;
	assert_true(load(deployment, &app, &problems));
	assert_int_equal(app.pods[0].replicas, 3);
	assert_int_equal(app.pods[0].containers[0].readiness.check.port, 8080);
	assert_int_equal(app.services[0].ports[0].target_port, 8080);
	assert_string_equal(app.services[0].pods.items[0], "web");
	assert_string_equal(app.config_maps[0].entries[0].bytes, "hunter2");
}

static void the_config_digest_does_not_tell_a_secret(void **state)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(release_config_clear) struct release_config config = {0};
	(void)state;
	assert_true(load(deployment, &app, &problems));
	assert_true(release_config_make(&app, &app.pods[0], &config, &err));
	assert_non_null(
		strstr(config.json, "\"secrets\":{\"s\":{\"k\":{\"base64\":\"aHVudGVyMg==\"}}}"));
	assert_true(digest_is_set(&config.digest));
	struct digest plain = sha256_digest(config.json, strlen(config.json));
	assert_false(digest_equal(&plain, &config.digest));
}

static void a_typo_names_its_place_and_the_nearest_field(void **state)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	(void)state;
	assert_false(load("name: web\ncontainers:\n  c:\n    imgae: nginx\n", &app, &problems));
	assert_true(problems.count >= 1);
	assert_int_equal(problems.items[0].line, 4);
	assert_int_equal(problems.items[0].column, 5);
	assert_string_equal(problems.items[0].hint, "did you mean 'image'?");
}

static void an_alias_bomb_is_one_error(void **state)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	char text[4096] = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
	(void)state;
	size_t size = strlen(text);
	for (int i = 1; i < 9; i++) {
		int put = snprintf(
			text + size, sizeof(text) - size,
			"a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
		assert_true(put > 0);
		size += (size_t)put;
	}
	assert_false(load(text, &app, &problems));
	assert_int_equal(problems.count, 1);
}

static void one_namespace_of_several_is_read_alone(void **state)
{
	static const char text[] =
		"apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: dev}\n"
		"spec: {containers: [{name: c, image: a}]}\n---\n"
		"apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: prod}\n"
		"spec: {containers: [{name: c, image: b}]}\n---\n"
		"name: both\ncontainers: {c: {image: c}}\n";
	AUTO(app_clear) struct app app = {0};
	AUTO(app_clear) struct app other = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(problem_list_clear) struct problem_list all = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {.project = "test", .folder = "/", .namespace_name = "prod"};
	(void)state;
	assert_true(app_load_text(&options, "-", text, strlen(text), &app, &problems, &err));
	assert_int_equal(app.pod_count, 2);
	assert_string_equal(app_find_pod(&app, "web")->containers[0].image, "b");
	assert_string_equal(app_find_pod(&app, "both")->namespace_name, "prod");
	assert_true(app.has_other_namespaces);
	assert_string_equal(problems.items[0].message, "namespace dev is left out: -n prod");
	options.namespace_name = NULL;
	assert_false(app_load_text(&options, "-", text, strlen(text), &other, &all, &err));
}

#define SHARED_POD(name, more, mount)                                                              \
	"---\nname: " name "\n" more "containers: {c: {image: img, volumeMounts: [{name: d, "      \
	"mountPath: /d" mount "}]}}\nvolumes: [{name: d, persistentVolumeClaim: {claimName: "      \
	"shared}}]\n"
#define SHARED_CLAIM(mode)                                                                         \
	"---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: shared}\n"             \
	"spec: {accessModes: [" mode "], resources: {requests: {storage: 1Gi}}}\n"

/* -1: refused */
static int shares(const char *text)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};

	return load(text, &app, &problems) ? app.claims[0].is_shared : -1;
}

static void a_claim_of_many_is_shared_where_many_have_it(void **state)
{
	(void)state;
	assert_int_equal(shares(SHARED_CLAIM("ReadWriteMany") SHARED_POD("a", "replicas: 2\n", "")),
			 1);
	assert_int_equal(shares(SHARED_CLAIM("ReadWriteMany") SHARED_POD("a", "", "")
					SHARED_POD("b", "", ", readOnly: true")),
			 1);
	/* Nobody writes, or one alone has it: a disk does. */
	assert_int_equal(shares(SHARED_CLAIM("ReadWriteMany") SHARED_POD("a", "", "")), 0);
	assert_int_equal(shares(SHARED_CLAIM("ReadWriteMany")
					SHARED_POD("a", "replicas: 2\n", ", readOnly: true")),
			 0);
	assert_int_equal(shares(SHARED_CLAIM("ReadWriteOnce") SHARED_POD("a", "", "")
					SHARED_POD("b", "", "")),
			 -1);
}

static void a_container_may_say_how_its_image_is_built(void **state)
{
	static const char text[] =
		"name: api\ncontainers:\n  short: {build: ./api}\n  long:\n    image: shop/api:2\n"
		"    build:\n      context: .\n      dockerfile: docker/Dockerfile\n"
		"      args: {A: 1, OURS: }\n      additional_contexts: "
		"[base=oci-layout://../base, "
		"x=./x]\n      secrets: [{id: t, file: t.txt}]\n";
	AUTO(app_clear) struct app app = {0};
	AUTO(app_clear) struct app none = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(problem_list_clear) struct problem_list bad = {0};
	static const char wrong[] = "name: api\ncontainers:\n  a: {build: {contxt: .}}\n";
	const struct load_options options = {.project = "test", .folder = "/usr"};

	(void)state;
	assert_true(app_load_text(&options, "-", text, strlen(text), &app, &problems, NULL));
	const struct container_spec *container = app.pods[0].containers;
	assert_string_equal(container->image, "short");
	assert_string_equal(container->build->context, "/usr/api");
	container++;
	assert_string_equal(container->image, "shop/api:2");
	assert_string_equal(container->build->context, "/usr");
	assert_string_equal(container->build->dockerfile, "/usr/docker/Dockerfile");
	assert_string_equal(container->build->args[0].value, "1");
	assert_null(container->build->args[1].value);
	assert_string_equal(container->build->contexts[0].value, "oci-layout:///usr/../base");
	assert_string_equal(container->build->contexts[1].value, "/usr/x");
	assert_string_equal(container->build->secrets[0].file, "/usr/t.txt");
	assert_false(app_load_text(&options, "-", wrong, strlen(wrong), &none, &bad, NULL));
	assert_non_null(strstr(bad.items[0].message, "contxt"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_of_many_is_shared_where_many_have_it),
		cmocka_unit_test(the_short_form_publishes_its_ports),
		cmocka_unit_test(egress_names_what_a_pod_may_reach),
		cmocka_unit_test(containers_are_let_at_the_metadata_service_by_name),
		cmocka_unit_test(containers_that_could_take_the_metadata_service_are_found),
		cmocka_unit_test(egress_to_what_is_not_there_is_an_error),
		cmocka_unit_test(short_ports_have_addresses_and_ranges),
		cmocka_unit_test(ports_that_are_none_are_errors),
		cmocka_unit_test(kubernetes_objects_find_each_other),
		cmocka_unit_test(the_config_digest_does_not_tell_a_secret),
		cmocka_unit_test(a_typo_names_its_place_and_the_nearest_field),
		cmocka_unit_test(an_alias_bomb_is_one_error),
		cmocka_unit_test(one_namespace_of_several_is_read_alone),
		cmocka_unit_test(alternatives_of_one_name_are_all_named),
		cmocka_unit_test(a_container_may_say_how_its_image_is_built),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
