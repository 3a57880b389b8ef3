/* SPDX-License-Identifier: Apache-2.0 */
/* What Compose files become: pods, ports, disks; and what is refused, with its place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "manifest/app.h"
#include "manifest/convert_loss.h"
#include "manifest/load.h"
#include "manifest/write_compose.h"
#include "manifest/write_objects.h"
#include "test.h"

struct project {
	char folder[64];
	struct load_options options;
	struct app app;
	struct problem_list problems;
	struct error err;
	bool is_good;
};

static void project_begin(struct project *project)
{
	*project = (struct project){0};
	(void)snprintf(project->folder, sizeof(project->folder), "/tmp/i2kit-compose-XXXXXX");
	assert_non_null(mkdtemp(project->folder));
	project->options.folder = project->folder;
}

static void project_end(struct project *project)
{
	app_clear(&project->app);
	problem_list_clear(&project->problems);
	error_clear(&project->err);
	string_list_clear(&project->options.paths);
	string_list_clear(&project->options.profiles);
	string_list_clear(&project->options.named);
	string_list_clear(&project->options.env_files);
	assert_true(path_remove_tree(project->folder, NULL));
}

static void write_file(const struct project *project, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(project->folder, name);
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	assert_true(path_make_folders(folder, 0755, NULL));
	assert_true(file_write_atomic(path, text, strlen(text), 0644, NULL));
}

static void load(struct project *project)
{
	project->is_good =
		app_load(&project->options, &project->app, &project->problems, &project->err);
}

static void must_load(struct project *project)
{
	load(project);
	for (size_t i = 0; i < project->problems.count; i++) {
		const struct problem *problem = &project->problems.items[i];
		if (problem->severity == PROBLEM_ERROR)
			fail_msg("%s:%u:%u: %s", problem->file, problem->line, problem->column,
				 problem->message);
	}
	assert_true(project->is_good);
}

/* "compose.yaml:3:5: words of the message" is among the problems. */
static void must_say(struct project *project, const char *wanted)
{
	for (size_t i = 0; i < project->problems.count; i++) {
		const struct problem *problem = &project->problems.items[i];
		const char *name = strrchr(problem->file, '/');
		AUTO_FREE char *line = xasprintf("%s:%u:%u: %s", name ? name + 1 : problem->file,
						 problem->line, problem->column, problem->message);
		if (strstr(line, wanted) != NULL)
			return;
	}
	fail_msg("'%s' is not said; first: %s", wanted,
		 project->problems.count > 0 ? project->problems.items[0].message : "nothing");
}

static void must_refuse(const char *text, const char *wanted)
{
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml", text);
	load(&project);
	assert_false(project.is_good);
	must_say(&project, wanted);
}

static const struct pod_spec *pod(const struct project *project, const char *name)
{
	const struct pod_spec *found = app_find_pod(&project->app, name);
	if (found == NULL)
		fail_msg("there is no pod %s", name);
	return found;
}

static const char *env(const struct pod_spec *pod, const char *name)
{
	for (size_t i = 0; i < pod->containers[0].env_count; i++) {
		if (strcmp(pod->containers[0].env[i].name, name) == 0)
			return pod->containers[0].env[i].value;
	}
	return NULL;
}

static void a_service_is_a_pod(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "name: shop\n"
		   "services:\n"
		   "  web:\n"
		   "    image: nginx:1.25\n"
		   "    command: nginx -g \"daemon off;\"\n"
		   "    ports: [\"8080:80\", \"127.0.0.1:9000-9001:9000-9001/udp\"]\n"
		   "    restart: unless-stopped\n"
		   "    environment: {A: 1.10, B: yes, C: 0x10, D: a$$b}\n"
		   "    user: \"1000:1000\"\n"
		   "    stop_signal: SIGQUIT\n"
		   "    volumes: [\"data:/data\", \"./src:/src:ro\", /cache]\n"
		   "    tmpfs: /run:size=64m\n"
		   "    deploy: {replicas: 1, resources: {limits: {cpus: '0.5', memory: 64m}}}\n"
		   "  job: {image: busybox}\n"
		   "volumes: {data: }\n");
	must_load(&project);
	assert_string_equal(project.app.project, "shop");
	const struct pod_spec *web = pod(&project, "web");
	const struct container_spec *container = &web->containers[0];
	assert_int_equal(web->workload, WORKLOAD_DEPLOYMENT);
	assert_int_equal(web->restart_policy, RESTART_ALWAYS);
	assert_int_equal(web->termination_grace_s, 10);
	assert_string_equal(container->args.items[2], "daemon off;");
	assert_string_equal(container->user, "1000:1000");
	assert_string_equal(container->stop_signal, "SIGQUIT");
	assert_string_equal(env(web, "A"), "1.1");
	assert_string_equal(env(web, "B"), "yes");
	assert_string_equal(env(web, "C"), "16");
	assert_string_equal(env(web, "D"), "a$b");
	assert_int_equal(container->resources.cpu_limit_millis, 500);
	assert_int_equal(container->resources.memory_limit_bytes, 64 << 20);
	assert_int_equal(container->mount_count, 4);
	assert_int_equal(project.app.claim_count, 1);
	const struct service *ports = app_find_service(&project.app, "web-published");
	assert_int_equal(ports->port_count, 3);
	assert_int_equal(ports->ports[0].port, 8080);
	assert_null(ports->ports[0].host_ip);
	assert_string_equal(ports->ports[1].host_ip, "127.0.0.1");
	assert_int_equal(ports->ports[2].protocol, PROTOCOL_UDP);
	assert_true(ports->is_published);
	/* Its own name leads to the containers, on their ports. */
	const struct service *name = app_find_service(&project.app, "web");
	assert_int_equal(name->kind, SERVICE_HEADLESS);
	assert_int_equal(name->port_count, 3);
	assert_int_equal(name->ports[0].port, 80);
	assert_false(name->is_published);
	/* What says nothing about it ends. */
	assert_int_equal(pod(&project, "job")->restart_policy, RESTART_NEVER);
	assert_int_equal(pod(&project, "job")->workload, WORKLOAD_POD);
}

static void names_that_are_no_labels_are_kept_as_aliases(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "docker-compose.yml",
		   "services:\n"
		   "  My_DB: {image: postgres, container_name: thedb}\n"
		   "  web: {image: nginx, links: [\"My_DB:database\"]}\n");
	must_load(&project);
	const struct pod_spec *db = pod(&project, "my-db");
	assert_int_equal(db->network_count, 1);
	assert_string_equal(db->networks[0].name, "default");
	assert_true(string_list_has(&db->networks[0].aliases, "My_DB"));
	assert_true(string_list_has(&db->networks[0].aliases, "thedb"));
	assert_true(string_list_has(&db->networks[0].aliases, "database"));
	const struct pod_spec *web = pod(&project, "web");
	assert_int_equal(web->wait_count, 1);
	assert_string_equal(web->waits[0].pod, "my-db");
}

static void network_mode_and_x_i2kit_share_a_pod(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  side: {image: envoy, network_mode: \"service:app\"}\n"
		   "  app: {image: app, ports: [\"80:80\"], x-i2kit: {pod: Back End}}\n"
		   "  other: {image: other, x-i2kit: {pod: back-end}}\n"
		   "  alone: {image: x, network_mode: none}\n");
	must_load(&project);
	const struct pod_spec *back = pod(&project, "back-end");
	assert_int_equal(back->container_count, 3);
	assert_string_equal(back->containers[0].name, "app");
	assert_string_equal(back->containers[2].name, "side");
	assert_true(pod(&project, "alone")->has_no_network);
	assert_int_equal(project.app.pod_count, 2);
}

static void processes_are_shared_within_a_pod(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  app: {image: app}\n"
		   "  side: {image: side, network_mode: \"service:app\", pid: \"service:app\"}\n"
		   "  alone: {image: x, pid: private}\n");
	must_load(&project);
	assert_true(pod(&project, "app")->shares_processes);
	assert_false(pod(&project, "alone")->shares_processes);
	must_refuse("services:\n  app: {image: app}\n  side: {image: side, pid: \"service:app\"}\n",
		    "pid: 'service:app' is in another pod, and so in another VM");
	must_refuse("services: {app: {image: app, pid: host}}\n", "pid: 'host' is not supported");
}

static void an_image_is_mounted(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(
		&project, "compose.yaml",
		"services:\n"
		"  web:\n"
		"    image: nginx\n"
		"    volumes:\n"
		"      - {type: image, source: \"assets:2\", target: /srv, image: {subpath: www}}\n"
		"      - {type: image, source: \"assets:2\", target: /all}\n");
	must_load(&project);
	const struct pod_spec *web = pod(&project, "web");
	assert_int_equal(web->volume_count, 2);
	assert_int_equal(web->volumes[0].kind, VOLUME_IMAGE);
	assert_string_equal(web->volumes[1].image, "assets:2");
	assert_string_equal(web->containers[0].mounts[0].sub_path, "www");
	assert_true(web->containers[0].mounts[1].is_read_only);
	must_refuse("services: {web: {image: x, volumes: [{type: image, target: /a}]}}\n",
		    "'source' is missing");
	must_refuse("services: {web: {image: x, volumes: [{type: image, source: a, target: /a, "
		    "image: {subpath: ../b}}]}}\n",
		    "subPath '../b' leaves the volume");
	must_refuse(
		"services: {web: {image: x, volumes: [{type: npipe, source: a, target: /a}]}}\n",
		"volumes: the type 'npipe' is not supported");
}

static void a_volume_without_a_name_takes_none_of_the_top(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  web: {image: x, volumes: [/anon, \"Web_0:/data\", /more]}\n"
		   "volumes: {Web_0: , web-2: }\n");
	must_load(&project);
	const struct pod_spec *web = pod(&project, "web");
	assert_int_equal(web->volume_count, 3);
	assert_int_equal(web->volumes[0].kind, VOLUME_EMPTY_DIR);
	assert_string_equal(web->volumes[0].name, "web-1");
	assert_int_equal(web->volumes[1].kind, VOLUME_CLAIM);
	assert_string_equal(web->containers[0].mounts[1].volume, "web-0");
	assert_string_equal(web->volumes[2].name, "web-3");
}

static void limits_reach_the_container(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(
		&project, "compose.yaml",
		"services:\n"
		"  web:\n"
		"    image: nginx\n"
		"    ulimits: {nofile: {soft: 10, hard: \"20\"}, memlock: -1}\n"
		"    pids_limit: 100\n"
		"    oom_score_adj: -500\n"
		"    cpu_shares: 1\n"
		"    init: true\n"
		"    storage_opt: {size: 2g}\n"
		"    restart: on-failure:3\n"
		"    post_start:\n"
		"      - {command: [first]}\n"
		"      - {command: second word, user: root, working_dir: /srv, environment: {A: "
		"b}}\n"
		"  other: {image: x, pids_limit: -1, deploy: {resources: {limits: {pids: 7}}}}\n");
	must_load(&project);
	const struct pod_spec *web = pod(&project, "web");
	const struct container_spec *container = &web->containers[0];
	const struct container_limits *limits = &container->limits;
	assert_int_equal(limits->rlimit_count, 2);
	const struct rlimit_entry *memlock = &limits->rlimits[0], *files = &limits->rlimits[1];
	if (strcmp(rlimit_words[memlock->kind], "MEMLOCK") != 0) {
		memlock = &limits->rlimits[1];
		files = &limits->rlimits[0];
	}
	assert_int_equal(files->soft, 10);
	assert_int_equal(files->hard, 20);
	assert_true(memlock->soft == RLIMIT_NONE && memlock->hard == RLIMIT_NONE);
	assert_int_equal(limits->tasks, 100);
	assert_int_equal(limits->oom_score_adjustment, -500);
	assert_int_equal(limits->cpu_shares, 2);
	assert_true(limits->has_init);
	assert_int_equal(container->resources.ephemeral_limit_bytes, UINT64_C(2) << 30);
	assert_int_equal(web->restart_limit, 3);
	assert_string_equal(container->post_start.check.command.items[0], "first");
	assert_int_equal(container->more_post_start_count, 1);
	const struct check *second = &container->more_post_starts[0].check;
	assert_string_equal(second->command.items[1], "word");
	assert_string_equal(second->user, "root");
	assert_string_equal(second->working_dir, "/srv");
	assert_string_equal(second->environment.items[0], "A=b");
	assert_int_equal(pod(&project, "other")->containers[0].limits.tasks, 7);
	must_refuse("services: {web: {image: x, ulimits: {nofiles: 1}}}\n",
		    "ulimits: there is no limit 'nofiles'");
	must_refuse("services: {web: {image: x, ulimits: {nofile: {soft: 2, hard: 1}}}}\n",
		    "ulimits: nofile is softer than it is hard");
	must_refuse("services: {web: {image: x, ulimits: {nofile: 1, NOFILE: 2}}}\n",
		    "ulimits: NOFILE is there twice");
	must_refuse("services: {web: {image: x, ulimits: {nofile: 1.5}}}\n",
		    "nofile: a whole number");
	must_refuse("services: {web: {image: x, pids_limit: -2}}\n", "pids_limit: '-2' is none");
	must_refuse("services: {web: {image: x, oom_score_adj: 2000}}\n",
		    "oom_score_adj: '2000' is none");
	must_refuse("services: {web: {image: x, post_start: [{command: [a]}, {command: []}]}}\n",
		    "post_start: the command has no words");
}

/* Whichever of the two the file says first. */
static void deploy_says_how_a_service_restarts(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  never: {image: x, deploy: {restart_policy: {condition: none}}, restart: "
		   "always}\n"
		   "  failed: {image: x, restart: \"on-failure:3\", deploy: {restart_policy: "
		   "{condition: on-failure}}}\n"
		   "  twice: {image: x, deploy: {restart_policy: {condition: on-failure, "
		   "max_attempts: 2}}}\n"
		   "  said: {image: x, restart: \"on-failure:4\", deploy: {replicas: 1}}\n");
	must_load(&project);
	assert_int_equal(pod(&project, "never")->restart_policy, RESTART_NEVER);
	assert_int_equal(pod(&project, "failed")->restart_policy, RESTART_ON_FAILURE);
	assert_int_equal(pod(&project, "failed")->restart_limit, 0);
	assert_int_equal(pod(&project, "twice")->restart_limit, 2);
	assert_int_equal(pod(&project, "said")->restart_limit, 4);
	must_refuse("services:\n"
		    "  a: {image: x, restart: always}\n"
		    "  b: {image: y, network_mode: \"service:a\", deploy: {restart_policy: "
		    "{condition: none}}}\n",
		    "service 'b' shares the pod 'a' with others, and restarts otherwise");
}

static size_t mounts_at(const struct pod_spec *pod, size_t container, const char *path,
			const struct volume_mount **ret)
{
	size_t count = 0;
	for (size_t i = 0; i < pod->containers[container].mount_count; i++) {
		if (strcmp(pod->containers[container].mounts[i].mount_path, path) == 0) {
			*ret = &pod->containers[container].mounts[i];
			count++;
		}
	}
	return count;
}

static void volumes_are_taken_from_other_services(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	const struct volume_mount *mount = NULL, *theirs = NULL;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  reader: {image: r, volumes_from: [\"db:ro\"], volumes: [\"mine:/own\"]}\n"
		   "  db: {image: d, volumes: [\"data:/data\", \"./src:/src\", \"other:/own\"]}\n"
		   "  far: {image: f, volumes_from: [reader]}\n"
		   "  side: {image: s, network_mode: \"service:app\", volumes_from: [app]}\n"
		   "  app: {image: a, volumes: [/cache]}\n"
		   "volumes: {data: , mine: , other: }\n");
	must_load(&project);
	const struct pod_spec *reader = pod(&project, "reader");
	assert_int_equal(mounts_at(reader, 0, "/data", &mount), 1);
	assert_string_equal(mount->volume, "data");
	assert_true(mount->is_read_only);
	assert_int_equal(mounts_at(reader, 0, "/src", &mount), 1);
	assert_int_equal(mounts_at(reader, 0, "/own", &mount), 1);
	assert_string_equal(mount->volume, "mine");
	assert_int_equal(mounts_at(pod(&project, "far"), 0, "/data", &mount), 1);
	const struct pod_spec *app = pod(&project, "app");
	assert_int_equal(mounts_at(app, 0, "/cache", &theirs), 1);
	assert_int_equal(mounts_at(app, 1, "/cache", &mount), 1);
	assert_string_equal(mount->volume, theirs->volume);
	must_refuse("services:\n  a: {image: x, volumes: [/anon]}\n  b: {image: x, volumes_from: "
		    "[a]}\n",
		    "volumes_from: /anon of 'a' has no name, and is in another VM");
	must_refuse("services: {b: {image: x, volumes_from: [\"container:x\"]}}\n",
		    "volumes_from: 'x' is no container of a pod here");
}

/* Each of them takes twice from the next: ways are many, services few. */
static void volumes_are_taken_once_from_each_service(void **state)
{
	(void)state;
	enum { SERVICES = 31 };
	AUTO(project_end) struct project project;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	const struct volume_mount *mount = NULL;
	project_begin(&project);
	strbuf_append(&text, "services:\n  s0: {image: x, volumes: [\"data:/data\"]}\n");
	for (unsigned i = 1; i < SERVICES; i++)
		strbuf_appendf(&text, "  s%u: {image: x, volumes_from: [s%u, \"s%u:ro\"]}\n", i,
			       i - 1, i - 1);
	strbuf_append(&text, "volumes: {data: }\n");
	write_file(&project, "compose.yaml", strbuf_text(&text));
	must_load(&project);
	assert_int_equal(mounts_at(pod(&project, "s30"), 0, "/data", &mount), 1);
	assert_false(mount->is_read_only);
}

static void dependencies_have_conditions(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  web:\n"
		   "    image: nginx\n"
		   "    depends_on:\n"
		   "      db: {condition: service_healthy, restart: true}\n"
		   "      init: {condition: service_completed_successfully, required: false}\n"
		   "  db:\n"
		   "    image: postgres\n"
		   "    healthcheck: {test: pg_isready, interval: 1m30s, retries: 5}\n"
		   "  init: {image: busybox, healthcheck: {disable: true}}\n");
	must_load(&project);
	const struct pod_spec *web = pod(&project, "web");
	assert_int_equal(web->wait_count, 2);
	assert_int_equal(web->waits[0].condition, START_HEALTHY);
	assert_true(web->waits[0].restarts);
	assert_int_equal(web->waits[1].condition, START_COMPLETED);
	assert_true(web->waits[1].is_optional);
	assert_true(web->containers[0].keeps_image_health);
	const struct probe *ready = &pod(&project, "db")->containers[0].readiness;
	assert_int_equal(ready->period_s, 90);
	assert_int_equal(ready->failure_threshold, 5);
	assert_string_equal(ready->check.command.items[2], "pg_isready");
	assert_false(pod(&project, "init")->containers[0].keeps_image_health);
}

static void variables_are_filled_in(void **state)
{
	(void)state;
	static const char *const outside[] = {"OUT=outside", "EMPTY=", "BOTH=here", NULL};
	AUTO(project_end) struct project project;
	project_begin(&project);
	project.options.environment = outside;
	write_file(&project, ".env",
		   "# a comment\nexport TAG=\"1.2\"\nBOTH=file\nNEST='$TAG'\nIN=${TAG}-x # end\n");
	write_file(&project, "web.env", "FROM=file\nBOTH_OF=file\nTAGGED=v${TAG}\n");
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  web:\n"
		   "    image: web:${TAG}\n"
		   "    env_file: web.env\n"
		   "    environment:\n"
		   "      - A=${OUT:-no}\n"
		   "      - B=${EMPTY:-default}\n"
		   "      - C=${EMPTY-default}\n"
		   "      - D=${NOWHERE:-a${NOT:-b}c}\n"
		   "      - E=${OUT:+yes}${NOWHERE+no}\n"
		   "      - F=${BOTH}\n"
		   "      - G=$NEST $IN\n"
		   "      - BOTH_OF=service\n"
		   "      - OUT\n"
		   "      - NOWHERE\n");
	must_load(&project);
	const struct pod_spec *web = pod(&project, "web");
	assert_string_equal(web->containers[0].image, "web:1.2");
	assert_string_equal(env(web, "A"), "outside");
	assert_string_equal(env(web, "B"), "default");
	assert_string_equal(env(web, "C"), "");
	assert_string_equal(env(web, "D"), "abc");
	assert_string_equal(env(web, "E"), "yes");
	assert_string_equal(env(web, "F"), "here");
	assert_string_equal(env(web, "G"), "$TAG 1.2-x");
	assert_string_equal(env(web, "FROM"), "file");
	assert_string_equal(env(web, "BOTH_OF"), "service");
	assert_string_equal(env(web, "TAGGED"), "v1.2");
	assert_string_equal(env(web, "OUT"), "outside");
	assert_null(env(web, "NOWHERE"));
}

static void files_are_merged(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "include: [other/compose.yaml]\n"
		   "services:\n"
		   "  web:\n"
		   "    extends: {file: base.yaml, service: base}\n"
		   "    ports: [\"80:80\"]\n"
		   "    command: [one, two]\n"
		   "    environment: {A: a, B: b}\n"
		   "    labels: {x: y}\n"
		   "  dev: {image: tool, profiles: [debug]}\n");
	write_file(&project, "compose.override.yaml",
		   "services:\n"
		   "  web:\n"
		   "    ports: !override [\"81:80\"]\n"
		   "    command: three\n"
		   "    environment: [B=c, D=d]\n"
		   "    labels: !reset null\n");
	write_file(&project, "base.yaml",
		   "services:\n"
		   "  base: {image: base, volumes: [\"./here:/here\"], environment: {Z: z}}\n");
	write_file(&project, "other/compose.yaml",
		   "services:\n  db: {image: \"postgres:${V}\", volumes: [\"./sql:/sql\"]}\n");
	write_file(&project, "other/.env", "V=16\n");
	must_load(&project);
	const struct pod_spec *web = pod(&project, "web");
	const struct service *ports = app_find_service(&project.app, "web-published");
	assert_int_equal(ports->port_count, 1);
	assert_int_equal(ports->ports[0].port, 81);
	assert_int_equal(web->containers[0].args.count, 1);
	assert_string_equal(env(web, "A"), "a");
	assert_string_equal(env(web, "B"), "c");
	assert_string_equal(env(web, "D"), "d");
	assert_string_equal(env(web, "Z"), "z");
	assert_int_equal(web->annotation_count, 0);
	AUTO_FREE char *sql = xasprintf("%s/other/sql", project.app.folder);
	assert_string_equal(pod(&project, "db")->volumes[0].host_path, sql);
	assert_string_equal(pod(&project, "db")->containers[0].image, "postgres:16");
	assert_null(app_find_pod(&project.app, "dev"));
}

static void profiles_choose_services(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	string_list_add(&project.options.profiles, "debug");
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  web: {image: nginx}\n"
		   "  dev: {image: tool, profiles: [debug]}\n"
		   "  load: {image: tool, profiles: [test]}\n");
	must_load(&project);
	assert_int_equal(project.app.pod_count, 2);
	(void)pod(&project, "dev");
}

static void who_names_a_service_has_chosen_its_profiles(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	string_list_add(&project.options.named, "db-load");
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  web: {image: nginx}\n"
		   "  DB_Load: {image: tool, profiles: [test], depends_on: [db]}\n"
		   "  db: {image: db, profiles: [test]}\n"
		   "  dev: {image: tool, profiles: [debug]}\n");
	must_load(&project);
	assert_int_equal(project.app.pod_count, 3);
	(void)pod(&project, "db-load");
	(void)pod(&project, "db");
}

static void configs_and_secrets_are_files(void **state)
{
	(void)state;
	static const char *const outside[] = {"TOKEN=t0ken", NULL};
	AUTO(project_end) struct project project;
	project_begin(&project);
	project.options.environment = outside;
	write_file(&project, "pw.txt", "secret\n");
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  web:\n"
		   "    image: nginx\n"
		   "    secrets: [db_pw, {source: token, target: /etc/token, mode: 0400}]\n"
		   "    configs: [{source: conf, target: /etc/nginx.conf}]\n"
		   "secrets: {db_pw: {file: ./pw.txt}, token: {environment: TOKEN}}\n"
		   "configs: {conf: {content: \"listen 80;\"}}\n");
	must_load(&project);
	const struct config_map *password = app_find_config(&project.app, "db-pw", true);
	assert_string_equal(password->entries[0].bytes, "secret\n");
	assert_string_equal(app_find_config(&project.app, "token", true)->entries[0].bytes,
			    "t0ken");
	const struct container_spec *web = &pod(&project, "web")->containers[0];
	assert_int_equal(web->mount_count, 3);
	for (size_t i = 0; i < web->mount_count; i++)
		assert_true(web->mounts[i].is_read_only);
}

static void builds_and_watches_are_kept(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "name: shop\n"
		   "services:\n"
		   "  api:\n"
		   "    build: {context: ./api, target: prod, args: {V: 1}, dockerfile: D}\n"
		   "    develop:\n"
		   "      watch: [{action: sync, path: ./api/src, target: /src, ignore: x}]\n"
		   "  web: {build: ., image: web:1}\n");
	must_load(&project);
	const struct container_spec *api = &pod(&project, "api")->containers[0];
	AUTO_FREE char *context = xasprintf("%s/api", project.app.folder);
	AUTO_FREE char *dockerfile = xasprintf("%s/D", context);
	/* What is in the disk: the project's name would give each folder a disk of its own. */
	assert_string_equal(api->image, "api");
	assert_string_equal(api->build->context, context);
	assert_string_equal(api->build->dockerfile, dockerfile);
	assert_string_equal(api->build->args[0].value, "1");
	assert_int_equal(api->watches[0].action, WATCH_SYNC);
	assert_string_equal(pod(&project, "web")->containers[0].image, "web:1");
}

static void what_docker_takes_beyond_the_specification_is_taken(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  vpn:\n"
		   "    image: vpn\n"
		   "    container_name: tunnel\n"
		   "    hostname: my_vpn.example.com\n"
		   "    deploy: {restart_policy: {condition: unless-stopped}}\n"
		   "    volumes: [/keys]\n"
		   "  client: {image: client, network_mode: \"container:tunnel\", pid: "
		   "\"container:tunnel\", volumes_from: [\"container:tunnel:ro\"]}\n");
	must_load(&project);
	assert_int_equal(project.app.pod_count, 1);
	const struct pod_spec *vpn = pod(&project, "vpn");
	assert_int_equal(vpn->container_count, 2);
	assert_string_equal(vpn->hostname, "my-vpn");
	assert_true(vpn->shares_processes);
	assert_int_equal(vpn->containers[1].mount_count, 1);
	assert_string_equal(vpn->containers[1].mounts[0].mount_path, "/keys");
	assert_true(vpn->containers[1].mounts[0].is_read_only);
	assert_int_equal(vpn->restart_policy, RESTART_ALWAYS);
	must_say(&project, "compose.yaml:5:15: hostname: 'my_vpn.example.com' is 'my-vpn' here");
	must_refuse("services:\n  a: {image: x, network_mode: \"container:elsewhere\"}\n",
		    "network_mode: 'container:elsewhere' is not supported");
}

static void what_is_external_comes_with_the_command(void **state)
{
	static const char text[] = "services:\n"
				   "  a: {image: x, secrets: [token]}\n"
				   "secrets: {token: {external: true}}\n";
	(void)state;
	AUTO(project_end) struct project project;
	AUTO(string_list_clear) struct string_list given = STRING_LIST_INIT;
	project_begin(&project);
	write_file(&project, "compose.yaml", text);
	string_list_add(&given, "token.token=very");
	project.options.secrets = &given;
	must_load(&project);
	assert_int_equal(project.app.config_map_count, 1);
	assert_string_equal(project.app.config_maps[0].entries[0].bytes, "very");
	must_refuse(text, "compose.yaml:2:27: Secret 'token' has no key 'token'");
}

static void services_of_one_image_share_its_build(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "name: shop\n"
		   "services:\n"
		   "  My_API: {build: {context: ., args: {V: 1}}}\n"
		   "  queue: {image: shop-My_API, command: [queue]}\n"
		   "  web: {build: ./web, image: example/web:1}\n"
		   "  cron: {image: example/web:1, command: [cron]}\n"
		   "  other: {image: example/web:2}\n");
	must_load(&project);
	const struct container_spec *queue = &pod(&project, "queue")->containers[0];
	const struct container_spec *api = &pod(&project, "my-api")->containers[0];
	const struct container_spec *cron = &pod(&project, "cron")->containers[0];
	const struct container_spec *web = &pod(&project, "web")->containers[0];
	assert_string_equal(queue->image, "my-api");
	assert_string_equal(api->image, "my-api");
	assert_string_equal(queue->build->args[0].name, "V");
	assert_string_equal(cron->image, "example/web:1");
	assert_string_equal(cron->build->context, web->build->context);
	assert_null(pod(&project, "other")->containers[0].build);
}

static void what_is_converted_to_compose_reads_back_the_same(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	AUTO(project_end) struct project again;
	AUTO(string_list_clear) struct string_list lost = STRING_LIST_INIT;
	project_begin(&project);
	project_begin(&again);
	write_file(
		&project, "compose.yaml",
		"name: shop\n"
		"services:\n"
		"  web:\n"
		"    image: nginx\n"
		"    entrypoint: []\n"
		"    command: [sh, -c, \"echo $$HOME $$(date)\"]\n"
		"    environment: {A: \"$$(B) $$$$x\", C: \"1\"}\n"
		"    ports: [\"127.0.0.1:8080:80\", \"53:53/udp\"]\n"
		"    volumes: [\"data:/d\", \"./s:/s:ro\", /anon, {type: image, source: "
		"\"assets:2\", target: /i, image: {subpath: www}}]\n"
		"    tmpfs: /run:size=1m\n"
		"    user: app:app\n"
		"    group_add: [7]\n"
		"    dns_opt: [\"ndots:2\"]\n"
		"    pull_policy: always\n"
		"    storage_opt: {size: 3g}\n"
		"    security_opt: [no-new-privileges, \"seccomp:unconfined\"]\n"
		"    depends_on: {db: {condition: service_healthy}}\n"
		"    networks: {a: {aliases: [x]}, b: }\n"
		"    restart: always\n"
		"    deploy: {resources: {limits: {cpus: '0.5', memory: 64m}}}\n"
		"  side: {image: side, network_mode: \"service:web\", pid: "
		"\"service:web\", restart: always, init: true, pids_limit: 5, cpu_shares: 7, "
		"oom_score_adj: -3, ulimits: {nofile: {soft: 1, hard: 2}, core: -1}, post_start: "
		"[{command: [a, $$b]}, {command: [c], user: u, working_dir: /w, environment: {E: "
		"f}}]}\n"
		"  db:\n"
		"    image: postgres\n"
		"    healthcheck: {test: [CMD, pg_isready], interval: 5s, timeout: 3s}\n"
		"    networks: [b]\n"
		"networks: {a: , b: {internal: true}}\n"
		"volumes: {data: {x-i2kit: {size: 2g}}}\n");
	must_load(&project);
	AUTO_FREE char *text = app_write_compose(&project.app, &lost);
	write_file(&again, "compose.yaml", text);
	must_load(&again);
	assert_int_equal(lost.count, 0);
	AUTO_FREE char *second = app_write_compose(&again.app, &lost);
	assert_string_equal(text, second);
	/* And what both times was left out would be missing here. */
	AUTO_FREE char *objects = app_write_kubernetes(&project.app);
	AUTO_FREE char *objects_again = app_write_kubernetes(&again.app);
	assert_string_equal(objects, objects_again);
	const struct pod_spec *web = pod(&again, "web");
	assert_int_equal(web->container_count, 2);
	assert_true(web->containers[0].has_command);
	assert_int_equal(web->containers[0].command.count, 0);
	assert_string_equal(web->containers[0].args.items[2], "echo $HOME $(date)");
	assert_string_equal(env(web, "A"), "$$(B) $$$x");
	assert_true(web->shares_processes);
	assert_int_equal(app_find_claim(&again.app, "data")->size_bytes, (uint64_t)2 << 30);
}

static void what_is_built_and_watched_is_named_where_it_is_lost(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	AUTO(string_list_clear) struct string_list lost = STRING_LIST_INIT;
	project_begin(&project);
	write_file(&project, "compose.yaml",
		   "services:\n"
		   "  a: {build: ., develop: {watch: [{action: rebuild, path: .}]}}\n"
		   "  b: {image: x, develop: {watch: [{action: restart, path: .}]}}\n"
		   "  c: {image: x}\n");
	must_load(&project);
	app_build_losses(&project.app, &lost);
	AUTO_FREE char *all = string_list_join(&lost, "; ");
	assert_string_equal(all, "pod a: build; pod a: develop.watch; pod b: develop.watch");
}

static void what_compose_has_no_words_for_is_named(void **state)
{
	(void)state;
	AUTO(project_end) struct project project;
	AUTO(string_list_clear) struct string_list lost = STRING_LIST_INIT;
	project_begin(&project);
	write_file(&project, "i2kit.yml",
		   "name: web\n"
		   "labels: {a: b}\n"
		   "initContainers: [{name: first, image: busybox}]\n"
		   "activeDeadlineSeconds: 9\n"
		   "securityContext: {fsGroup: 5}\n"
		   "containers: {web: {image: nginx, readinessProbe: {tcpSocket: {port: 80}}, "
		   "resources: {requests: {ephemeral-storage: 1Gi}}}}\n");
	must_load(&project);
	AUTO_FREE char *text = app_write_compose(&project.app, &lost);
	AUTO_FREE char *all = string_list_join(&lost, "; ");
	assert_string_equal(all, "pod web: readinessProbe that asks no command; pod web: requests "
				 "of ephemeral-storage; pod web: initContainers; pod web: labels; "
				 "pod web: fsGroup; pod web: activeDeadlineSeconds");
}

static void mistakes_have_their_place(void **state)
{
	(void)state;
	must_refuse("services:\n  web:\n    imge: nginx\n",
		    "compose.yaml:3:5: unknown key 'imge' in service");
	must_refuse("services:\n  web: {image: nginx, ports: [80:90:100:x]}\n",
		    "compose.yaml:2:31: '80:90:100:x' is not a port");
	must_refuse("services:\n  web: {image: \"nginx:${TAG:?set it}\"}\n",
		    "compose.yaml:2:16: image: the variable TAG has no value: set it");
	must_refuse("services:\n  web: {image: nginx, depends_on: [db]}\n",
		    "service 'web': there is no service 'db'");
	must_refuse(
		"services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n",
		"depends on itself");
	must_refuse("services:\n  web: {image: x, volumes: [data:/data]}\n",
		    "there is no volume 'data'");
	must_refuse("services:\n  web: {image: x, privileged: maybe}\n",
		    "privileged: true or false is wanted here");
	must_refuse("services:\n  web: {image: x, devices: [/dev/kvm]}\n",
		    "'devices' is not supported");
	must_refuse("services:\n  web: {image: x, network_mode: host}\n",
		    "network_mode: 'host' is not supported");
	must_refuse("services:\n  web: {command: x}\n", "neither an image nor a build");
	must_refuse("services:\n  web:\n    image: ${X\n", "is no variable");
	must_refuse("services: [web]\n", "a map is wanted here");
	must_refuse("services:\n  1: {image: x}\n", "keys are texts");
}

static void circles_end(void **state)
{
	(void)state;
	must_refuse("services:\n  a: {extends: b}\n  b: {extends: a}\n", "extends itself");
	must_refuse("include: [compose.yaml]\nservices: {a: {image: x}}\n", "includes itself");
	must_refuse("services:\n  a: {image: x, extends: {file: nowhere.yaml, service: b}}\n",
		    "there is no file");
	must_refuse("x-a: &a [1,2,3,4,5,6,7,8,9]\nx-b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		    "x-c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nx-d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		    "x-e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nx-f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
		    "x-g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nservices: {a: {image: x}}\n",
		    "more than 1000000 values");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_is_a_pod),
		cmocka_unit_test(names_that_are_no_labels_are_kept_as_aliases),
		cmocka_unit_test(network_mode_and_x_i2kit_share_a_pod),
		cmocka_unit_test(processes_are_shared_within_a_pod),
		cmocka_unit_test(an_image_is_mounted),
		cmocka_unit_test(a_volume_without_a_name_takes_none_of_the_top),
		cmocka_unit_test(limits_reach_the_container),
		cmocka_unit_test(deploy_says_how_a_service_restarts),
		cmocka_unit_test(volumes_are_taken_from_other_services),
		cmocka_unit_test(volumes_are_taken_once_from_each_service),
		cmocka_unit_test(dependencies_have_conditions),
		cmocka_unit_test(variables_are_filled_in),
		cmocka_unit_test(files_are_merged),
		cmocka_unit_test(profiles_choose_services),
		cmocka_unit_test(who_names_a_service_has_chosen_its_profiles),
		cmocka_unit_test(configs_and_secrets_are_files),
		cmocka_unit_test(builds_and_watches_are_kept),
		cmocka_unit_test(what_docker_takes_beyond_the_specification_is_taken),
		cmocka_unit_test(what_is_external_comes_with_the_command),
		cmocka_unit_test(services_of_one_image_share_its_build),
		cmocka_unit_test(what_is_converted_to_compose_reads_back_the_same),
		cmocka_unit_test(what_is_built_and_watched_is_named_where_it_is_lost),
		cmocka_unit_test(what_compose_has_no_words_for_is_named),
		cmocka_unit_test(mistakes_have_their_place),
		cmocka_unit_test(circles_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
