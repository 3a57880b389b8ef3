/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "cloud/aws/client/sigv4.h"
#include "cloud/aws/rehearsal/rehearsal_aws.h"
#include "cloud/aws/rehearsal/rehearsal_parts.h"

/* A stateful pod with one secret and one volume, and the cloud it sees. */
static void rehearsal_close(struct cloud_rehearsal *rehearsal)
{
	if (rehearsal != NULL)
		REHEARSAL_AWS.close(rehearsal);
}
DEFINE_AUTO_PTR(cloud_rehearsal, rehearsal_close)

static struct cloud_rehearsal *make_cloud(void)
{
	static char project[] = "shop";
	static char name[] = "web";
	static char volume_name[] = "data";
	static struct claim claim = {.name = volume_name, .size_bytes = (uint64_t)3 << 30};
	static struct pod_spec pod = {
		.name = name, .claim_templates = &claim, .claim_template_count = 1};
	static struct app app = {.project = project, .pods = &pod, .pod_count = 1};
	const struct cloud_rehearsal_input input = {
		.app = &app,
		.pod = &pod,
		.id = {sha256_digest("1", 1), sha256_digest("2", 1)},
		.config_json = "{\"secrets\":{\"key\":{\"token\":{\"base64\":\"c2VjcmV0\"}}}}",
		.stack = "i2kit-shop",
	};
	struct cloud_rehearsal *cloud = REHEARSAL_AWS.open(&input, NULL);
	assert_non_null(cloud);
	return cloud;
}

static int status_of(struct cloud_rehearsal *cloud, const char *request, struct strbuf *answer)
{
	strbuf_reset(answer);
	assert_true(REHEARSAL_AWS.answer(cloud, request, strlen(request), answer));
	return (int)strtol(answer->data + strlen("HTTP/1.1 "), NULL, 10);
}

/* As the pod's role would sign it. */
static char *sign(const struct cloud_rehearsal *cloud, const char *service, const char *target,
		  const char *body)
{
	uint8_t raw[SHA256_SIZE];
	char hash[SHA256_HEX_SIZE];
	AUTO(string_list_clear) struct string_list headers = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list out = STRING_LIST_INIT;
	sha256_bytes(body, strlen(body), raw);
	sha256_hex(raw, hash);
	string_list_addf(&headers, "X-Amz-Target: %s", target);
	const struct sigv4_key key = {.access_key = REHEARSAL_KEY_ID,
				      .secret_key = cloud->secret,
				      .session_token = cloud->session_token};
	const struct sigv4_request request = {.method = "POST",
					      .host = "169.254.169.254",
					      .path = "/",
					      .headers = (const char *const *)headers.items,
					      .payload_hash = hash,
					      .region = cloud->region,
					      .service = service,
					      .time_s = clock_wall_ns() / 1000000000};
	assert_true(sigv4_sign(&key, &request, &out, NULL));
	string_list_copy(&out, &headers);
	AUTO_FREE char *lines = string_list_join(&out, "\r\n");
	return xasprintf("POST / HTTP/1.1\r\nHost: 169.254.169.254\r\n%s\r\nContent-Length: %zu"
			 "\r\n\r\n%s",
			 lines, strlen(body), body);
}

static void metadata_wants_a_token(void **state)
{
	(void)state;
	AUTO_PTR(cloud_rehearsal) struct cloud_rehearsal *cloud = make_cloud();
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	assert_int_equal(status_of(cloud, "GET /latest/user-data HTTP/1.1\r\n\r\n", &answer), 401);
	assert_int_equal(status_of(cloud, "PUT /latest/api/token HTTP/1.1\r\n\r\n", &answer), 400);
	assert_int_equal(status_of(cloud,
				   "PUT /latest/api/token HTTP/1.1\r\n"
				   "X-Aws-EC2-Metadata-Token-TTL-Seconds: 60\r\n\r\n",
				   &answer),
			 200);
	AUTO_FREE char *asked = xasprintf("GET /latest/user-data HTTP/1.1\r\n"
					  "X-aws-ec2-metadata-token: %s\r\n\r\n",
					  cloud->metadata_token);
	assert_int_equal(status_of(cloud, asked, &answer), 200);
	assert_true(REHEARSAL_AWS.facts(cloud)->has_user_data);
	assert_non_null(strstr(answer.data, "\"where\":\"rehearsal\""));
	assert_non_null(strstr(answer.data, "ssm:/i2kit/i2kit-shop/secrets/key/token/"));
	assert_null(strstr(answer.data, "c2VjcmV0"));
	assert_null(strstr(answer.data, "@volume:"));
	assert_int_equal(REHEARSAL_AWS.facts(cloud)->volume_count, 1);
	assert_int_equal(REHEARSAL_AWS.facts(cloud)->volumes[0].size_bytes, (uint64_t)3 << 30);
	assert_non_null(strstr(answer.data, REHEARSAL_AWS.facts(cloud)->volumes[0].serial + 3));
}

static void a_request_in_pieces_is_waited_for(void **state)
{
	(void)state;
	AUTO_PTR(cloud_rehearsal) struct cloud_rehearsal *cloud = make_cloud();
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	AUTO_FREE char *call = sign(cloud, "logs", "Logs_20140328.CreateLogStream",
				    "{\"logGroupName\":\"/i2kit/i2kit-shop\","
				    "\"logStreamName\":\"web/a/i\"}");
	for (size_t size = 0; size < strlen(call); size++)
		assert_false(REHEARSAL_AWS.answer(cloud, call, size, &answer));
	assert_int_equal(status_of(cloud, call, &answer), 200);
	assert_int_equal(status_of(cloud, call, &answer), 400);
	assert_int_equal(REHEARSAL_AWS.facts(cloud)->refusals.count, 0);
}

static void a_wrong_signature_is_refused_and_remembered(void **state)
{
	(void)state;
	AUTO_PTR(cloud_rehearsal) struct cloud_rehearsal *cloud = make_cloud();
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	AUTO_FREE char *call = sign(cloud, "ssm", "AmazonSSM.GetParameters", "{\"Names\":[\"a\"]}");
	call[strlen(call) - 3] = 'b'; /* the body is signed too */
	assert_int_equal(status_of(cloud, call, &answer), 403);
	assert_int_equal(status_of(cloud, "POST / HTTP/1.1\r\n\r\n", &answer), 403);
	assert_int_equal(REHEARSAL_AWS.facts(cloud)->refusals.count, 2);
	assert_int_equal(REHEARSAL_AWS.facts(cloud)->signed_calls, 0);
}

static void the_role_reads_its_own_secrets_alone(void **state)
{
	(void)state;
	AUTO_PTR(cloud_rehearsal) struct cloud_rehearsal *cloud = make_cloud();
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	AUTO_FREE char *body = xasprintf("{\"Names\":[\"%s\"],\"WithDecryption\":true}",
					 cloud->data.puts.items[0].name);
	AUTO_FREE char *own = sign(cloud, "ssm", "AmazonSSM.GetParameters", body);
	assert_int_equal(status_of(cloud, own, &answer), 200);
	assert_non_null(strstr(answer.data, "c2VjcmV0"));
	AUTO_FREE char *other = sign(cloud, "ssm", "AmazonSSM.GetParameters",
				     "{\"Names\":[\"/i2kit/else\"],\"WithDecryption\":true}");
	assert_int_equal(status_of(cloud, other, &answer), 403);
	assert_non_null(strstr(REHEARSAL_AWS.facts(cloud)->refusals.items[0], "/i2kit/else"));
}

static void logs_of_another_group_are_refused(void **state)
{
	(void)state;
	AUTO_PTR(cloud_rehearsal) struct cloud_rehearsal *cloud = make_cloud();
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	AUTO_FREE char *call = sign(cloud, "logs", "Logs_20140328.PutLogEvents",
				    "{\"logGroupName\":\"/other\",\"logStreamName\":\"a\","
				    "\"logEvents\":[]}");
	assert_int_equal(status_of(cloud, call, &answer), 403);
	assert_int_equal(REHEARSAL_AWS.facts(cloud)->refusals.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_wants_a_token),
		cmocka_unit_test(a_request_in_pieces_is_waited_for),
		cmocka_unit_test(a_wrong_signature_is_refused_and_remembered),
		cmocka_unit_test(the_role_reads_its_own_secrets_alone),
		cmocka_unit_test(logs_of_another_group_are_refused),
	};
	return cmocka_run_group_tests_name("rehearsal", tests, NULL, NULL);
}
