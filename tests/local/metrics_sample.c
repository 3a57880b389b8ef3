/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics_sample.h"

#include <string.h>

#define T(text) ((char[]){text})

static struct container_status containers[] = {
	{.name = T("nginx"),
	 .state = CONTAINER_RUNNING,
	 .is_ready = true,
	 .exit_code = 137,
	 .restarts = 2,
	 .cpu_usec = 1234567,
	 .memory_bytes = 9 << 20,
	 .read_bytes = 4096,
	 .write_bytes = 8192},
	{.name = T("migrate"), .is_init = true, .state = CONTAINER_TERMINATED, .exit_code = 0},
	{.name = T("late"), .state = CONTAINER_WAITING, .exit_code = -1},
};
static struct boot_stage stages[] = {
	{T("kernel"), 320}, {T("init"), 2900}, {T("init"), 2901}, {T("ready"), 4150}};
static struct pod_status pods[] = {{.name = T("web"), .desired = 2, .ready = 1},
				   {.name = T("a\"b\\c\nd\xff"), .desired = 1}};
static struct instance_status instances[] = {
	{.name = T("web-0"),
	 .pod = T("web"),
	 .uuid = T("6f1c2b1e-0000-4000-8000-00000000a001"),
	 .state = INSTANCE_READY,
	 .is_ready = true,
	 .restarts = 2,
	 .vm_restarts = 1,
	 .created_ns = INT64_C(1764000000123456789),
	 .memory_bytes = 128 << 20,
	 .memory_used_bytes = 41 << 20,
	 .cpu_usec = 1234567,
	 .stats_time_ns = INT64_C(1764000001000000000),
	 .rx_bytes = 1000,
	 .tx_bytes = 2000,
	 .cpu_count = 1,
	 .containers = containers,
	 .container_count = 3,
	 .stages = stages,
	 .stage_count = 4},
	{.name = T("a\"b\\c\nd\xff-0"),
	 .pod = T("a\"b\\c\nd\xff"),
	 .state = INSTANCE_STARTING,
	 .memory_bytes = 128 << 20},
};
static struct port_status ports[] = {{.service = T("web"),
				      .service_port = 80,
				      .backends = 1,
				      .connections = 3,
				      .total_connections = 1290},
				     {.service = T("web"), .service_port = 80, .is_udp = true}};

struct project_status metrics_sample(void)
{
	static char project[] = "shop";
	(void)!digest_parse(
		"sha256:3f2a9c0000000000000000000000000000000000000000000000000000000000",
		&instances[0].release.image);
	return (struct project_status){.project = project,
				       .pods = pods,
				       .pod_count = 2,
				       .instances = instances,
				       .instance_count = 2,
				       .ports = ports,
				       .port_count = 2};
}
