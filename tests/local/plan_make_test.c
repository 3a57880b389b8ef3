/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/plan_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/plan/project_plan_json.h"
#include "local/plan/volume_folder.h"
#include "manifest/load.h"
#include "manifest/problem.h"

#include "test.h"

/* An application of text, and disks that nobody built. */
#define MOST_PODS 4
static struct app app;
static struct disk_image disks[MOST_PODS];
static struct boot_files boots[MOST_PODS];
static struct host_paths host_paths;
static struct plan_options options;
static struct project_plan plan;
static struct error problem;

static int start(void **state)
{
	(void)state;
	memset(disks, 0, sizeof(disks));
	memset(boots, 0, sizeof(boots));
	app = (struct app){0};
	host_paths = (struct host_paths){0};
	options = (struct plan_options){0};
	plan = (struct project_plan){0};
	error_clear(&problem);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	for (size_t i = 0; i < MOST_PODS; i++) {
		disk_image_clear(&disks[i]);
		boot_files_clear(&boots[i]);
	}
	app_clear(&app);
	host_paths_clear(&host_paths);
	plan_options_clear(&options);
	project_plan_clear(&plan);
	error_clear(&problem);
	return 0;
}

static void load(const char *text)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	const struct load_options how = {.folder = "/srv/shop", .project = "shop"};

	if (!app_load_text(&how, "i2kit.yml", text, strlen(text), &app, &problems, &problem))
		fail_msg("%s", problems.count > 0 ? problems.items[0].message : problem.message);
	assert_true(app.pod_count <= MOST_PODS);
	for (size_t i = 0; i < app.pod_count; i++) {
		disks[i].digest.bytes[0] = (uint8_t)(i + 1);
		disks[i].path = xasprintf("/images/%zu.raw", i);
		boots[i].kernel_path = xstrdup("/boot/kernel");
		boots[i].initrd_path = xstrdup("/boot/initrd");
		boots[i].cmdline = xstrdup("console=ttyS0");
	}
}

static void read_words(const struct plan_words *words)
{
	assert_true(plan_options_read(words, &options, &problem));
}

static bool make(void)
{
	const struct plan_input input = {
		.app = &app, .disks = disks, .boots = boots, .host_paths = host_paths};

	return project_plan_make(&input, &options, &plan, &problem);
}

static const char shop[] = "apiVersion: apps/v1\n"
			   "kind: Deployment\n"
			   "metadata: {name: web}\n"
			   "spec:\n"
			   "  replicas: 2\n"
			   "  selector: {matchLabels: {app: web}}\n"
			   "  template:\n"
			   "    metadata: {labels: {app: web}}\n"
			   "    spec:\n"
			   "      initContainers:\n"
			   "      - {name: migrate, image: toolbox}\n"
			   "      - {name: proxy, image: toolbox, restartPolicy: Always}\n"
			   "      containers:\n"
			   "      - name: nginx\n"
			   "        image: nginx\n"
			   "        ports: [{containerPort: 80}]\n"
			   "        readinessProbe: {httpGet: {path: /, port: 80}}\n"
			   "---\n"
			   "apiVersion: v1\n"
			   "kind: Service\n"
			   "metadata: {name: web}\n"
			   "spec:\n"
			   "  type: LoadBalancer\n"
			   "  selector: {app: web}\n"
			   "  ports: [{port: 8080, targetPort: 80}]\n";

static const char store[] = "name: db\n"
			    "stateful: true\n"
			    "containers:\n"
			    "  c:\n"
			    "    image: redis\n";

static void a_plan_is_what_the_manifests_say(void **state)
{
	const struct plan_words words = {0};
	(void)state;

	load(shop);
	read_words(&words);
	assert_true(make());
	assert_string_equal(plan.project, "shop");
	assert_string_equal(plan.accel, "auto");
	assert_string_equal(plan.firmware, "direct");
	assert_string_equal(plan.bind, "127.0.0.1");
	assert_int_equal(plan.pod_count, 1);
	const struct pod_plan *pod = &plan.pods[0];
	assert_string_equal(pod->name, "web");
	assert_int_equal(pod->replicas, 2);
	assert_true(digest_equal(&pod->release.image, &disks[0].digest));
	/* A sidecar is ready or not as the others are. */
	assert_int_equal(pod->init_containers.count, 1);
	assert_string_equal(pod->init_containers.items[0], "migrate");
	assert_int_equal(plan.service_count, 1);
	const struct port_plan *port = &plan.services[0].ports[0];
	assert_int_equal(port->port, 8080);
	assert_int_equal(port->target_port, 80);
	assert_int_equal(port->host_port, 8080);
	assert_true(port->is_http);
	assert_true(port->is_asked_for);
}

static void options_go_before_the_manifests(void **state)
{
	AUTO(string_list_clear) struct string_list scales = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list publishes = STRING_LIST_INIT;
	(void)state;

	string_list_add(&scales, "web=5");
	string_list_add(&publishes, "web:9000:80");
	string_list_add(&publishes, "web:9001:80");
	string_list_add(&publishes, "web:5353:53/udp");
	const struct plan_words words = {.scales = &scales,
					 .publishes = &publishes,
					 .memory = "256M",
					 .cpus = "3",
					 .accel = "tcg",
					 .firmware = "uefi",
					 .uri = "qemu:///session",
					 .bind = "0.0.0.0"};
	load(shop);
	read_words(&words);
	assert_true(make());
	assert_int_equal(plan.pods[0].replicas, 5);
	assert_int_equal(plan.pods[0].memory_bytes, 256 << 20);
	assert_int_equal(plan.pods[0].cpu_count, 3);
	assert_string_equal(plan.accel, "tcg");
	assert_string_equal(plan.uri, "qemu:///session");
	assert_string_equal(plan.bind, "0.0.0.0");
	const struct service_plan *service = &plan.services[0];
	assert_int_equal(service->port_count, 3);
	/* The first moves what the manifest publishes, the second is one more of it. */
	assert_int_equal(service->ports[0].host_port, 9000);
	assert_int_equal(service->ports[0].port, 8080);
	assert_int_equal(service->ports[1].host_port, 9001);
	assert_int_equal(service->ports[1].target_port, 80);
	assert_int_equal(service->ports[2].host_port, 5353);
	assert_true(service->ports[2].is_udp);
}

static void expect_refused(const struct plan_words *words, const char *message)
{
	error_clear(&problem);
	assert_false(plan_options_read(words, &options, &problem));
	assert_int_equal(problem.kind, ERROR_USAGE);
	assert_non_null(strstr(problem.message, message));
}

static void words_that_are_none_are_refused(void **state)
{
	static const char *const scales[] = {"web", "=3", "web=", "web=-1", "web=1001", "web=x"};
	static const char *const publishes[] = {
		"web",	       "web:80",      "web:80:0",    "web:0:80", "web:80:80:80",
		"web:80:80/x", "web:99999:1", "web:1:99999", "",	 "web:80:80/"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(scales); i++) {
		AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
		string_list_add(&list, scales[i]);
		expect_refused(&(struct plan_words){.scales = &list}, "is not POD=N");
	}
	for (size_t i = 0; i < ARRAY_SIZE(publishes); i++) {
		AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
		string_list_add(&list, publishes[i]);
		expect_refused(&(struct plan_words){.publishes = &list}, "is not POD:LOCAL:PORT");
	}
	expect_refused(&(struct plan_words){.memory = "63M"}, "at least 64M");
	expect_refused(&(struct plan_words){.cpus = "65"}, "1 to 64");
	expect_refused(&(struct plan_words){.accel = "xen"}, "auto|kvm|tcg");
	expect_refused(&(struct plan_words){.firmware = "coreboot"}, "direct|bios|uefi");
}

static void options_for_a_pod_that_is_not_there_are_refused(void **state)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	(void)state;

	load(shop);
	string_list_add(&list, "api=2");
	read_words(&(struct plan_words){.scales = &list});
	assert_false(plan_options_check(&options, &app, &problem));
	assert_string_equal(problem.message, "--scale: there is no pod 'api'");
	error_clear(&problem);
	assert_false(make());
	assert_null(plan.pods);
}

static void a_stateful_pod_has_one_replica_or_none(void **state)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	(void)state;

	load(store);
	string_list_add(&list, "db=2");
	read_words(&(struct plan_words){.scales = &list});
	assert_false(make());
	assert_non_null(strstr(problem.message, "pod 'db' is stateful: 0 or 1 replica"));
	plan_options_clear(&options);
	read_words(&(struct plan_words){0});
	assert_true(make());
	assert_true(pod_plan_is_ordered(&plan.pods[0]));
	error_clear(&problem);
	assert_false(pod_plan_scale(&plan.pods[0], 2, &problem));
	assert_true(pod_plan_scale(&plan.pods[0], 0, &problem));
}

static void host_paths_are_looked_at_before_planning(void **state)
{
	char folder[] = "/tmp/i2kit-plan-test.XXXXXX";
	(void)state;

	assert_non_null(mkdtemp(folder));
	AUTO_FREE char *text = xasprintf("apiVersion: v1\n"
					 "kind: Pod\n"
					 "metadata: {name: web}\n"
					 "spec:\n"
					 "  containers:\n"
					 "  - name: c\n"
					 "    image: nginx\n"
					 "    volumeMounts:\n"
					 "    - {name: made, mountPath: /made}\n"
					 "  volumes:\n"
					 "  - name: made\n"
					 "    hostPath: {path: %s/made, type: DirectoryOrCreate}\n",
					 folder);
	AUTO_FREE char *made = path_join(folder, "made");
	load(text);
	read_words(&(struct plan_words){0});
	/* Planning itself makes nothing. */
	assert_false(make());
	assert_false(path_exists(made));
	error_clear(&problem);
	assert_true(host_paths_find(&app, false, &host_paths, &problem));
	assert_true(path_exists(made));
	assert_true(make());
	assert_true(plan.pods[0].is_dirty);
	assert_string_equal(plan.pods[0].volumes[0].host_path, host_paths.items[0].path);
	assert_false(plan.pods[0].volumes[0].is_file);
	(void)rmdir(made);
	(void)rmdir(folder);
}

static void a_plan_that_is_written_is_read_again(void **state)
{
	char home[] = "/tmp/i2kit-plan-home.XXXXXX";
	AUTO(project_plan_clear) struct project_plan read = {0};
	(void)state;

	assert_non_null(mkdtemp(home));
	assert_int_equal(setenv("XDG_STATE_HOME", home, 1), 0);
	load(shop);
	read_words(&(struct plan_words){0});
	assert_true(make());
	plan.pods[0].stopped_replicas = 7;
	AUTO_FREE char *projects = xasprintf("%s/i2kit/projects/shop", home);
	assert_true(path_make_folders(projects, 0700, &problem));
	assert_true(project_plan_save(&plan, &problem));
	assert_true(project_plan_load("shop", &read, &problem));
	assert_int_equal(read.pod_count, 1);
	assert_int_equal(read.pods[0].replicas, 2);
	assert_int_equal(read.pods[0].stopped_replicas, 7);
	assert_true(string_list_has(&read.pods[0].init_containers, "migrate"));
	assert_true(release_id_equal(&read.pods[0].release, &plan.pods[0].release));
	assert_string_equal(read.pods[0].config_json, plan.pods[0].config_json);
	assert_int_equal(read.services[0].ports[0].host_port, 8080);
	assert_true(path_remove_tree(home, NULL));
	assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
}

static void services_that_lead_outside_are_planned_and_read_again(void **state)
{
	static const char text[] =
		"name: web\ncontainers: {c: {image: img}}\nnetwork: {egress: [db]}\n"
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\n"
		"spec: {ports: [{name: sql, port: 5432}]}\n"
		"---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\n"
		"subsets: [{addresses: [{ip: 192.0.2.7, hostname: one}], ports: [{name: sql, port: "
		"6000}]}]\n"
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: mail}\n"
		"spec: {type: ExternalName, externalName: mail.example.com}\n";
	AUTO(project_plan_clear) struct project_plan read = {0};
	(void)state;

	load(text);
	read_words(&(struct plan_words){0});
	assert_true(make());
	AUTO_FREE char *written = project_plan_write(&plan, &problem);
	assert_true(project_plan_read("plan", written, strlen(written), &read, &problem));
	assert_int_equal(read.service_count, 2);
	const struct service_plan *db = &read.services[0];
	assert_true(service_plan_is_outside(db) && !db->is_direct && db->slot != 0);
	assert_string_equal(db->outside.endpoints[0].ip, "192.0.2.7");
	assert_string_equal(db->outside.endpoints[0].hostname, "one");
	assert_int_equal(db->outside.endpoints[0].ports[0], 6000);
	assert_int_equal(db->ports[0].host_port, 0);
	assert_string_equal(read.services[1].outside.external_name, "mail.example.com");
	assert_int_equal(read.services[1].slot, 0);
	/* What guards the VM sees addresses. */
	assert_int_equal(read.pods[0].egress.names.count, 0);
	assert_string_equal(read.pods[0].egress.cidrs.items[0], "192.0.2.7");
}

static void a_shared_claim_is_a_folder_of_all_that_have_it(void **state)
{
	static const char text[] =
		"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: files}\n"
		"spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}}\n"
		"---\nname: web\nreplicas: 2\n"
		"containers: {c: {image: img, volumeMounts: [{name: d, mountPath: /d}]}}\n"
		"volumes: [{name: d, persistentVolumeClaim: {claimName: files}}]\n";
	char home[] = "/tmp/i2kit-plan-data.XXXXXX";
	AUTO(project_plan_clear) struct project_plan read = {0};
	(void)state;

	assert_non_null(mkdtemp(home));
	assert_int_equal(setenv("XDG_DATA_HOME", home, 1), 0);
	load(text);
	read_words(&(struct plan_words){0});
	assert_true(make());
	AUTO_FREE char *written = project_plan_write(&plan, &problem);
	assert_true(project_plan_read("plan", written, strlen(written), &read, &problem));
	const struct volume_plan *volume = &read.pods[0].volumes[0];
	assert_true(volume->is_shared && !volume_plan_is_disk(volume));
	assert_false(volume_plan_is_pushed(volume, true));
	assert_false(read.pods[0].is_stateful || read.pods[0].is_dirty);
	AUTO_FREE char *folder = xasprintf("%s/i2kit/volumes/%s/files.shared", home, read.project);
	assert_string_equal(volume->host_path, folder);
	assert_true(volume_folders_provide(&read, &problem) && path_exists(folder));
	/* What was a disk until now is not passed over in silence. */
	assert_int_equal(rmdir(folder), 0);
	AUTO_FREE char *disk = xasprintf("%s/i2kit/volumes/%s/files.qcow2", home, read.project);
	assert_true(file_write_atomic(disk, "x", 1, 0600, &problem));
	assert_false(volume_folders_provide(&read, &problem));
	assert_int_equal(problem.kind, ERROR_EXISTS);
	error_clear(&problem);
	assert_true(path_remove_tree(home, NULL));
	assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_plan_is_what_the_manifests_say),
		TEST(options_go_before_the_manifests),
		TEST(words_that_are_none_are_refused),
		TEST(options_for_a_pod_that_is_not_there_are_refused),
		TEST(a_stateful_pod_has_one_replica_or_none),
		TEST(host_paths_are_looked_at_before_planning),
		TEST(a_plan_that_is_written_is_read_again),
		TEST(services_that_lead_outside_are_planned_and_read_again),
		TEST(a_shared_claim_is_a_folder_of_all_that_have_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
