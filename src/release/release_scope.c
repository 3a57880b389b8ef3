/* SPDX-License-Identifier: Apache-2.0 */
#include "release/release_scope.h"

#include <string.h>

#include "base/sha256.h"
#include "base/strbuf.h"

void release_scope_add(struct string_list *pods, const char *pod, const struct release_id *release)
{
	string_list_addf(pods, "%s %s %s", pod, DIGEST_TEXT(&release->image),
			 DIGEST_TEXT(&release->config));
}

struct release_scope release_scope_make(const char *project, const char *environment,
					struct string_list *pods)
{
	struct release_scope scope = {.project = project,
				      .environment = environment != NULL ? environment : ""};
	AUTO(strbuf_clear) struct strbuf lines = STRBUF_INIT;
	string_list_sort(pods);
	for (size_t i = 0; i < pods->count; i++)
		strbuf_appendf(&lines, "%s\n", pods->items[i]);
	sha256_bytes(strbuf_text(&lines), lines.size, scope.pods.bytes);
	return scope;
}
