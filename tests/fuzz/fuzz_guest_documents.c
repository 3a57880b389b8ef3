/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/documents/environment.h"
#include "guest/documents/image_user.h"
#include "guest/documents/oci_config.h"
#include "guest/machine/dhcp_message.h"
#include "guest/pod/check_grpc.h"
#include "guest/pod/check_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_release(const uint8_t *bytes, size_t size)
{
	AUTO(release_clear) struct release release = {0};
	if (!release_document_read(bytes, size, &release, NULL))
		return;
	char name[] = "main";
	struct container_image container = {.name = name};
	struct pod_image pod = {.containers = &container, .container_count = 1, .fs_group = -1};
	struct env_facts facts = {.hostname = "h", .cpu_count = 1};
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	(void)!environment_make(&pod, &release, &container, &facts, &environment, NULL);
}

static void read_pod(const uint8_t *bytes, size_t size)
{
	AUTO(pod_image_clear) struct pod_image pod = {0};
	if (!pod_document_read(bytes, size, "pod", &pod, NULL))
		return;
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	for (size_t i = 0; i < pod.container_count; i++) {
		char home[] = "/";
		struct image_user user = {.home = home};
		struct oci_plan plan = {.pod = &pod,
					.container = &pod.containers[i],
					.root_path = "/r",
					.cgroup_path = "/c",
					.environment = &environment,
					.user = &user};
		free(oci_config_make(&plan, NULL));
	}
}

static void read_others(const uint8_t *bytes, size_t size)
{
	AUTO(host_list_clear) struct host_list hosts = {0};
	(void)!host_list_read(bytes, size, &hosts, NULL);
	(void)grpc_answer_parse(bytes, size);
	(void)http_status_parse((const char *)bytes, size);
	AUTO_FREE char *location = NULL;
	(void)http_answer_parse((const char *)bytes, size, &location);
	AUTO_FREE char *reference = strndup((const char *)bytes, size);
	AUTO(http_target_clear)
	struct http_target target = {
		.host = strdup("10.0.0.5"), .path = strdup("/a/b?c"), .port = 80};
	(void)http_target_follow(&target, reference);
	struct dhcp_lease lease;
	(void)dhcp_message_parse(bytes, size, 0x12345678, &lease);
	char *text = strndup((const char *)bytes, size);
	AUTO(image_user_clear) struct image_user user = {0};
	(void)!image_user_find("app", NULL, text, text, &user, NULL);
	free(text);
}

/* The first byte says which reader gets the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (bytes[0] == 'r')
		read_release(bytes + 1, size - 1);
	else if (bytes[0] == 'p')
		read_pod(bytes + 1, size - 1);
	else
		read_others(bytes + 1, size - 1);
	return 0;
}
