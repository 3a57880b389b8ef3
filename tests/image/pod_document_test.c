/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/pod_document.h"

#include <string.h>

#include "base/alloc.h"
#include "test.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SHA "sha256:" HEX

static char reference[] = "nginx:1.22", name[] = "nginx", pod_name[] = "web", space[] = "default";
static char media_type[] = "application/vnd.oci.image.layer.v1.tar";

static char *make(char *config, struct container_spec *container, struct error *err)
{
	struct digest sha;
	assert_true(digest_parse(SHA, &sha));
	struct oci_descriptor layers[2] = {
		{.digest = sha, .diff_id = sha, .media_type = media_type},
		{.digest = sha, .diff_id = sha, .media_type = media_type}};
	struct oci_image image = {.reference = reference,
				  .digest = sha,
				  .config_json = config,
				  .layers = layers,
				  .layer_count = 2};
	struct disk_layer pod_layers[1] = {{.blob = &layers[0], .digest = sha, .image = reference}};
	struct pod_spec pod = {.name = pod_name,
			       .namespace_name = space,
			       .containers = container,
			       .container_count = 1,
			       .termination_grace_s = 30};
	struct pod_document document = {.pod = &pod,
					.images = &image,
					.layers = pod_layers,
					.layer_count = 1,
					.base_digest = sha};
	return pod_document_make(&document, err);
}

static void the_document_is_as_the_guest_reads_it(void **state)
{
	static char config[] = "{\"config\":{\"Env\":[\"A=1\"],\"Cmd\":[\"nginx\"],\"Volumes\":{\"/"
			       "b\":{},\"/a\":{}},"
			       "\"User\":\"\",\"Entrypoint\":null,\"Labels\":{\"x\":\"y\"}}}";
	AUTO(error_clear) struct error err = ERROR_INIT;
	static char path[] = "/ready", message[] = "/dev/termination-log";
	struct container_port port = {.port = 80};
	struct container_spec container = {
		.name = name,
		.image = reference,
		.ports = &port,
		.port_count = 1,
		.has_command = true,
		.resources = {.memory_limit_bytes = 64 << 20},
		.readiness = {.check = {.type = CHECK_HTTP, .path = path, .port = 80},
			      .period_s = 10,
			      .timeout_s = 1,
			      .success_threshold = 1,
			      .failure_threshold = 3},
		.pre_stop.check = {.type = CHECK_SLEEP, .sleep_ms = 5000},
		.security = {.has_user = true, .allow_privilege_escalation = TRI_FALSE},
		.termination_message_path = message};
	(void)state;
	AUTO_FREE char *text = make(config, &container, &err);
	assert_non_null(text);
	assert_string_equal(text,
			    "{\"version\":1,\"pod\":\"web\",\"namespace\":\"default\",\"workload\":"
			    "\"Deployment\","
			    "\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,"
			    "\"base\":{\"name\":\"i2kit-base\",\"uuid\":\"00112233-4455-8677-8899-"
			    "aabbccddeeff\","
			    "\"digest\":\"" SHA "\"},"
			    "\"layers\":[{\"name\":\"i2kit-layer-000\","
			    "\"uuid\":\"00112233-4455-8677-8899-aabbccddeeff\",\"digest\":\"" SHA
			    "\",\"layer\":\"" SHA "\"}],"
			    "\"initContainers\":[],\"containers\":[{\"name\":\"nginx\",\"image\":"
			    "\"nginx:1.22\","
			    "\"imageDigest\":\"" SHA "\",\"layers\":[0,0],"
			    "\"config\":{\"Cmd\":[\"nginx\"],\"Env\":[\"A=1\"],"
			    "\"Volumes\":{\"/a\":{},\"/b\":{}}},"
			    "\"command\":[],\"ports\":[{\"port\":80,\"protocol\":\"TCP\"}],"
			    "\"resources\":{\"memoryLimitBytes\":67108864},"
			    "\"readinessProbe\":{\"type\":\"http\",\"port\":80,\"path\":\"/ready\","
			    "\"initialDelaySeconds\":0,\"periodSeconds\":10,\"timeoutSeconds\":1,"
			    "\"successThreshold\":1,\"failureThreshold\":3},"
			    "\"preStop\":{\"type\":\"sleep\",\"seconds\":5},"
			    "\"security\":{\"user\":0,\"allowPrivilegeEscalation\":false},"
			    "\"terminationMessagePath\":\"/dev/termination-log\"}]}");
}

static void an_image_config_of_the_wrong_shape_is_refused(void **state)
{
	static char wrong[][64] = {"{\"config\":{\"Cmd\":\"nginx\"}}", "{\"config\":{\"Env\":[1]}}",
				   "{\"config\":{\"User\":7}}", "not json"};
	struct container_spec container = {.name = name, .image = reference};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_null(make(wrong[i], &container, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

static void a_container_without_a_program_is_refused(void **state)
{
	static char config[] = "{\"config\":{\"Entrypoint\":[],\"Cmd\":null}}";
	struct container_spec container = {.name = name, .image = reference};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_null(make(config, &container, &err));
	assert_non_null(strstr(err.message, "no program to run"));
	assert_non_null(err.hint);
	string_list_add(&container.args, "/bin/true");
	AUTO_FREE char *text = make(config, &container, NULL);
	assert_non_null(text);
	string_list_clear(&container.args);
}

static void a_text_that_is_not_utf8_is_refused(void **state)
{
	static char config[] = "{\"config\":{\"Cmd\":[\"x\"]}}", directory[] = "/\xff";
	struct container_spec container = {
		.name = name, .image = reference, .working_dir = directory};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_null(make(config, &container, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_document_is_as_the_guest_reads_it),
		cmocka_unit_test(an_image_config_of_the_wrong_shape_is_refused),
		cmocka_unit_test(a_container_without_a_program_is_refused),
		cmocka_unit_test(a_text_that_is_not_utf8_is_refused),
	};
	return cmocka_run_group_tests_name("pod_document", tests, NULL, NULL);
}
