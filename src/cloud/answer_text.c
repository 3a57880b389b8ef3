/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/answer_text.h"

#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

#define MAX_MESSAGE 2048

char *answer_text_printable(const char *text)
{
	if (text == NULL)
		return NULL;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_MAX(MAX_MESSAGE);
	strbuf_append_printable(&out, text, strnlen(text, MAX_MESSAGE));
	return strbuf_take(&out);
}

bool answer_text_date(const char *text, int64_t *ret_s)
{
	struct tm utc = {0};
	const char *end = text != NULL ? strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &utc) : NULL;
	if (end == NULL || *end != '\0')
		return false;
	*ret_s = (int64_t)timegm(&utc);
	return true;
}
