/* SPDX-License-Identifier: Apache-2.0 */
/* What is given from outside reaches the guest's document; what is wrong is said without values. */
#include "manifest/supplied_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/load.h"
#include "manifest/placeholder.h"
#include "manifest/problem.h"
#include "release/config.h"
#include "test.h"
#include "wire/release_document.h"

#define POD                                                                                        \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"                 \
	"  - name: c\n    image: nginx:1\n    envFrom: [{secretRef: {name: db}}]\n"                \
	"    env: [{name: A, valueFrom: {configMapKeyRef: {name: my.map, key: a.b}}}]\n"           \
	"  volumes: [{name: t, projected: {sources: [{secret: {name: tls}}]}}]\n"

#define SECRET                                                                                     \
	"---\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {p: changeme, q: "   \
	"x}\n"

static char folder[64];

static void put(const char *name, const char *text)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(folder, name);
	if (!file_write_atomic(path, text, strlen(text), 0600, &err))
		fail_msg("%s", err.message);
}

static void set_up_folder(void)
{
	AUTO_FREE char *inner = NULL;
	(void)snprintf(folder, sizeof(folder), "/tmp/i2kit-supplied-XXXXXX");
	assert_non_null(mkdtemp(folder));
	put("db.env", "# words of others\n\nuser=me\npassword=p=q\r\n");
	put("quoted.env", "word=\"hunter2\"\n");
	put("half.env", "fine=1\nhunter2\n");
	inner = path_join(folder, "keys");
	assert_int_equal(mkdir(inner, 0700), 0);
	put("keys/tls.crt", "CERT\n");
	put("keys/tls.key", "KEY");
	put("keys/..data", "not this one");
}

/* Words are "option=word" with %s for the folder; reads `text` and gives the problems as lines. */
static bool load(const char *text, const char *const *words, struct app *app, struct strbuf *said)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct string_list lists[4] = {0};
	static const char *const options[] = {
		"secret:", "secret-file:", "config-map:", "config-map-file:"};

	for (size_t i = 0; words[i] != NULL; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(options); k++) {
			if (strncmp(words[i], options[k], strlen(options[k])) != 0)
				continue;
			const char *word = words[i] + strlen(options[k]);
			const char *at = strstr(word, "@/");
			AUTO_FREE char *whole = at == NULL
							? xstrdup(word)
							: xasprintf("%.*s%s/%s", (int)(at - word),
								    word, folder, at + 2);
			string_list_add(&lists[k], whole);
		}
	}
	struct load_options how = {.folder = "/",
				   .project = "test",
				   .secrets = &lists[0],
				   .secret_files = &lists[1],
				   .config_maps = &lists[2],
				   .config_map_files = &lists[3]};
	bool is_good = app_load_text(&how, "-", text, strlen(text), app, &problems, &err);
	for (size_t i = 0; i < problems.count; i++)
		strbuf_appendf(said, "%s:%u %s | %s\n", problems.items[i].file,
			       problems.items[i].line, problems.items[i].message,
			       problems.items[i].hint ? problems.items[i].hint : "");
	for (size_t k = 0; k < ARRAY_SIZE(options); k++)
		string_list_clear(&lists[k]);
	return is_good;
}

/* The value as the guest reads it. */
static void expect(const struct app *app, bool is_secret, const char *name, const char *key,
		   const char *value)
{
	AUTO(release_config_clear) struct release_config config = {0};
	AUTO(release_clear) struct release release = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	assert_true(release_config_make(app, &app->pods[0], &config, &err));
	assert_true(release_config_read(config.json, strlen(config.json), &release, &err));
	for (size_t i = 0; i < release.map_count; i++) {
		const struct release_map *map = &release.maps[i];
		if (map->is_secret != is_secret || strcmp(map->name, name) != 0)
			continue;
		for (size_t k = 0; k < map->entry_count; k++) {
			if (strcmp(map->entries[k].key, key) != 0)
				continue;
			if (value == NULL)
				fail_msg("%s.%s is there", name, key);
			assert_int_equal(map->entries[k].size, strlen(value));
			assert_memory_equal(map->entries[k].bytes, value, strlen(value));
			return;
		}
	}
	if (value != NULL)
		fail_msg("%s.%s is not there", name, key);
}

static void all_ways_reach_the_guest(void **state)
{
	static const char *const words[] = {"secret-file:db=@/db.env", "secret:db.token=a=b",
					    "secret:tls=@/keys", "config-map:my.map.a.b=here",
					    NULL};
	AUTO(app_clear) struct app app = {0};
	AUTO(strbuf_clear) struct strbuf said = STRBUF_INIT;
	(void)state;
	if (!load(POD, words, &app, &said))
		fail_msg("%s", strbuf_text(&said));
	expect(&app, true, "db", "user", "me");
	expect(&app, true, "db", "password", "p=q");
	expect(&app, true, "db", "token", "a=b");
	expect(&app, true, "tls", "tls.crt", "CERT\n");
	expect(&app, true, "tls", "tls.key", "KEY");
	expect(&app, true, "tls", "..data", NULL);
	expect(&app, false, "my.map", "a.b", "here");
	assert_string_equal(strbuf_text(&said), "");
}

static void what_is_given_wins_over_the_manifest(void **state)
{
	static const char *const words[] = {"secret:db.p=real", "secret-file:tls.k=@/keys/tls.key",
					    "config-map-file:my.map.a.b=@/db.env", NULL};
	AUTO(app_clear) struct app app = {0};
	AUTO(strbuf_clear) struct strbuf said = STRBUF_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	if (!load(POD SECRET, words, &app, &said))
		fail_msg("%s", strbuf_text(&said));
	expect(&app, true, "db", "p", "real");
	expect(&app, true, "db", "q", "x");
	expect(&app, true, "tls", "k", "KEY");
	assert_true(placeholders_refuse(&app, &err));
}

static void what_is_missing_says_how_to_give_it(void **state)
{
	static const char *const none[] = {NULL};
	AUTO(app_clear) struct app app = {0};
	AUTO(strbuf_clear) struct strbuf said = STRBUF_INIT;
	(void)state;
	assert_false(load(POD, none, &app, &said));
	assert_non_null(strstr(strbuf_text(&said), "--secret db.KEY=VALUE or --secret db=FILE"));
	assert_non_null(strstr(strbuf_text(&said), "--config-map my.map.KEY=VALUE"));
}

static void mistakes_are_told_without_values(void **state)
{
	static const struct {
		const char *word;
		const char *said;
	} mistakes[] = {
		{"secret:dbx.p=hunter2",
		 "--secret dbx.p:0 no pod refers to a Secret 'dbx' | did you mean 'db'?"},
		{"secret:db", "--secret db:0 there is no '=' in it"},
		{"secret:db=hunter2/file", "hunter2/file: No such file"},
		{"secret:db=", "no file is named"},
		{"secret:db.=hunter2", "'' is not a valid key"},
		{"secret:db.a/b=hunter2", "'a/b' is not a valid key"},
		{"secret:db...=hunter2", "'..' is not a valid key"},
		{"secret-file:db=@/half.env", "half.env:2 a line without '='"},
		{"secret-file:db=/dev/zero", "larger than"},
		{"secret-file:db=@/quoted.env",
		 "quoted.env:1 the quotes belong to the value of 'word'"},
		{"config-map:db.p=hunter2", "no pod refers to a ConfigMap 'db'"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		const char *const words[] = {mistakes[i].word, NULL};
		AUTO(app_clear) struct app app = {0};
		AUTO(strbuf_clear) struct strbuf said = STRBUF_INIT;
		assert_false(load(POD, words, &app, &said));
		if (strstr(strbuf_text(&said), mistakes[i].said) == NULL)
			fail_msg("%s: %s", mistakes[i].word, strbuf_text(&said));
		const char *secret = strstr(strbuf_text(&said), "hunter2");
		if (secret != NULL && strncmp(secret, "hunter2/file", 12) != 0)
			fail_msg("%s", strbuf_text(&said));
	}
}

static void a_mebibyte_is_the_end(void **state)
{
	static const char *const words[] = {"secret:db=@/big", NULL};
	AUTO(app_clear) struct app app = {0};
	AUTO(strbuf_clear) struct strbuf said = STRBUF_INIT;
	AUTO_FREE char *inner = path_join(folder, "big");
	AUTO_FREE char *text = xmalloc((600 << 10) + 1);
	(void)state;
	memset(text, 'x', 600 << 10);
	text[600 << 10] = '\0';
	assert_int_equal(mkdir(inner, 0700), 0);
	put("big/a", text);
	put("big/b", text);
	assert_false(load(POD, words, &app, &said));
	assert_non_null(strstr(strbuf_text(&said), "more than 1 MiB in one Secret"));
}

static void placeholders_are_known(void **state)
{
	static const char *const placeholders[] = {"changeme",
						   "CHANGE_ME",
						   "Change-Me!\n",
						   "<password>",
						   "REPLACE_ME",
						   "${DB_PASSWORD}",
						   "{{ .Values.password }}",
						   "your-password-here",
						   "YOUR_TOKEN",
						   "xxxx",
						   "****",
						   "TODO",
						   "replace-with-a-token",
						   "changeme123"};
	static const char *const real[] = {"hunter2",	  "",	       "x",
					   "--",	  "p<q>r",     "yourself",
					   "Yourwords1!", "todo-list", "password"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(placeholders); i++)
		if (!placeholder_is(placeholders[i], strlen(placeholders[i])))
			fail_msg("'%s' is one", placeholders[i]);
	for (size_t i = 0; i < ARRAY_SIZE(real); i++)
		if (placeholder_is(real[i], strlen(real[i])))
			fail_msg("'%s' is none", real[i]);
}

static void placeholders_that_pods_use_are_refused(void **state)
{
	static const char *const words[] = {"secret:tls.k=v", "config-map:my.map.a.b=changeme",
					    NULL};
	AUTO(app_clear) struct app app = {0};
	AUTO(strbuf_clear) struct strbuf said = STRBUF_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(load(POD SECRET "---\napiVersion: v1\nkind: Secret\nmetadata: {name: unused}\n"
				    "stringData: {k: changeme}\n",
			 words, &app, &said));
	assert_false(placeholders_refuse(&app, &err));
	assert_string_equal(err.message, "a placeholder in Secrets that go into the cloud: db.p");
	assert_string_equal(err.hint,
			    "give the real value: --secret db.p=VALUE, or --secret-file db.p=FILE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ways_reach_the_guest),
		cmocka_unit_test(what_is_given_wins_over_the_manifest),
		cmocka_unit_test(what_is_missing_says_how_to_give_it),
		cmocka_unit_test(mistakes_are_told_without_values),
		cmocka_unit_test(a_mebibyte_is_the_end),
		cmocka_unit_test(placeholders_are_known),
		cmocka_unit_test(placeholders_that_pods_use_are_refused),
	};
	AUTO(error_clear) struct error err = ERROR_INIT;
	set_up_folder();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return path_remove_tree(folder, &err) ? failed : 1;
}
