/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/mounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"

void compose_mount_clear(struct compose_mount *mount)
{
	free(mount->source);
	free(mount->target);
	free(mount->propagation);
	free(mount->selinux);
	*mount = (struct compose_mount){0};
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* At colons, but for one behind a single letter: C:\data. */
static void split(const char *text, struct string_list *ret)
{
	const char *start = text;
	for (const char *at = text;; at++) {
		bool is_drive = *at == ':' && at - start == 1 && is_letter(*start);
		if (*at != '\0' && (*at != ':' || is_drive))
			continue;
		string_list_take(ret, xstrndup(start, (size_t)(at - start)));
		if (*at == '\0')
			return;
		start = at + 1;
	}
}

static bool is_path(const char *source)
{
	return strchr("./~", source[0]) != NULL || strncmp(source, "\\\\", 2) == 0 ||
	       (is_letter(source[0]) && source[1] == ':');
}

static void read_options(const char *text, struct compose_mount *mount)
{
	AUTO(string_list_clear) struct string_list options = STRING_LIST_INIT;
	static const char *const propagations[] = {"rprivate", "private", "rshared",
						   "shared",   "rslave",  "slave"};

	string_list_split(&options, text, ',');
	for (size_t i = 0; i < options.count; i++) {
		const char *option = options.items[i];
		if (strcmp(option, "ro") == 0 || strcmp(option, "rw") == 0)
			mount->is_read_only = option[1] == 'o';
		if (strcmp(option, "nocopy") == 0)
			mount->no_copy = true;
		if (strcmp(option, "z") == 0 || strcmp(option, "Z") == 0) {
			free(mount->selinux);
			mount->selinux = xstrdup(option);
		}
		for (size_t k = 0; k < ARRAY_SIZE(propagations); k++) {
			if (strcmp(option, propagations[k]) != 0)
				continue;
			free(mount->propagation);
			mount->propagation = xstrdup(option);
		}
	}
}

bool compose_mount_parse(const char *text, struct compose_mount *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	bool has_empty = false;

	if (strlen(text) <= 2)
		string_list_add(&parts, text);
	else
		split(text, &parts);
	for (size_t i = 0; i < parts.count; i++)
		has_empty = has_empty || parts.items[i][0] == '\0';
	if (has_empty || parts.count > 3) {
		error_set(err, ERROR_INVALID, "'%.200s' is not a mount", text);
		return error_hint(err, "\"data:/var/lib/data\", \"./src:/src:ro\", \"/cache\"");
	}
	ret->target = xstrdup(parts.items[parts.count > 1 ? 1 : 0]);
	if (parts.count > 1)
		ret->source = xstrdup(parts.items[0]);
	ret->is_bind = ret->source != NULL && is_path(ret->source);
	if (parts.count > 2)
		read_options(parts.items[2], ret);
	return true;
}

char *compose_mount_target(const char *text)
{
	AUTO(compose_mount_clear) struct compose_mount mount = {0};
	return compose_mount_parse(text, &mount, NULL) ? TAKE_PTR(mount.target) : NULL;
}
