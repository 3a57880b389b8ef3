/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/project_name.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { NAME_MAX_LENGTH = 40 };

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Where the last part of a path begins and ends; slashes behind it are not looked at. */
static size_t last_part(const char *path, size_t *ret_end)
{
	size_t end = strlen(path);
	while (end > 0 && path[end - 1] == '/')
		end--;
	size_t start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	*ret_end = end;
	return start;
}

char *project_name_make(const char *folder)
{
	char name[NAME_MAX_LENGTH + 1];
	size_t length = 0;
	size_t end = 0;

	for (size_t i = last_part(folder, &end); i < end && length < NAME_MAX_LENGTH; i++) {
		char c = (char)tolower((unsigned char)folder[i]);
		if (is_name_char(c))
			name[length++] = c;
		else if (length > 0 && name[length - 1] != '-')
			name[length++] = '-';
	}
	while (length > 0 && name[length - 1] == '-')
		length--;
	return length > 0 ? xstrndup(name, length) : xstrdup("default");
}

bool project_name_check(const char *name, struct error *err)
{
	size_t length = strlen(name);
	bool is_good = length > 0 && length <= NAME_MAX_LENGTH && is_name_char(name[0]) &&
		       is_name_char(name[length > 0 ? length - 1 : 0]);
	for (size_t i = 0; i < length; i++)
		is_good = is_good && (is_name_char(name[i]) || name[i] == '-');
	if (is_good)
		return true;
	AUTO_FREE char *better = project_name_make(name);
	error_set(err, ERROR_USAGE,
		  "'%.80s' is no project name: a-z, 0-9 and - inside, at most %d characters", name,
		  NAME_MAX_LENGTH);
	return error_hint(err, "-p %s", better);
}

char *project_home(const char *folder)
{
	static const char *const generic[] = {"k8s", "kubernetes", "manifests"};
	size_t end = 0;
	size_t start = last_part(folder, &end);

	for (size_t i = 0; i < ARRAY_SIZE(generic); i++) {
		if (end - start != strlen(generic[i]) ||
		    strncmp(folder + start, generic[i], end - start) != 0)
			continue;
		/* Without the slash between; "/k8s" has nothing around it to be named after. */
		return start > 1 ? xstrndup(folder, start - 1) : xstrdup(folder);
	}
	return end > 0 ? xstrndup(folder, end) : xstrdup(folder);
}
