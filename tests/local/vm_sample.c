/* SPDX-License-Identifier: Apache-2.0 */
#include "vm_sample.h"

#include <stdlib.h>

#include "base/alloc.h"

#include "test.h"

struct vm_plan vm_sample(void)
{
	struct vm_plan plan = {
		.domain = xstrdup("i2kit-shop.web-0"),
		.project = xstrdup("shop"),
		.project_id = xstrdup("0123456789abcdef0123456789abcdef"),
		.project_folder = xstrdup("/home/ann/shop"),
		.pod = xstrdup("web"),
		.instance = xstrdup("web-0"),
		.uuid = "5dba99e4-f7da-8552-9ab9-90a5487a3bbb",
		.memory_bytes = (uint64_t)128 << 20,
		.cpu_count = 1,
		.kernel_path = xstrdup("/cache/kernel"),
		.initrd_path = xstrdup("/cache/initrd"),
		.cmdline = xstrdup("quiet"),
		.disk_path = xstrdup("/disks/web.img"),
		.network = xstrdup("i2kit-shop"),
		.mac = "52:54:00:5d:ba:99",
		.agent_socket = xstrdup("/run/agent.sock"),
		.console_log = xstrdup("/state/web-0.log"),
	};

	assert_true(digest_parse(VM_SAMPLE_DIGEST, &plan.release.image));
	return plan;
}

void vm_sample_set(char **text, const char *with)
{
	free(*text);
	*text = xstrdup(with);
}
