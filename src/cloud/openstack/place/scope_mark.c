/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/place/scope_mark.h"

#include <string.h>

#include "base/alloc.h"
#include "base/string_list.h"

char *scope_mark(const struct cloud_scope *scope, const char *rest)
{
	return xasprintf("i2kit project=%s environment=%s%s%s", scope->project,
			 scope->environment != NULL ? scope->environment : "-",
			 rest != NULL ? " " : "", rest != NULL ? rest : "");
}

bool scope_mark_is(const char *text, const struct cloud_scope *scope)
{
	AUTO_FREE char *mark = scope_mark(scope, NULL);
	size_t size = strlen(mark);

	return text != NULL && strncmp(text, mark, size) == 0 &&
	       (text[size] == '\0' || text[size] == ' ');
}

char *scope_mark_value(const char *text, const char *key)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	size_t size = strlen(key);

	string_list_split(&words, text != NULL ? text : "", ' ');
	for (size_t i = 1; i < words.count; i++)
		if (strncmp(words.items[i], key, size) == 0 && words.items[i][size] == '=')
			return xstrdup(words.items[i] + size + 1);
	return NULL;
}
