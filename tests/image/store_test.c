/* SPDX-License-Identifier: Apache-2.0 */
#include "image/store/store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/path.h"
#include "test.h"

static char *folder;

static int make_folder(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-store-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

static void a_blob_comes_back_and_is_read_only(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	AUTO_FREE char *bytes = NULL;
	struct digest digest;
	size_t size = 0;
	struct stat st;
	(void)state;
	assert_non_null(store);
	assert_true(store_write_blob(store, "hello", 5, &digest, &err));
	assert_true(store_write_blob(store, "hello", 5, &digest, &err));
	assert_true(store_has(store, STORE_BLOB, &digest));
	assert_true(store_read_blob(store, &digest, 5, &bytes, &size, &err));
	assert_string_equal(bytes, "hello");
	AUTO_FREE char *path = store_path(store, STORE_BLOB, &digest);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
}

static void a_disk_can_be_read_by_its_owner_alone(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	struct stat st;
	(void)state;
	struct digest digest = sha256_digest("", 0);
	assert_true(store_draft_open(store, &draft, &err));
	assert_true(store_draft_commit(store, &draft, STORE_DISK, &digest, &err));
	AUTO_FREE char *path = store_path(store, STORE_DISK, &digest);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
}

static void a_changed_blob_is_corrupt(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	AUTO_FREE char *bytes = NULL;
	struct digest digest;
	size_t size = 0;
	(void)state;
	assert_true(store_write_blob(store, "original", 8, &digest, &err));
	AUTO_FREE char *path = store_path(store, STORE_BLOB, &digest);
	assert_true(file_write_atomic(path, "0riginal", 8, 0444, &err));
	assert_false(store_read_blob(store, &digest, 100, &bytes, &size, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_null(bytes);
}

static void a_dropped_draft_leaves_nothing(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	struct store_draft draft = STORE_DRAFT_INIT;
	(void)state;
	assert_true(store_draft_open(store, &draft, &err));
	AUTO_FREE char *path = xstrdup(draft.path);
	assert_true(path_exists(path));
	store_draft_drop(&draft);
	assert_false(path_exists(path));
	store_draft_drop(&draft);
}

/* A child that dies with a draft open is a process killed in the middle of a write. */
static void leftovers_of_the_dead_go_and_drafts_of_the_living_stay(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	AUTO(store_draft_drop) struct store_draft living = STORE_DRAFT_INIT;
	int status = 0;
	(void)state;
	assert_true(store_draft_open(store, &living, &err));
	AUTO_FREE char *left = xasprintf("%s/tmp/left", folder);
	pid_t pid = fork();
	if (pid == 0) {
		struct store_draft dead = STORE_DRAFT_INIT;
		bool is_open = store_draft_open(store, &dead, NULL);
		_exit(is_open && write(dead.fd, "x", 1) == 1 && rename(dead.path, left) == 0 ? 0
											     : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(path_exists(left));
	AUTO_PTR(store) struct store *second = store_open(folder, &err);
	assert_non_null(second);
	assert_false(path_exists(left));
	assert_true(path_exists(living.path));
}

static void a_second_process_waits_for_the_lock(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	int status = 0;
	int pipe_fds[2];
	char byte = 0;
	(void)state;
	struct digest digest = sha256_digest("made by two", 11);
	int lock = store_lock(store, STORE_LAYER, &digest, &err);
	assert_true(lock >= 0);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(lock); /* the parent's description stays locked */
		int mine = store_lock(store, STORE_LAYER, &digest, NULL);
		_exit(mine >= 0 && write(pipe_fds[1], "b", 1) == 1 ? 0 : 1);
	}
	assert_int_equal(write(pipe_fds[1], "a", 1), 1);
	assert_int_equal(close(lock), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	assert_int_equal(byte, 'a');
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
}

static void a_cut_download_is_found_again_and_forgotten_when_wrong(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	struct store_draft draft = STORE_DRAFT_INIT;
	uint64_t size = 9;
	(void)state;
	struct digest digest = sha256_digest("abcdef", 6);
	AUTO_CLOSE int lock = store_lock(store, STORE_BLOB, &digest, &err);
	assert_true(lock >= 0);
	assert_true(store_partial_open(store, &digest, &draft, &size, &err));
	assert_int_equal(size, 0);
	assert_true(store_write(store, draft.fd, "abc", 3, &err));
	store_draft_drop(&draft);
	assert_true(store_partial_open(store, &digest, &draft, &size, &err));
	assert_int_equal(size, 3);
	assert_true(store_write(store, draft.fd, "def", 3, &err));
	assert_true(store_draft_commit(store, &draft, STORE_BLOB, &digest, &err));
	assert_true(store_has(store, STORE_BLOB, &digest));
	assert_true(store_partial_open(store, &digest, &draft, &size, &err));
	assert_int_equal(size, 0);
	AUTO_FREE char *path = xstrdup(draft.path);
	store_partial_drop(&draft);
	assert_false(path_exists(path));
}

static void a_full_disk_says_what_to_do(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	(void)state;
	AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_false(store_write(store, full, "x", 1, &err));
	assert_int_equal(err.kind, ERROR_FULL);
	assert_non_null(strstr(err.hint, "i2kit prune"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blob_comes_back_and_is_read_only),
		cmocka_unit_test(a_disk_can_be_read_by_its_owner_alone),
		cmocka_unit_test(a_changed_blob_is_corrupt),
		cmocka_unit_test(a_dropped_draft_leaves_nothing),
		cmocka_unit_test(leftovers_of_the_dead_go_and_drafts_of_the_living_stay),
		cmocka_unit_test(a_second_process_waits_for_the_lock),
		cmocka_unit_test(a_cut_download_is_found_again_and_forgotten_when_wrong),
		cmocka_unit_test(a_full_disk_says_what_to_do),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
