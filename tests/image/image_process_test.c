/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/image_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/process_run.h"
#include "image/oci/credential_find.h"
#include "image/oci/docker_config.h"

#include "test.h"

static char top[] = "/tmp/i2kit-apart.XXXXXX";

#define AUTHS "{\"auths\":{\"registry.example\":{\"auth\":\"bWU6c2VjcmV0\"}}}" /* me:secret */

static int start(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL || chdir(top) < 0 || mkdir("home", 0700) < 0 ||
	    mkdir("images", 0700) < 0 || mkdir("images/blobs", 0700) < 0 ||
	    !file_write_atomic("home/secret", "secret", 6, 0600, NULL) ||
	    !file_write_atomic("home/auth.json", AUTHS, strlen(AUTHS), 0600, NULL) ||
	    !file_write_atomic("images/index.json", "{}", 2, 0600, NULL) ||
	    !file_write_atomic("home/blob", "blob", 4, 0600, NULL) ||
	    symlink("../../home/blob", "images/blobs/linked") < 0)
		return -1;
	AUTO_FREE char *own = path_join(top, "own");
	AUTO_FREE char *auth = path_join(top, "home/auth.json");
	return setenv("XDG_DATA_HOME", own, 1) < 0 || setenv("XDG_STATE_HOME", own, 1) < 0 ||
			       setenv("XDG_CACHE_HOME", own, 1) < 0 ||
			       setenv("XDG_CONFIG_HOME", own, 1) < 0 ||
			       setenv("XDG_RUNTIME_DIR", own, 1) < 0 ||
			       setenv("AWS_SECRET_ACCESS_KEY", "secret", 1) < 0 ||
			       setenv("REGISTRY_AUTH_FILE", auth, 1) < 0
		       ? -1
		       : 0;
}

static int stop(void **state)
{
	(void)state;
	return path_remove_tree(top, NULL) ? 0 : -1;
}

static bool can_read(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0;
}

static bool can_execute(void)
{
	const char *const argv[] = {"true", NULL};
	const struct process_run run = {.argv = argv, .timeout_ms = 10000};
	AUTO(process_output_clear) struct process_output output = {0};
	return process_run(&run, &output, NULL);
}

/* Hands back a word for each thing that it could do. */
static bool look_around(void *arg, const struct progress *progress, struct string_list *words,
			struct error *err)
{
	AUTO_FREE char *mine = path_folder(PATH_DATA, "file");
	bool has_landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1;
	(void)arg;
	(void)err;
	const char *key = getenv("AWS_SECRET_ACCESS_KEY");
	if (key == NULL || key[0] != '\0')
		string_list_add(words, "key");
	if (can_execute())
		string_list_add(words, "execute");
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		string_list_add(words, "socket");
	if (has_landlock && can_read("home/secret"))
		string_list_add(words, "secret");
	if (has_landlock && can_read("home/auth.json"))
		string_list_add(words, "passwords");
	if (has_landlock && file_write_atomic("images/new", "", 0, 0600, NULL))
		string_list_add(words, "write");
	if (can_read("images/index.json") && can_read("images/blobs/linked"))
		string_list_add(words, "image");
	if (file_write_atomic(mine, "x", 1, 0600, NULL))
		string_list_add(words, "store");
	progress_note(progress, "around", "looked");
	return true;
}

static void take_note(const struct progress_event *event, void *arg)
{
	bool *is_told = arg;
	*is_told = event->state == PROGRESS_NOTE && strcmp(event->what, "around") == 0 &&
		   strcmp(event->text, "looked") == 0;
}

static void what_reads_images_reaches_them_and_the_store_alone(void **state)
{
	AUTO(string_list_clear) struct string_list references = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	bool is_told = false;
	const struct progress progress = {.emit = take_note, .arg = &is_told};
	const struct image_process process = {.references = &references, .progress = &progress};
	(void)state;
	string_list_add(&references, "oci:images");
	assert_true(image_process_run(&process, look_around, NULL, &words, NULL));
	assert_int_equal(words.count, 2);
	assert_string_equal(words.items[0], "image");
	assert_string_equal(words.items[1], "store");
	assert_true(is_told);
	/* We are as free as before. */
	assert_true(can_execute() && can_read("home/secret"));
	assert_string_equal(getenv("AWS_SECRET_ACCESS_KEY"), "secret");
}

static bool log_in(void *arg, const struct progress *progress, struct string_list *words,
		   struct error *err)
{
	AUTO(credential_clear) struct credential credential = {0};
	(void)progress;
	if (!credential_find(arg, "app", &credential, err))
		return false;
	string_list_add(words, credential.username != NULL ? credential.username : "nobody");
	string_list_add(words, credential.password != NULL ? credential.password : "");
	return true;
}

static void passwords_are_asked_for(void **state)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list others = STRING_LIST_INIT;
	const struct image_process process = {.references = NULL};
	char host[] = "registry.example", other[] = "other.example";
	(void)state;
	assert_true(image_process_run(&process, log_in, host, &words, NULL));
	assert_string_equal(words.items[0], "me");
	assert_string_equal(words.items[1], "secret");
	assert_true(image_process_run(&process, log_in, other, &others, NULL));
	assert_string_equal(others.items[0], "nobody");
}

static bool go_wrong(void *arg, const struct progress *progress, struct string_list *words,
		     struct error *err)
{
	(void)arg;
	(void)progress;
	(void)words;
	(void)error_set(err, ERROR_CORRUPT, "layer 3 is torn");
	return error_hint(err, "pull it again");
}

static bool crash(void *arg, const struct progress *progress, struct string_list *words,
		  struct error *err)
{
	(void)arg;
	(void)progress;
	(void)words;
	(void)err;
	(void)raise(SIGKILL);
	return true;
}

static void its_errors_are_ours(void **state)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct image_process process = {.references = NULL};
	(void)state;
	assert_false(image_process_run(&process, go_wrong, NULL, &words, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_string_equal(err.message, "layer 3 is torn");
	assert_string_equal(err.hint, "pull it again");
	error_clear(&err);
	assert_false(image_process_run(&process, crash, NULL, &words, &err));
	assert_non_null(strstr(err.message, "killed by signal 9"));
}

static bool wait_for_cancel(void *arg, const struct progress *progress, struct string_list *words,
			    struct error *err)
{
	(void)arg;
	(void)words;
	while (!progress_is_cancelled(progress))
		(void)getpid();
	return error_set(err, ERROR_CANCELLED, "cancelled");
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

static void it_is_told_to_stop(void **state)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct progress progress = {.is_cancelled = always};
	const struct image_process process = {.progress = &progress};
	(void)state;
	assert_false(image_process_run(&process, wait_for_cancel, NULL, &words, &err));
	assert_int_equal(err.kind, ERROR_CANCELLED);
}

static bool never_look(void *arg, const struct progress *progress, struct string_list *words,
		       struct error *err)
{
	(void)arg;
	(void)progress;
	(void)words;
	(void)err;
	while (getpid() > 0)
		continue;
	return true;
}

static void it_goes_if_it_does_not_listen(void **state)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct progress progress = {.is_cancelled = always};
	const struct image_process process = {.progress = &progress};
	(void)state;
	assert_false(image_process_run(&process, never_look, NULL, &words, &err));
	assert_int_equal(err.kind, ERROR_CANCELLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_reads_images_reaches_them_and_the_store_alone),
		cmocka_unit_test(passwords_are_asked_for),
		cmocka_unit_test(its_errors_are_ours),
		cmocka_unit_test(it_is_told_to_stop),
		cmocka_unit_test(it_goes_if_it_does_not_listen),
	};
	return cmocka_run_group_tests_name("image process", tests, start, stop);
}
