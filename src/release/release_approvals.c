/* SPDX-License-Identifier: Apache-2.0 */
#include "release/release_approvals.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "release/key_file.h"

#define MAX_STATEMENT ((size_t)1024 * 1024)
#define MAX_FILES     10000
#define FILE_END      ".json"

char *release_approvals_id(const struct release_statement *statement, struct error *err)
{
	struct digest digest;
	if (!release_statement_digest(statement, &digest, err))
		return NULL;
	return xasprintf("%.*s", RELEASE_ID_DIGITS, DIGEST_HEX(&digest));
}

char *release_approvals_path(const char *folder, const struct release_statement *statement,
			     struct error *err)
{
	AUTO_FREE char *id = release_approvals_id(statement, err);
	return id != NULL ? xasprintf("%s/%s" FILE_END, folder, id) : NULL;
}

/* The folder that a file is in; owned, NULL: the present one. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL && slash > path ? xstrndup(path, (size_t)(slash - path)) : NULL;
}

bool release_approvals_save(const char *path, const struct release_statement *statement,
			    struct error *err)
{
	AUTO_FREE char *text = release_statement_write(statement, err);
	AUTO_FREE char *folder = folder_of(path);
	if (folder != NULL &&
	    (!key_file_check_folder(folder, err) || !path_make_folders(folder, 0755, err)))
		return false;
	return text != NULL && file_write_atomic(path, text, strlen(text), 0644, err);
}

bool release_approvals_load(const char *path, struct release_statement *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *folder = folder_of(path);
	size_t size = 0;
	if (folder != NULL && !key_file_check_folder(folder, err))
		return false;
	if (!key_file_read(path, KEY_FILE_PUBLIC, MAX_STATEMENT, &text, &size, err))
		return false;
	return release_statement_read(text, size, ret, err) || error_prefix(err, "%s", path);
}

static void close_folder(DIR **folder)
{
	if (*folder != NULL)
		(void)closedir(*folder);
}

/* The names of its files without their end, sorted; a folder that is not there has none. */
static bool list_ids(const char *path, struct string_list *ret, struct error *err)
{
	if (!key_file_check_folder(path, err))
		return false;
	__attribute__((cleanup(close_folder))) DIR *folder = opendir(path);
	if (folder == NULL)
		return errno == ENOENT || error_set_errno(err, errno, "%s", path);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		size_t size = strlen(entry->d_name);
		size_t end = strlen(FILE_END);
		if (entry->d_name[0] == '.' || size <= end ||
		    strcmp(entry->d_name + size - end, FILE_END) != 0)
			continue;
		if (ret->count == MAX_FILES)
			return error_set(err, ERROR_FULL, "%s: more than %d releases", path,
					 MAX_FILES);
		string_list_addf(ret, "%.*s", (int)(size - end), entry->d_name);
	}
	string_list_sort(ret);
	return true;
}

bool release_approvals_find(const char *folder, const char *id, char **ret_path, struct error *err)
{
	AUTO(string_list_clear) struct string_list ids = STRING_LIST_INIT;
	const char *found = NULL;
	if (!list_ids(folder, &ids, err))
		return false;
	for (size_t i = 0; i < ids.count; i++) {
		if (strncmp(ids.items[i], id, strlen(id)) != 0)
			continue;
		if (found != NULL)
			return error_set(err, ERROR_INVALID, "'%s' begins several releases: %s, %s",
					 id, found, ids.items[i]);
		found = ids.items[i];
	}
	if (found == NULL || id[0] == '\0') {
		(void)error_set(err, ERROR_NOT_FOUND, "%s: no release '%s' waits here", folder, id);
		return error_hint(err, "i2kit approve, without a name, where it was ready");
	}
	*ret_path = xasprintf("%s/%s" FILE_END, folder, found);
	return true;
}

static void take(struct release_statement *to, struct release_statement *from)
{
	release_statement_clear(to);
	*to = *from;
	*from = (struct release_statement){0};
}

struct match {
	struct release_statement best;
	size_t people;
	bool is_found;
	struct error contradiction; /* the first, for when nothing else is there */
};

static void match_clear(struct match *match)
{
	release_statement_clear(&match->best);
	error_clear(&match->contradiction);
}

static bool match_file(const char *path, const struct release_statement *wanted,
		       const struct trusted_keys *trusted, struct match *match, struct error *err)
{
	AUTO(release_statement_clear) struct release_statement one = {0};
	AUTO(string_list_clear) struct string_list people = STRING_LIST_INIT;
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (!release_approvals_load(path, &one, err))
		return false;
	if (!release_statement_is_about(&one, wanted))
		return true;
	if (!release_statement_agrees(&one, wanted, &failure)) {
		(void)error_prefix(&failure, "%s", path);
		(void)error_hint(&failure, "remove it, and i2kit approve anew where it was ready");
		if (match->contradiction.kind == ERROR_NONE)
			(void)error_move(&match->contradiction, &failure);
		return true;
	}
	release_approvals_people(&one, trusted, &people);
	if (match->is_found && people.count <= match->people)
		return true;
	take(&match->best, &one);
	match->people = people.count;
	match->is_found = true;
	return true;
}

bool release_approvals_match(const char *folder, const struct release_statement *wanted,
			     const struct trusted_keys *trusted, struct release_statement *ret,
			     bool *ret_is_found, struct error *err)
{
	AUTO(string_list_clear) struct string_list ids = STRING_LIST_INIT;
	AUTO(match_clear) struct match match = {.contradiction = ERROR_INIT};
	*ret_is_found = false;
	if (!list_ids(folder, &ids, err))
		return false;
	for (size_t i = 0; i < ids.count; i++) {
		AUTO_FREE char *path = xasprintf("%s/%s" FILE_END, folder, ids.items[i]);
		if (!match_file(path, wanted, trusted, &match, err))
			return false;
	}
	if (!match.is_found && match.contradiction.kind != ERROR_NONE)
		return error_move(err, &match.contradiction);
	*ret_is_found = match.is_found;
	if (match.is_found)
		take(ret, &match.best);
	return true;
}

void release_approvals_people(const struct release_statement *statement,
			      const struct trusted_keys *trusted, struct string_list *ret)
{
	for (size_t i = 0; i < statement->signature_count; i++) {
		const struct statement_signature *one = &statement->signatures[i];
		const char *name = trusted_keys_name(trusted, one->key);
		const char *person = name != NULL && name[0] == '\0' ? one->key_text : name;
		if (person != NULL && !string_list_has(ret, person))
			string_list_add(ret, person);
	}
}
