/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { NAME_MAX_LENGTH = 40 };

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

char *project_name_make(const char *folder)
{
	size_t end = strlen(folder);
	while (end > 0 && folder[end - 1] == '/')
		end--;
	size_t start = end;
	while (start > 0 && folder[start - 1] != '/')
		start--;

	char name[NAME_MAX_LENGTH + 1];
	size_t length = 0;
	for (size_t i = start; i < end && length < NAME_MAX_LENGTH; i++) {
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
		  "'%s' is no project name: a-z, 0-9 and - inside, at most %d characters", name,
		  NAME_MAX_LENGTH);
	return error_hint(err, "-p %s", better);
}

char *project_resolve(const struct invocation *invocation, const char *folder_or_null,
		      struct error *err)
{
	const char *given = invocation->project;
	if (given == NULL)
		given = getenv("I2KIT_PROJECT");
	if (given != NULL && given[0] != '\0')
		return project_name_check(given, err) ? xstrdup(given) : NULL;
	AUTO_FREE char *folder = realpath(folder_or_null ? folder_or_null : ".", NULL);
	if (folder == NULL) {
		error_set_errno(err, errno, "folder %s", folder_or_null ? folder_or_null : ".");
		return NULL;
	}
	return project_name_make(folder);
}
