/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor asks of its starter, and the answer. The first byte says which. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "local/vm/network_filter.h"
#include "local/vm/starter_request.h"

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What is taken is absolute, and is the same when it is written and read again. */
static void check_request(const char *text, size_t size)
{
	AUTO(starter_request_clear) struct starter_request request = {0};
	AUTO(starter_request_clear) struct starter_request again = {0};
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	if (!starter_request_read(text, size, &request, NULL))
		return;
	if ((request.path != NULL && request.path[0] != '/') ||
	    (request.other != NULL && strstr(request.other, "/../") != NULL) ||
	    (request.text != NULL && !network_filter_is_own(request.text)))
		abort();
	starter_request_write(&request, &out);
	if (!starter_request_read(out.data, out.size, &again, NULL) || again.kind != request.kind ||
	    again.size_bytes != request.size_bytes || !is_same(again.path, request.path) ||
	    !is_same(again.text, request.text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const char *text = (const char *)bytes + 1;

	if (size == 0)
		return 0;
	if (bytes[0] == 'r')
		check_request(text, size - 1);
	else if (!starter_answer_read(text, size - 1, &err) && err.message == NULL)
		abort();
	return 0;
}
