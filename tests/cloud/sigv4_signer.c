/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For sigv4_botocore.py: one JSON request a line on stdin, the Authorization header's value for it
 * a line on stdout.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cloud/aws/client/sigv4.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool sign_line(const char *line)
{
	json_t *object = json_loads(line, 0, NULL);
	if (object == NULL)
		return false;
	const json_t *list = json_object_get(object, "headers");
	const char *headers[32] = {0};
	for (size_t i = 0; i < json_array_size(list) && i < 31; i++)
		headers[i] = json_string_value(json_array_get(list, i));
	struct sigv4_key key = {text_of(object, "id"), text_of(object, "secret"),
				text_of(object, "token")};
	struct sigv4_request request = {
		.method = text_of(object, "method"),
		.host = text_of(object, "host"),
		.path = text_of(object, "path"),
		.query = text_of(object, "query"),
		.headers = headers,
		.payload_hash = text_of(object, "hash"),
		.region = text_of(object, "region"),
		.service = text_of(object, "service"),
		.time_s = json_integer_value(json_object_get(object, "time")),
		.is_s3 = json_is_true(json_object_get(object, "s3")),
		.add_content_hash = json_is_true(json_object_get(object, "content_hash")),
	};
	AUTO(string_list_clear) struct string_list out = STRING_LIST_INIT;
	bool is_ok = sigv4_sign(&key, &request, &out, NULL);
	AUTO_FREE char *canonical = sigv4_canonical_request(&key, &request);
	json_t *answer = json_pack("{s:s, s:s}", "authorization",
				   is_ok ? out.items[out.count - 1] : "", "canonical", canonical);
	json_dumpf(answer, stdout, JSON_COMPACT);
	printf("\n");
	json_decref(answer);
	json_decref(object);
	return is_ok;
}

int main(void)
{
	AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	while (getline(&line, &capacity, stdin) > 0)
		if (!sign_line(line))
			return 1;
	return 0;
}
