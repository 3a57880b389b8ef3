/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a project is made of, and telling them from others. */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/compose/dotenv.h"
#include "manifest/compose/files.h"
#include "manifest/compose/variables.h"
#include "manifest/yaml_reader.h"

#define ENV_FILE_MAX ((size_t)1 << 20)

static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
				    "docker-compose.yaml"};
static const char *const override_names[] = {"compose.override.yml", "compose.override.yaml",
					     "docker-compose.override.yml",
					     "docker-compose.override.yaml"};

static bool add_first(const char *folder, const char *const *list, size_t count,
		      struct string_list *ret)
{
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *path = folder[0] == '\0' || strcmp(folder, ".") == 0
					       ? xstrdup(list[i])
					       : path_join(folder, list[i]);
		if (!path_exists(path))
			continue;
		string_list_take(ret, TAKE_PTR(path));
		return true;
	}
	return false;
}

bool compose_find_files(const char *folder, struct string_list *ret)
{
	if (!add_first(folder, names, ARRAY_SIZE(names), ret))
		return false;
	(void)add_first(folder, override_names, ARRAY_SIZE(override_names), ret);
	return true;
}

/* A relative path starts at the folder. */
static void add_paths(const char *folder, const char *list, const char *separator,
		      struct string_list *ret)
{
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	string_list_split(&paths, list,
			  separator != NULL && separator[0] != '\0' ? separator[0] : ':');
	for (size_t i = 0; i < paths.count; i++) {
		bool is_whole = paths.items[i][0] == '/' || strcmp(paths.items[i], "-") == 0 ||
				folder == NULL;
		if (paths.items[i][0] != '\0')
			string_list_take(ret, is_whole ? xstrdup(paths.items[i])
						       : path_join(folder, paths.items[i]));
	}
}

bool compose_find_default_files(const char *folder, const char *const *environment,
				struct string_list *ret)
{
	AUTO(compose_variables_clear) struct compose_variables variables = {0};
	AUTO(compose_variables_clear) struct compose_variables own = {0};
	AUTO_FREE char *path = path_join(folder != NULL ? folder : ".", ".env");
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	compose_variables_add_environment(&variables, environment);
	const struct dotenv_options options = {.outside = &variables};
	/* What is wrong with it is said when the project is read. */
	if (file_read(path, ENV_FILE_MAX, &text, &size, NULL) &&
	    dotenv_parse(&options, text, &own, NULL))
		compose_variables_complete(&variables, &own);
	const char *said = compose_variables_get(&variables, "COMPOSE_FILE");
	if (said != NULL && said[0] != '\0')
		add_paths(folder, said, compose_variables_get(&variables, "COMPOSE_PATH_SEPARATOR"),
			  ret);
	return ret->count > 0 || compose_find_files(folder != NULL ? folder : "", ret);
}

bool compose_is_named(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0 || strcmp(name, override_names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_key(const char *line, const char *key)
{
	size_t length = strlen(key);
	if (*line == '"' || *line == '\'')
		line++;
	return strncmp(line, key, length) == 0 &&
	       (line[length] == ':' || line[length] == '"' || line[length] == '\'');
}

/* By the keys that begin a line: parsing comes later, and says what is wrong with the whole. */
bool compose_is_text(const char *text)
{
	static const char *const ours[] = {"services", "include"};
	static const char *const others[] = {"apiVersion", "kind", "containers", "kernel"};
	bool is_ours = false;

	for (const char *line = text;;) {
		for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
			is_ours = is_ours || is_key(line, ours[i]);
		for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
			if (is_key(line, others[i]))
				return false;
		}
		const char *end = strchr(line, '\n');
		if (end == NULL)
			break;
		line = end + 1;
	}
	if (is_ours || text[strspn(text, " \t\r\n")] != '{')
		return is_ours;
	/* JSON, whose keys may stand anywhere. */
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	if (!yaml_read(text, strlen(text), &documents, NULL) || documents.count == 0)
		return false;
	const struct yaml_node *root = documents.roots[0];
	return yaml_get(root, "services") != NULL && yaml_get(root, "kind") == NULL &&
	       yaml_get(root, "containers") == NULL;
}
