/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/host_path.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/app.h"

#include "test.h"

/* outside/secret beside app/, which the manifests are in. */
static char top[] = "/tmp/i2kit-host-path.XXXXXX";
static char *folder;
static struct error err;

static char *at(const char *below)
{
	return path_join(folder, below);
}

static int start(void **state)
{
	AUTO_FREE char *outside = NULL;
	AUTO_FREE char *secret = NULL;
	(void)state;

	memcpy(strrchr(top, '.'), ".XXXXXX", sizeof(".XXXXXX"));
	if (mkdtemp(top) == NULL)
		return -1;
	folder = path_join(top, "app");
	outside = path_join(top, "outside");
	secret = path_join(outside, "secret");
	return !path_make_folders(folder, 0700, NULL) || !path_make_folders(outside, 0700, NULL) ||
	       !file_write_atomic(secret, "x", 1, 0600, NULL);
}

static int stop(void **state)
{
	(void)state;
	free(folder);
	error_clear(&err);
	return path_remove_tree(top, NULL) ? 0 : -1;
}

/* Of an application with one volume; the path that was found, owned, or NULL. */
static char *find(const char *path, const char *type, bool may_follow_links)
{
	AUTO(host_paths_clear) struct host_paths paths = {0};
	AUTO_FREE char *host_path = xstrdup(path);
	AUTO_FREE char *host_path_type = xstrdup_or_null(type);
	char name[] = "v";
	char pod_name[] = "web";
	struct volume volume = {.name = name,
				.kind = VOLUME_HOST_PATH,
				.host_path = host_path,
				.host_path_type = host_path_type};
	struct pod_spec pod = {.name = pod_name, .volumes = &volume, .volume_count = 1};
	const struct app app = {.folder = folder, .home = folder, .pods = &pod, .pod_count = 1};

	error_clear(&err);
	if (!host_paths_find(&app, may_follow_links, &paths, &err))
		return NULL;
	assert_int_equal(paths.count, 1);
	assert_ptr_equal(host_paths_of(&paths, &volume), &paths.items[0]);
	return xstrdup(paths.items[0].path);
}

static void assert_found(const char *path, const char *type, const char *below)
{
	AUTO_FREE char *found = find(path, type, false);
	AUTO_FREE char *wanted = at(below);

	if (found == NULL)
		print_error("%s\n", err.message);
	assert_non_null(found);
	assert_string_equal(found, wanted);
}

static void assert_refused(const char *path, const char *type, const char *message)
{
	assert_null(find(path, type, false));
	if (strstr(err.message, message) == NULL)
		print_error("%s\n", err.message);
	assert_non_null(strstr(err.message, message));
	assert_non_null(strstr(err.message, "pod 'web': volume 'v': "));
}

static void each_type_means_what_kubernetes_says(void **state)
{
	AUTO_FREE char *file = at("f");
	AUTO_FREE char *dir = at("d");
	struct stat st;
	(void)state;
	assert_true(file_write_atomic(file, "x", 1, 0600, NULL));
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_found("./f", NULL, "f");
	assert_found("f", "", "f");
	assert_found("d", "Directory", "d");
	assert_found("f", "File", "f");
	assert_refused("f", "Directory", "is a file, not a Directory");
	assert_refused("d", "File", "is a folder, not a File");
	assert_refused("d", "FileOrCreate", "is a folder, not a FileOrCreate");
	assert_refused("none", NULL, "does not exist");
	assert_refused("none", "File", "does not exist");
	assert_found("x/y/z", "DirectoryOrCreate", "x/y/z");
	assert_found("x/y/new", "FileOrCreate", "x/y/new");
	AUTO_FREE char *made = at("x/y/new");
	assert_int_equal(stat(made, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_true(file_write_atomic(made, "kept", 4, 0600, NULL));
	assert_found("x/y/new", "FileOrCreate", "x/y/new");
	assert_int_equal(stat(made, &st), 0);
	assert_int_equal(st.st_size, 4);
	/* Its folder is not made, as the kubelet does not. */
	assert_refused("nowhere/new", "FileOrCreate", "does not exist");
}

static void what_does_nothing_inside_a_vm_is_refused(void **state)
{
	AUTO_FREE char *path = at("s");
	AUTO_FREE char *pipe = at("p");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)state;
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)),
			 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_refused("s", NULL, "is a socket, which does not reach into a virtual machine");
	assert_refused("s", "Socket", "a Socket, which does not reach");
	assert_refused("p", NULL, "is a pipe");
	assert_refused("/dev/null", NULL, "is a device");
	assert_refused("/dev/null", "CharDevice", "a CharDevice, which does not reach");
	assert_refused("/dev/vda", "BlockDevice", "a BlockDevice, which does not reach");
}

static void a_link_out_of_the_folder_needs_a_word_of_the_user(void **state)
{
	AUTO_FREE char *link = at("data");
	AUTO_FREE char *inside = at("inside");
	AUTO_FREE char *to_inside = at("link");
	AUTO_FREE char *outside = path_join(top, "outside");
	(void)state;
	assert_int_equal(symlink("../outside", link), 0);
	assert_refused("./data", NULL, "leads out of");
	assert_non_null(strstr(err.message, outside));
	assert_non_null(strstr(err.hint, "--follow-links"));
	assert_refused("data/secret", NULL, "leads out of");
	/* Nothing is made there either. */
	AUTO_FREE char *made = path_join(outside, "made");
	assert_refused("data/made", "DirectoryOrCreate", "leads out of");
	assert_false(path_exists(made));
	assert_null(find("data/made", "FileOrCreate", false));
	assert_false(path_exists(made));
	AUTO_FREE char *followed = find("./data", NULL, true);
	assert_string_equal(followed, outside);
	/* Those that stay are links as any other. */
	assert_int_equal(mkdir(inside, 0700), 0);
	assert_int_equal(symlink("inside", to_inside), 0);
	assert_found("link", NULL, "inside");
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("/proc/self/root", link), 0);
	assert_null(find("data/etc", NULL, true));
}

static void a_path_that_says_where_it_leads_is_taken_at_its_word(void **state)
{
	AUTO_FREE char *outside = path_join(top, "outside");
	(void)state;
	AUTO_FREE char *up = find("../outside", NULL, false);
	assert_string_equal(up, outside);
	AUTO_FREE char *absolute = find(outside, "Directory", false);
	assert_string_equal(absolute, outside);
	assert_found("x/../y", "DirectoryOrCreate", "y");
}

static void what_a_shell_would_replace_is_told_how_to_write(void **state)
{
	(void)state;
	assert_int_equal(setenv("HOME", "/home/ann", 1), 0);
	assert_refused("~/data", NULL, "'~' stands for nothing here");
	assert_string_equal(err.hint, "write it out: /home/ann/data");
	assert_refused("${PWD}/data", NULL, "variables are not replaced");
	assert_refused("$HOME", NULL, "variables are not replaced");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_type_means_what_kubernetes_says),
		TEST(what_does_nothing_inside_a_vm_is_refused),
		TEST(a_link_out_of_the_folder_needs_a_word_of_the_user),
		TEST(a_path_that_says_where_it_leads_is_taken_at_its_word),
		TEST(what_a_shell_would_replace_is_told_how_to_write),
	};
	return cmocka_run_group_tests_name("host_path", tests, NULL, NULL);
}
