/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "local/supervisor/control_request.h"
#include "local/supervisor/domain_work.h"
#include "local/supervisor/last_words.h"
#include "local/supervisor/session.h"

/* What is read can be written, and is the same when it is read again. */
static void check_request(const char *line, size_t size)
{
	AUTO(control_request_clear) struct control_request request = {0};
	AUTO(control_request_clear) struct control_request again = {0};
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	if (!control_request_read(line, size, &request, NULL))
		return;
	control_request_write(&request, &out);
	if (!control_request_read(out.data, out.size - 1, &again, NULL) || again.op != request.op ||
	    again.id != request.id || again.with_volumes != request.with_volumes)
		abort();
}

/* The first byte says which reader gets the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes + 1;

	if (size == 0)
		return 0;
	if (bytes[0] == 'r') {
		check_request(text, size - 1);
	} else if (bytes[0] == 's') {
		(void)session_is_request(text, size - 1);
	} else if (bytes[0] == 'd') {
		AUTO(string_list_clear) struct string_list disks = STRING_LIST_INIT;
		char *copy = strndup(text, size - 1);
		domain_disks_read(copy, &disks);
		free(copy);
	} else {
		free(last_words_find(text, size - 1));
	}
	return 0;
}
