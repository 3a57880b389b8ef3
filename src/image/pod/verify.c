/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/progress.h"
#include "base/string_list.h"
#include "image/layer/build_record.h"

void verify_result_clear(struct verify_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		free(result->faults[i].path);
		free(result->faults[i].what);
	}
	free(result->faults);
	*result = (struct verify_result){0};
}

struct verify {
	struct store *store;
	const struct progress *progress;
	struct verify_result *result;
	bool repair;
};

static bool list_names(const char *folder, struct string_list *names, struct error *err)
{
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return error_set_errno(err, errno, "%s", folder);
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] != '.')
			string_list_add(names, entry->d_name);
	}
	(void)closedir(dir);
	string_list_sort(names);
	return true;
}

static void add_fault(struct verify *verify, const char *path, const char *what)
{
	struct verify_fault *fault = ARRAY_APPEND(verify->result->faults, verify->result->count);
	fault->path = xstrdup(path);
	fault->what = xstrdup(what);
	fault->is_removed = verify->repair && unlink(path) == 0;
}

static void check_file(struct verify *verify, const char *path, const struct digest *wanted)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct digest digest;
	struct stat st;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	/* Gone since the listing: another process prunes. */
	if (fd < 0 && errno == ENOENT)
		return;
	verify->result->checked_files++;
	if (fd < 0 || fstat(fd, &st) < 0 || !sha256_fd(fd, &digest, &err)) {
		add_fault(verify, path, err.message ? err.message : "cannot be read");
		return;
	}
	verify->result->checked_bytes += (uint64_t)st.st_size;
	if (digest_equal(&digest, wanted))
		return;
	AUTO_FREE char *what = xasprintf("its digest is %s", DIGEST_TEXT(&digest));
	add_fault(verify, path, what);
}

static bool check_folder(struct verify *verify, const char *below, const char *suffix,
			 struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *folder = path_join(store_folder(verify->store), below);
	if (!list_names(folder, &names, err))
		return false;
	progress_start(verify->progress, "verify", below, PROGRESS_COUNT, names.count);
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = path_join(folder, names.items[i]);
		AUTO_FREE char *hex = xstrndup(names.items[i], strcspn(names.items[i], "."));
		struct digest digest;
		if (progress_is_cancelled(verify->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
		const char *dot = strchr(names.items[i], '.');
		if (digest_parse_hex(hex, &digest) && strcmp(dot ? dot : "", suffix) == 0)
			check_file(verify, path, &digest);
		progress_update(verify->progress, "verify", below, PROGRESS_COUNT, i + 1,
				names.count);
	}
	progress_done(verify->progress, "verify", below, NULL);
	return true;
}

/* A converted layer is named after its source; its own digest is in its build record. */
static bool check_layers(struct verify *verify, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *folder = path_join(store_folder(verify->store), "builds");
	if (!list_names(folder, &names, err))
		return false;
	progress_start(verify->progress, "verify", "layers", PROGRESS_COUNT, names.count);
	for (size_t i = 0; i < names.count; i++) {
		AUTO(build_record_clear) struct build_record record = {0};
		struct digest key;
		if (progress_is_cancelled(verify->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
		if (!digest_parse_hex(names.items[i], &key) ||
		    !build_record_read(verify->store, &key, &record) ||
		    !digest_is_set(&record.digest) || record.layer_count != 1)
			continue;
		AUTO_FREE char *path = store_path(verify->store, STORE_LAYER, &record.layers[0]);
		check_file(verify, path, &record.digest);
		progress_update(verify->progress, "verify", "layers", PROGRESS_COUNT, i + 1,
				names.count);
	}
	progress_done(verify->progress, "verify", "layers", NULL);
	return true;
}

bool store_verify(struct store *store, bool repair, const struct progress *progress,
		  struct verify_result *ret, struct error *err)
{
	struct verify verify = {
		.store = store, .progress = progress, .result = ret, .repair = repair};
	return check_folder(&verify, "blobs/sha256", "", err) && check_layers(&verify, err) &&
	       check_folder(&verify, "disks", ".img", err);
}
