/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"
#include "tui/update.h"

#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

/* Texts that nobody frees or changes, in fields that are not const. */
#define T(text) ((char[]){text})

static struct container_status web_containers[] = {
	{.name = T("migrate"),
	 .is_init = true,
	 .state = CONTAINER_TERMINATED,
	 .reason = T("Completed")},
	{.name = T("nginx"),
	 .state = CONTAINER_RUNNING,
	 .is_ready = true,
	 .restarts = 2,
	 .memory_bytes = 9 << 20,
	 .exit_code = 1},
	{.name = T("exporter"),
	 .state = CONTAINER_WAITING,
	 .reason = T("CrashLoopBackOff"),
	 .message = T("exit code 3; next start in 40s"),
	 .exit_code = 3},
};
static struct probe_result web_probes[] = {
	{T("nginx"), T("readiness"), false, T("connection refused"), SAMPLE_NOW_NS - 60 * SECOND},
	{T("nginx"), T("readiness"), true, T("HTTP 200"), SAMPLE_NOW_NS - 50 * SECOND},
};
static struct boot_stage web_stages[] = {{T("kernel"), 320},
					 {T("init"), 2900},
					 {T("network"), 3000},
					 {T("containers"), 3900},
					 {T("ready"), 4150}};

static struct pod_status pods[] = {
	{.name = T("web"), .kind = T("Deployment"), .desired = 2, .ready = 1},
	{.name = T("db"), .kind = T("StatefulSet"), .desired = 1, .ready = 1},
	{.name = T("worker"),
	 .kind = T("Deployment"),
	 .desired = 1,
	 .message = T("pulling worker:1.4")},
};
static struct instance_status instances[] = {
	{.name = T("web-0"),
	 .pod = T("web"),
	 .replica = 0,
	 .uuid = T("6f1c2b1e-0000-4000-8000-00000000a001"),
	 .state = INSTANCE_READY,
	 .is_ready = true,
	 .address = T("10.77.1.10"),
	 .release = {.image = {{0x3f, 0x2a, 0x9c}}, .config = {{0x77, 0xb1}}},
	 .restarts = 2,
	 .created_ns = SAMPLE_NOW_NS - 3700 * SECOND,
	 .memory_bytes = 128 << 20,
	 .memory_used_bytes = 41 << 20,
	 .cpu_count = 1,
	 .containers = web_containers,
	 .container_count = 3,
	 .probes = web_probes,
	 .probe_count = 2,
	 .stages = web_stages,
	 .stage_count = 5},
	{.name = T("web-1"),
	 .pod = T("web"),
	 .replica = 1,
	 .state = INSTANCE_BOOTING,
	 .release = {.image = {{0x3f, 0x2a, 0x9c}}},
	 .created_ns = SAMPLE_NOW_NS - 4 * SECOND,
	 .memory_bytes = 128 << 20,
	 .cpu_count = 1},
	{.name = T("db-0"),
	 .pod = T("db"),
	 .replica = 0,
	 .state = INSTANCE_READY,
	 .is_ready = true,
	 .is_dirty = true,
	 .address = T("10.77.1.12"),
	 .release = {.image = {{0x91, 0xc4, 0xde}}},
	 .created_ns = SAMPLE_NOW_NS - 90000 * SECOND,
	 .memory_bytes = 256 << 20,
	 .memory_used_bytes = 180 << 20,
	 .cpu_count = 2},
};
static struct port_status ports[] = {
	{.service = T("web"),
	 .host = T("127.0.0.1"),
	 .host_port = 8080,
	 .service_port = 80,
	 .target_port = 80,
	 .backends = 1,
	 .connections = 3,
	 .total_connections = 1290},
	{.service = T("dns"),
	 .host = T("127.0.0.1"),
	 .host_port = 8053,
	 .wanted_host_port = 53,
	 .service_port = 53,
	 .target_port = 5353,
	 .is_udp = true},
	{.service = T("admin"),
	 .host = T("127.0.0.1"),
	 .host_port = 0,
	 .service_port = 9000,
	 .target_port = 9000,
	 .problem = T("port 9000 is held by python3 (pid 4711)")},
};
struct project_status sample_status = {
	.project = T("shop"),
	.folder = T("/home/anna/shop"),
	.connection = T("qemu:///system"),
	.accelerator = T("tcg"),
	.is_supervised = true,
	.pods = pods,
	.pod_count = 3,
	.instances = instances,
	.instance_count = 3,
	.ports = ports,
	.port_count = 3,
};

static struct pod_status job_pods[] = {
	{.name = T("squares"),
	 .kind = T("Job"),
	 .is_job = true,
	 .desired = 3,
	 .ready = 1,
	 .succeeded = 1,
	 .active = 1},
	{.name = T("report"),
	 .kind = T("CronJob"),
	 .message = T("0 3 * * *, last 03:00, next 2025-11-25 03:00, 1 active"),
	 .cron = {.schedule = T("0 3 * * *"),
		  .time_zone = T("Europe/Berlin"),
		  .active = 1,
		  .last_ns = SAMPLE_NOW_NS - 9600 * SECOND,
		  .success_ns = SAMPLE_NOW_NS - 9500 * SECOND,
		  .next_ns = SAMPLE_NOW_NS + 76800 * SECOND}},
	{.name = T("report-29399880"),
	 .kind = T("Job"),
	 .is_job = true,
	 .job_end = JOB_FAILED,
	 .is_failed = true,
	 .desired = 1,
	 .failed_pods = 7,
	 .cron_of = T("report"),
	 .message = T("BackoffLimitExceeded, 7 pods failed")},
	{.name = T("report-29401320"),
	 .kind = T("Job"),
	 .is_job = true,
	 .desired = 1,
	 .active = 1,
	 .cron_of = T("report")},
};
static struct instance_status job_instances[] = {
	{.name = T("squares-1"),
	 .pod = T("squares"),
	 .replica = 1,
	 .state = INSTANCE_RUNNING,
	 .created_ns = SAMPLE_NOW_NS - 5 * SECOND},
	{.name = T("squares-0"),
	 .pod = T("squares"),
	 .state = INSTANCE_SUCCEEDED,
	 .created_ns = SAMPLE_NOW_NS - 9 * SECOND},
	{.name = T("report-29401320-0"),
	 .pod = T("report-29401320"),
	 .state = INSTANCE_BOOTING,
	 .created_ns = SAMPLE_NOW_NS - 2 * SECOND},
};
struct project_status sample_jobs = {
	.project = T("shop"),
	.connection = T("qemu:///system"),
	.accelerator = T("tcg"),
	.is_supervised = true,
	.pods = job_pods,
	.pod_count = 4,
	.instances = job_instances,
	.instance_count = 3,
};

static const struct project_event events[] = {
	{1, SAMPLE_NOW_NS - 60 * SECOND, T("Unhealthy"), true, T("web-0/nginx"),
	 T("readiness: connection refused")},
	{2, SAMPLE_NOW_NS - 50 * SECOND, T("Ready"), false, T("web-0"), T("after 4.15 s")},
	{3, SAMPLE_NOW_NS - 4 * SECOND, T("Started"), false, T("web-1"), T("VM defined")},
};

void sample_model(struct model *model, int rows, int columns)
{
	model_init(model, "shop", rows, columns);
	model->now_ns = SAMPLE_NOW_NS - 4 * SECOND;
	model_update(model, &(struct event){.kind = EVENT_STATUS, .status = &sample_status});
	for (int second = 3; second >= 0; second--) {
		model->now_ns = SAMPLE_NOW_NS - second * SECOND;
		instances[0].cpu_usec += (uint64_t)(4 - second) * 200000;
		instances[2].cpu_usec += 30000;
		model_update(model,
			     &(struct event){.kind = EVENT_STATUS, .status = &sample_status});
	}
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		model_update(model,
			     &(struct event){.kind = EVENT_PROJECT, .project_event = &events[i]});
	model_update(model, &(struct event){.kind = EVENT_TICK,
					    .percent = 37,
					    .memory_used = UINT64_C(6) << 30,
					    .memory_total = UINT64_C(24) << 30});
}

void sample_crash_loop(struct model *model)
{
	struct container_status container = {.name = T("nginx"),
					     .state = CONTAINER_WAITING,
					     .reason = T("CrashLoopBackOff"),
					     .message = T("exit code 137, killed: more "
							  "memory than its limit of 64Mi; "
							  "next start in 40s"),
					     .restarts = 7,
					     .exit_code = 137};
	struct project_status status = sample_status;
	struct instance_status looping[3];

	memcpy(looping, instances, sizeof(looping));
	looping[0].state = INSTANCE_RUNNING;
	looping[0].is_ready = false;
	looping[0].restarts = 7;
	looping[0].containers = &container;
	looping[0].container_count = 1;
	status.instances = looping;
	model_update(model, &(struct event){.kind = EVENT_STATUS, .status = &status});
}

void sample_press(struct model *model, const char *keys)
{
	for (; *keys != '\0'; keys++)
		model_update(model,
			     &(struct event){.kind = EVENT_KEY, .key = (unsigned char)*keys});
}

void sample_log(struct model *model, uint64_t sequence, const char *pod, const char *container,
		uint8_t source, const char *text)
{
	char instance[64];
	(void)snprintf(instance, sizeof(instance), "%s-0", pod);
	struct log_line line = {
		.sequence = sequence,
		.time_ns = SAMPLE_NOW_NS + (int64_t)sequence * 1000000,
		.pod = (char *)(uintptr_t)pod,
		.instance = instance,
		.container = (char *)(uintptr_t)container,
		.source = source,
		.text = text,
		.size = strlen(text),
	};
	model_update(model, &(struct event){.kind = EVENT_LOG_LINE, .line = &line});
	model_update(model, &(struct event){.kind = EVENT_LOG_LINES_DONE});
}
