/* SPDX-License-Identifier: Apache-2.0 */
#include "release/receipt_travel.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/string_list.h"
#include "release/receipt_key.h"
#include "release/trusted_keys.h"

#define MAX_LINE ((size_t)256 * 1024)

/* --- trusted keys --------------------------------------------------------------------------- */

char *receipt_public_key(struct error *err)
{
	struct ed25519_key key;
	if (!receipt_key_load(&key, err))
		return NULL;
	explicit_bzero(key.seed, sizeof(key.seed));
	return base64_encode(key.public_key, sizeof(key.public_key));
}

static bool make_line(const char *public_key, const char *name, char **ret, struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys one = {0};
	AUTO_FREE char *line =
		xasprintf("%s%s%s", public_key, name != NULL ? " " : "", name != NULL ? name : "");

	if (!trusted_keys_add(&one, line, err))
		return false;
	if (strncmp(one.items[0].name, TRUSTED_KEYS_RETIRED, strlen(TRUSTED_KEYS_RETIRED)) == 0)
		return error_set(err, ERROR_INVALID, "'%s' is the name of a key of your own",
				 one.items[0].name);
	*ret = TAKE_PTR(line);
	return true;
}

bool receipt_trust(const char *public_key, const char *name, struct error *err)
{
	AUTO_FREE char *line = NULL;
	if (!make_line(public_key, name, &line, err))
		return false;
	AUTO_FREE char *folder = path_folder(PATH_CONFIG, NULL);
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "receipt.trusted");
	AUTO_FREE char *lock_path = path_folder(PATH_CONFIG, "receipt.lock");
	if (!path_make_folders(folder, 0700, err))
		return false;
	AUTO_CLOSE int lock = file_lock(lock_path, true, err);
	bool is_new = false;
	return lock >= 0 && trusted_keys_append_file(path, line, 0600, &is_new, err);
}

/* --- out and in ----------------------------------------------------------------------------- */

static bool export_file(const char *path, struct strbuf *out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	AUTO(receipt_clear) struct receipt receipt = {0};
	if (!file_read(path, MAX_LINE, &text, &size, err) ||
	    !receipt_read(text, size, &receipt, err))
		return error_prefix(err, "receipt %s", path);
	strbuf_appendf(out, "%.*s\n", (int)strcspn(text, "\n"), text);
	return true;
}

static void close_folder(DIR **folder)
{
	if (*folder != NULL)
		(void)closedir(*folder);
}

/* The names in a folder that end so, sorted: what is written does not depend on the disk. */
static void list_names(const char *path, const char *end, struct string_list *ret)
{
	__attribute__((cleanup(close_folder))) DIR *folder = opendir(path);
	for (const struct dirent *entry = folder != NULL ? readdir(folder) : NULL; entry != NULL;
	     entry = readdir(folder)) {
		size_t size = strlen(entry->d_name);
		size_t end_size = strlen(end);
		if (entry->d_name[0] != '.' && size > end_size &&
		    strcmp(entry->d_name + size - end_size, end) == 0)
			string_list_add(ret, entry->d_name);
	}
	string_list_sort(ret);
}

bool receipt_export(const char *project, struct strbuf *out, size_t *ret_count, struct error *err)
{
	if (strchr(project, '/') != NULL || project[0] == '.')
		return error_set(err, ERROR_INVALID, "'%s' is no project", project);
	AUTO_FREE char *below = xasprintf("receipts/%s", project);
	AUTO_FREE char *root = path_folder(PATH_STATE, below);
	AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;
	list_names(root, "", &pods);
	*ret_count = 0;
	for (size_t p = 0; p < pods.count; p++) {
		AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
		AUTO_FREE char *folder = xasprintf("%s/%s", root, pods.items[p]);
		list_names(folder, ".json", &files);
		for (size_t f = 0; f < files.count; f++) {
			AUTO_FREE char *path = xasprintf("%s/%s", folder, files.items[f]);
			if (!export_file(path, out, err))
				return false;
			++*ret_count;
		}
	}
	return true;
}

bool receipt_import(const char *line, size_t size, struct receipt *ret, bool *ret_is_kept,
		    struct error *err)
{
	AUTO(receipt_clear) struct receipt receipt = {0};
	if (size > MAX_LINE)
		return error_set(err, ERROR_CORRUPT, "it is too long for a receipt");
	if (!receipt_read(line, size, &receipt, err) ||
	    !receipt_store_older(&receipt, line, size, ret_is_kept, err))
		return false;
	*ret = receipt;
	receipt = (struct receipt){0};
	return true;
}
