/* SPDX-License-Identifier: Apache-2.0 */
/*
 * develop.watch from the manifest to the container's files: rules, what inotify says, the archive of
 * a batch, and the guest's end of it, which here unpacks into another folder.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "guest/copy/tree_sync.h"
#include "local/watch/sync_archive.h"
#include "local/watch/tree_watch.h"
#include "local/watch/watch_set.h"
#include "local/watch/watch_work.h"
#include "manifest/build_spec.h"
#include "manifest/load.h"
#include "manifest/problem.h"

#include "test.h"

static char top[64]; /* the test's */
static char *here;   /* TOP/here: the developer's */
static char *there;  /* TOP/there: the container's root */
static struct store *store;
static struct app app;
static struct watch_set set;

static char *at(const char *folder, const char *name)
{
	return path_join(folder, name);
}

static void put(const char *folder, const char *name, const char *text)
{
	AUTO_FREE char *path = at(folder, name);
	AUTO_FREE char *above = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	assert_true(path_make_folders(above, 0755, NULL));
	assert_true(file_write_atomic(path, text, strlen(text), 0644, NULL));
}

static void load(const char *text, struct problem_list *problems)
{
	struct load_options options = {.folder = here};
	AUTO(error_clear) struct error err = ERROR_INIT;

	watch_set_clear(&set);
	app_clear(&app);
	put(here, "i2kit.yml", text);
	if (!app_load(&options, &app, problems, &err) && problems->count == 0)
		fail_msg("%s", err.message);
}

/* rules: of a container with a build in here/api. */
static void load_rules(const char *rules)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text =
		xasprintf("name: web\ncontainers:\n  web:\n    build: api\n    develop:"
			  "\n      watch:\n%s",
			  rules);

	load(text, &problems);
	if (problems.count > 0)
		fail_msg("%s", problems.items[0].message);
	if (!watch_set_make(&app, &all, &set, &err))
		fail_msg("%s", err.message);
}

static int start(void **state)
{
	(void)state;
	(void)snprintf(top, sizeof(top), "/tmp/i2kit-develop-XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	here = path_join(top, "here");
	there = path_join(top, "there");
	AUTO_FREE char *data = path_join(top, "store");
	store = store_open(data, NULL);
	return store != NULL && mkdir(here, 0755) == 0 && mkdir(there, 0755) == 0 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	watch_set_clear(&set);
	app_clear(&app);
	store_close(store);
	free(here);
	free(there);
	return path_remove_tree(top, NULL) ? 0 : -1;
}

/* "ACTIONS of NAME": "rebuild", "sync:/app/x", …, in the rules' order; "" for none. */
static void expect_rules(const char *name, const char *wanted)
{
	AUTO_FREE char *path = at(here, name);
	AUTO(strbuf_clear) struct strbuf seen = STRBUF_INIT;

	for (size_t i = 0; i < set.count; i++) {
		AUTO_FREE char *inside = NULL;
		if (!watch_item_matches(&set, &set.items[i], path, &inside))
			continue;
		strbuf_appendf(&seen, "%s%zu%s%s", seen.size > 0 ? " " : "", i,
			       inside != NULL ? ":" : "", inside != NULL ? inside : "");
	}
	assert_string_equal(strbuf_text(&seen), wanted);
}

static void a_path_means_what_the_rules_say(void **state)
{
	(void)state;
	put(here, "api/.dockerignore", "dist\n*.log\n!keep.log\n");
	load_rules(
		"      - {action: rebuild, path: api/go.mod}\n"
		"      - {action: sync, path: api, target: //srv/./app/, ignore: [node_modules/, "
		"'*.tmp']}\n"
		"      - {action: sync+restart, path: ., target: /, include: ['*.yml', "
		"'conf/**']}\n"
		"      - {action: restart, path: env}\n");
	expect_rules("api/main.go", "1:/srv/app/main.go");
	expect_rules("api/go.mod", "0 1:/srv/app/go.mod");
	expect_rules("api", "1:/srv/app");
	expect_rules("api2/x", "");
	expect_rules("api/a/b c/d", "1:/srv/app/a/b c/d");
	expect_rules("api/node_modules/x/y", "");
	expect_rules("api/sub/node_modules/x",
		     "1:/srv/app/sub/node_modules/x"); /* Docker's rules */
	expect_rules("api/x.tmp", "");
	expect_rules("api/dist/x", "");
	expect_rules("api/x.log", "");
	expect_rules("api/keep.log", "1:/srv/app/keep.log");
	expect_rules("i2kit.yml", "2:/i2kit.yml");
	expect_rules("conf/a/b", "2:/conf/a/b");
	expect_rules("other", "");
	expect_rules("env", "3");
	expect_rules("env/below", "3");
	expect_rules("../outside", "");
	/* What editors leave for a moment, and git. */
	static const char *const usual[] = {"api/.git/HEAD",	"api/x/.git",  "api/main.go~",
					    "api/.main.go.swp", "api/4913",    "api/.#main.go",
					    "api/#main.go#",	"api/.idea/x", "api/a___jb_tmp___"};
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		expect_rules(usual[i], "");
	AUTO_FREE char *modules = at(here, "api/node_modules");
	AUTO_FREE char *dist = at(here, "api/dist");
	AUTO_FREE char *sub = at(here, "api/sub");
	assert_false(watch_set_leaves_alone(&set, here));
	assert_false(watch_set_leaves_alone(&set, sub));
	assert_true(watch_set_leaves_alone(&set, "/usr/lib"));
	/* Rule 2 is about all of the folder, and may want what rule 1 ignores. */
	assert_false(watch_set_leaves_alone(&set, modules));
	load_rules("      - {action: sync, path: api, target: /app, ignore: [node_modules/]}\n");
	assert_true(watch_set_leaves_alone(&set, modules));
	assert_false(watch_set_leaves_alone(&set, dist)); /* .dockerignore takes something back */
}

static void a_batch_is_one_piece_of_work_for_each_container(void **state)
{
	(void)state;
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	AUTO(watch_plan_clear) struct watch_plan plan = {0};

	load_rules(
		"      - {action: sync+exec, path: a, target: /a, exec: {command: reload it, user: "
		"app, environment: [X=1]}}\n"
		"      - {action: sync, path: b, target: /a}\n"
		"      - {action: rebuild, path: c}\n"
		"      - {action: restart, path: d}\n");
	static const char *const names[] = {"a/2", "b/1", "a/1", "c/x", "c/y", "d"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		string_list_addf(&paths, "%s/%s", here, names[i]);
	watch_plan_make(&set, &paths, &plan);
	assert_int_equal(plan.rebuilds.count, 1);
	assert_string_equal(plan.rebuilds.items[0], "web");
	assert_int_equal(plan.count, 1);
	const struct watch_work *work = &plan.works[0];
	assert_true(work->restarts);
	assert_int_equal(work->exec_count, 1);
	assert_string_equal(work->execs[0]->command.items[1], "it");
	assert_string_equal(work->execs[0]->command_env.items[0], "X=1");
	assert_int_equal(work->changes.count, 2); /* of two for one place the later rule's */
	assert_string_equal(work->changes.items[0].inside, "/a/1");
	assert_ptr_equal(work->changes.items[0].item, &set.items[1]);
	assert_string_equal(work->changes.items[1].inside, "/a/2");
}

static void each_rule_runs_once_however_its_files_lie(void **state)
{
	(void)state;
	static const struct watch_rule one = {.action = WATCH_SYNC_EXEC};
	static const struct watch_rule other = {.action = WATCH_SYNC_EXEC};
	static const struct watch_rule plain = {.action = WATCH_SYNC};
	static const struct watch_rule *const order[] = {&one, &other, &plain, &one, &other};
	struct watch_work work = {0};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		watch_work_follow(&work, order[i]);
	assert_int_equal(work.exec_count, 2);
	assert_ptr_equal(work.execs[1], &other);
	assert_false(work.restarts);
	free(work.execs);
}

static void expect_problem(const char *container, const char *wanted)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = xasprintf("name: web\ncontainers:\n  web:\n%s", container);

	load(text, &problems);
	if (problems.count == 0)
		assert_false(watch_set_make(&app, &all, &set, &err));
	const char *said = problems.count > 0 ? problems.items[0].message : err.message;
	if (strstr(said, wanted) == NULL)
		fail_msg("'%s' has no '%s'", said, wanted);
}

static void rules_that_mean_nothing_are_refused(void **state)
{
	(void)state;
	expect_problem("    image: a\n    develop: {watch: [{action: sink, path: a}]}\n",
		       "there is no 'sink'");
	expect_problem("    image: a\n    develop: {watch: [{action: sync, path: a}]}\n", "target");
	expect_problem(
		"    image: a\n    develop: {watch: [{action: sync, path: a, target: app}]}\n",
		"target");
	expect_problem("    image: a\n    develop: {watch: [{action: sync, target: /a}]}\n",
		       "path");
	expect_problem("    image: a\n    develop: {watch: [{path: a}]}\n", "action");
	expect_problem("    image: a\n    develop: {watch: [{action: sync+exec, path: a, target: "
		       "/a}]}\n",
		       "no command");
	expect_problem("    image: a\n    develop: {watch: {path: a}}\n", "a list is wanted");
	expect_problem("    image: a\n    develop: {wotch: []}\n", "wotch");
	expect_problem("    image: a\n    develop: {watch: [{action: rebuild, path: a}]}\n",
		       "no build");
	expect_problem("    image: a\n    develop: {watch: [{action: sync, path: a, target: /a, "
		       "ignore: ['[']}]}\n",
		       "ignore:1");
}

/* ---- both ends ---- */

/* As the guest does it; what it said, owned, or NULL. */
static char *send_changes(const struct watch_changes *changes, struct sync_counts *counts)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_CLOSE int fd = memfd_create("batch", MFD_CLOEXEC);
	AUTO_CLOSE int root = open(there, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!sync_archive_write(store, fd, changes, counts, &err))
		fail_msg("%s", err.message);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return tree_sync(fd, root, geteuid(), getegid(), &err) ? NULL : xstrdup(err.message);
}

static void send_paths(const struct string_list *paths)
{
	AUTO(watch_plan_clear) struct watch_plan plan = {0};
	AUTO(sync_counts_clear) struct sync_counts counts = {0};

	watch_plan_make(&set, paths, &plan);
	for (size_t i = 0; i < plan.count; i++) {
		AUTO_FREE char *said = send_changes(&plan.works[i].changes, &counts);
		if (said != NULL)
			fail_msg("%s", said);
	}
}

/* Kind, mode, content of all that is below, one a line. */
static void describe(const char *folder, const char *below, struct strbuf *out)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *path = below[0] != '\0' ? at(folder, below) : xstrdup(folder);

	(void)folder_list(path, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *inner = below[0] != '\0' ? path_join(below, names.items[i])
							 : xstrdup(names.items[i]);
		AUTO_FREE char *whole = at(folder, inner);
		AUTO_FREE char *text = NULL;
		char target[256] = "";
		struct stat status;
		assert_int_equal(lstat(whole, &status), 0);
		if (S_ISREG(status.st_mode))
			(void)!file_read(whole, 1 << 20, &text, NULL, NULL);
		else if (S_ISLNK(status.st_mode))
			(void)!readlink(whole, target, sizeof(target) - 1);
		strbuf_appendf(out, "%s %o %s%s\n", inner,
			       S_ISLNK(status.st_mode) ? S_IFLNK : status.st_mode,
			       text != NULL ? text : "", target);
		if (S_ISDIR(status.st_mode))
			describe(folder, inner, out);
	}
}

static void expect_same(const char *ours, const char *theirs)
{
	AUTO(strbuf_clear) struct strbuf first = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf second = STRBUF_INIT;

	describe(ours, "", &first);
	describe(theirs, "", &second);
	assert_string_equal(strbuf_text(&second), strbuf_text(&first));
}

static void settle(struct tree_watch *tree)
{
	AUTO(error_clear) struct error err = ERROR_INIT;

	for (int i = 0; i < 60; i++) {
		AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
		bool has_lost = false;
		if (tree_watch_take(tree, &paths, &has_lost, &err)) {
			send_paths(&paths);
			return;
		}
		assert_null(err.message);
		(void)poll(NULL, 0, 10);
	}
}

static unsigned dice;

static unsigned throw(unsigned sides)
{
	dice = dice * 1103515245U + 12345U;
	return (dice >> 16) % sides;
}

/* One of few names, so that things meet: odd ones among them. */
static char *any_path(const char *root)
{
	static const char *const names[] = {"a",    "b",     "-rf", "new\nline",  "sp ace",
					    "\xff", "*.[x]", "..x", "caf\xc3\xa9"};
	AUTO(strbuf_clear) struct strbuf path = STRBUF_INIT;
	unsigned depth = 1 + throw(3);

	strbuf_append(&path, root);
	for (unsigned i = 0; i < depth; i++)
		strbuf_appendf(&path, "/%s", names[throw(ARRAY_SIZE(names))]);
	return strbuf_take(&path);
}

static void change_something(const char *root)
{
	AUTO_FREE char *path = any_path(root);
	AUTO_FREE char *other = any_path(root);
	AUTO_FREE char *text = xasprintf("%u", throw(1000));
	int fd;

	switch (throw(8)) {
	case 0:
	case 1:
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd >= 0)
			(void)!write(fd, text, strlen(text));
		auto_close(&fd);
		break;
	case 2:
		(void)mkdir(path, 0755);
		break;
	case 3:
		(void)rename(path, other);
		break;
	case 4: /* an editor's way */
		(void)!file_write_atomic(path, text, strlen(text), 0600, NULL);
		break;
	case 5:
		(void)!symlink(throw(2) == 0 ? "/etc/passwd" : "..", path);
		break;
	case 6:
		(void)!path_remove_tree(path, NULL);
		break;
	default:
		(void)chmod(path, throw(2) == 0 ? 0755 : 0744);
	}
}

static struct tree_watch *watch_folder(const char *folder)
{
	AUTO(string_list_clear) struct string_list roots = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;

	string_list_add(&roots, folder);
	struct tree_watch *tree = tree_watch_new(&roots, NULL, NULL, &err);
	if (tree == NULL)
		fail_msg("%s", err.message);
	return tree;
}

static void a_container_has_what_the_folder_has_whatever_happens_there(void **state)
{
	(void)state;
	AUTO_FREE char *src = at(here, "src");
	AUTO_FREE char *app_folder = at(there, "app");

	load_rules("      - {action: sync, path: src, target: /app}\n");
	assert_int_equal(mkdir(src, 0755), 0);
	assert_int_equal(mkdir(app_folder, 0755), 0);
	AUTO_PTR(tree_watch) struct tree_watch *tree = watch_folder(src);
	for (unsigned round = 0; round < 14; round++) {
		dice = round + 1;
		for (unsigned i = 0; i < 4 + round * 8; i++)
			change_something(src);
		settle(tree);
		expect_same(src, app_folder);
	}
}

static void a_folder_that_comes_later_goes_and_comes_again_is_followed(void **state)
{
	(void)state;
	AUTO_FREE char *src = at(here, "deep/er/src");
	AUTO_FREE char *deep = at(here, "deep");
	AUTO_FREE char *later = at(there, "later");

	load_rules("      - {action: sync, path: deep/er/src, target: /later}\n");
	AUTO_PTR(tree_watch) struct tree_watch *tree = watch_folder(src);
	put(here, "deep/er/src/x/one", "1");
	settle(tree);
	expect_same(src, later);
	/* As a branch without it does: what the container had of it stays. */
	assert_true(path_remove_tree(deep, NULL));
	settle(tree);
	assert_true(path_exists(later));
	put(here, "deep/er/src/x/one", "2");
	put(here, "deep/er/src/two", "2");
	settle(tree);
	expect_same(src, later);
}

static void one_file_is_followed_over_its_replacements(void **state)
{
	(void)state;
	AUTO_FREE char *file = at(here, "one.conf");
	AUTO_FREE char *target = at(there, "etc/app.conf");
	AUTO_FREE char *text = NULL;

	put(here, "one.conf", "a");
	load_rules("      - {action: sync, path: one.conf, target: /etc/app.conf}\n");
	AUTO_PTR(tree_watch) struct tree_watch *tree = watch_folder(file);
	put(here, "one.conf", "b"); /* by rename */
	put(here, "beside", "b");
	settle(tree);
	assert_true(file_read(target, 64, &text, NULL, NULL));
	assert_string_equal(text, "b");
	assert_int_equal(unlink(file), 0);
	settle(tree);
	assert_false(path_exists(target));
}

static void links_in_the_container_lead_nowhere_else(void **state)
{
	(void)state;
	AUTO_FREE char *link = at(there, "www");
	AUTO_FREE char *escape = at(there, "out");
	AUTO_FREE char *arrived = at(there, "srv/www/index");
	AUTO_FREE char *outside = at(top, "outside");
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;

	put(there, "srv/www/x", "x");
	assert_int_equal(mkdir(outside, 0755), 0);
	assert_int_equal(symlink("/srv/www", link), 0);
	assert_int_equal(symlink("../outside", escape), 0);
	put(here, "html/index", "i");
	put(here, "html2/index", "i");
	load_rules("      - {action: sync, path: html, target: /www}\n"
		   "      - {action: sync, path: html2, target: /out}\n");
	string_list_addf(&paths, "%s/html/index", here);
	string_list_addf(&paths, "%s/html2/index", here);
	send_paths(&paths);
	assert_true(path_exists(arrived));
	AUTO_FREE char *stray = at(outside, "index");
	assert_false(path_exists(stray));
}

static void a_link_here_is_not_followed(void **state)
{
	(void)state;
	AUTO_FREE char *inner = at(here, "tree/link");
	AUTO_FREE char *below = at(there, "tree/link");
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	char target[64] = "";

	put(here, "tree/x", "x");
	assert_int_equal(symlink("/etc", inner), 0);
	load_rules("      - {action: sync, path: tree, target: /tree}\n");
	string_list_addf(&paths, "%s/tree/link", here);
	string_list_addf(&paths, "%s/tree/link/passwd", here);
	send_paths(&paths);
	assert_int_equal(readlink(below, target, sizeof(target) - 1), 4);
	assert_string_equal(target, "/etc");
}

static void what_is_no_batch_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"../x",   "files/../../x", "/etc/x",
					  "files/", "files//x",	     "other/x"};
	AUTO_CLOSE int root = open(there, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO_CLOSE int fd = memfd_create("batch", MFD_CLOEXEC);
		char block[512] = "";
		unsigned sum = 0;
		memcpy(block, bad[i], strlen(bad[i]));
		memcpy(block + 100,
		       "0000644\0"
		       "0000000\0"
		       "0000000\0"
		       "00000000000\0"
		       "00000000000\0",
		       48);
		memset(block + 148, ' ', 8);
		block[156] = '0';
		memcpy(block + 257, "ustar\00000", 8);
		for (size_t k = 0; k < sizeof(block); k++)
			sum += (unsigned char)block[k];
		(void)snprintf(block + 148, 7, "%06o", sum);
		assert_true(fd_write_all(fd, block, sizeof(block), NULL));
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_false(tree_sync(fd, root, geteuid(), getegid(), &err));
		assert_non_null(err.message);
	}
	AUTO_FREE char *stray = at(top, "x");
	assert_false(path_exists(stray));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_means_what_the_rules_say),
		cmocka_unit_test(a_batch_is_one_piece_of_work_for_each_container),
		cmocka_unit_test(each_rule_runs_once_however_its_files_lie),
		cmocka_unit_test(rules_that_mean_nothing_are_refused),
		cmocka_unit_test(a_container_has_what_the_folder_has_whatever_happens_there),
		cmocka_unit_test(a_folder_that_comes_later_goes_and_comes_again_is_followed),
		cmocka_unit_test(one_file_is_followed_over_its_replacements),
		cmocka_unit_test(links_in_the_container_lead_nowhere_else),
		cmocka_unit_test(a_link_here_is_not_followed),
		cmocka_unit_test(what_is_no_batch_is_refused),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
