/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/cloud/cloud_answer.h"
#include "guest/cloud/cloud_dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_answer(const char *bytes, size_t size)
{
	AUTO(cloud_answer_clear) struct cloud_answer answer = {0};
	(void)cloud_answer_is_whole(bytes, size);
	(void)!cloud_answer_parse(bytes, size, &answer, NULL);
	if (answer.body != NULL && strlen(answer.body) > answer.body_size)
		abort();
}

static void read_url(const char *bytes, size_t size)
{
	AUTO_FREE char *text = strndup(bytes, size);
	AUTO(cloud_url_clear) struct cloud_url url = {0};
	if (cloud_url_parse(text, &url, NULL) && (url.host == NULL || url.path[0] != '/'))
		abort();
	uint8_t query[300];
	if (dns_query_make(text, 7, query) > sizeof(query))
		abort();
}

/* The first byte says which reader gets the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct in_addr address;
	if (size == 0)
		return 0;
	/* A copy of its own, ended: reading past it shows. */
	AUTO_FREE char *text = calloc(1, size);
	memcpy(text, bytes + 1, size - 1);
	if (bytes[0] == 'h')
		read_answer(text, size - 1);
	else if (bytes[0] == 'u')
		read_url(text, size - 1);
	else
		(void)dns_answer_parse(bytes + 1, size - 1, 0x3030, &address);
	return 0;
}
