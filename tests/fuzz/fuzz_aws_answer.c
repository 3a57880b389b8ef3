/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/http.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/request.h"
#include "fuzz.h"

/* First byte: which protocol; the rest: an error answer's body. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct aws_service *const services[] = {&AWS_EC2, &AWS_CLOUDFORMATION,
							     &AWS_EBS, &AWS_SSM, &AWS_S3};
	if (size == 0)
		return 0;
	const struct aws_service *service = services[bytes[0] % ARRAY_SIZE(services)];
	char *body = xmalloc(size); /* of all bytes, NULs too, and one NUL behind */
	memcpy(body, bytes + 1, size - 1);
	body[size - 1] = '\0';
	struct http_response response = {
		.status = 400,
		.body = body,
		.body_size = size - 1,
	};
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct aws_call call = {.service = service, .action = "Fuzz"};
	aws_answer_read(service, &response, &answer);
	if (aws_answer_error(&call, &answer, &err) || err.message == NULL)
		__builtin_trap();
	for (const char *c = err.message; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' && *c != '\t')
			__builtin_trap();
	http_response_clear(&response);
	return 0;
}
