/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/clouds_file.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/string_list.h"

#define MAX_FILE_BYTES ((size_t)1 << 20)

void clouds_file_clear(struct clouds_file *file)
{
	free(file->path);
	yaml_documents_clear(&file->content);
	*file = (struct clouds_file){0};
}

static const char *variable_of(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

static void add_folders(struct string_list *folders, const char *roots)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;

	string_list_split(&parts, roots, ':');
	for (size_t i = 0; i < parts.count; i++)
		if (parts.items[i][0] == '/')
			string_list_addf(folders, "%s/openstack", parts.items[i]);
}

static void list_folders(struct string_list *folders)
{
	const char *home = variable_of("HOME");
	const char *own = variable_of("XDG_CONFIG_HOME");
	const char *shared = variable_of("XDG_CONFIG_DIRS");
	AUTO_FREE char *current = getcwd(NULL, 0);

	if (current != NULL)
		string_list_add(folders, current);
	if (own != NULL)
		add_folders(folders, own);
	if (home != NULL)
		string_list_addf(folders, "%s/.config/openstack", home);
	add_folders(folders, shared != NULL ? shared : "/etc/xdg");
	string_list_add(folders, "/etc/openstack");
}

static bool take(const char *path, const char *text, size_t size, struct clouds_file *ret,
		 struct error *err)
{
	if (!yaml_read(text, size, &ret->content, err))
		return error_prefix(err, "%s", path);
	if (ret->content.count > 0)
		ret->root = ret->content.roots[0];
	ret->path = xstrdup(path);
	return ret->root == NULL || ret->root->kind == YAML_MAP ||
	       error_set(err, ERROR_INVALID, "%s:%u:%u: this is no map of keys", path,
			 ret->root->line, ret->root->column);
}

/* A file that cannot be read is passed over, as openstacksdk does; one that is too long is not. */
static bool try_path(const char *path, struct clouds_file *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (access(path, R_OK) < 0)
		return true;
	AUTO(error_clear) struct error problem = ERROR_INIT;
	if (!file_read(path, MAX_FILE_BYTES, &text, &size, &problem))
		return problem.kind != ERROR_INVALID || error_move(err, &problem);
	return take(path, text, size, ret, err);
}

bool clouds_file_find(const char *name, const char *variable, struct clouds_file *ret,
		      struct error *err)
{
	static const char *const endings[] = {"yaml", "yml", "json"};
	AUTO(string_list_clear) struct string_list folders = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	AUTO(clouds_file_clear) struct clouds_file found = {0};

	if (variable != NULL && variable_of(variable) != NULL)
		string_list_add(&paths, variable_of(variable));
	list_folders(&folders);
	for (size_t i = 0; i < folders.count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(endings); k++)
			string_list_addf(&paths, "%s/%s.%s", folders.items[i], name, endings[k]);
	for (size_t i = 0; i < paths.count && found.path == NULL; i++)
		if (!try_path(paths.items[i], &found, err))
			return false;
	*ret = found;
	found = (struct clouds_file){0};
	return true;
}
