/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build/builder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/build/build_context.h"
#include "image/oci/image_take.h"
#include "test.h"

#define TEXT(text) ((char[]){text})

static struct build_value args[] = {{TEXT("VERSION"), TEXT("3")}, {TEXT("OURS"), NULL}};
static struct build_value contexts[] = {{TEXT("base"), TEXT("oci-layout:///images/base:1")},
					{TEXT("lib"), TEXT("/srv/lib")}};
static struct build_secret secrets[] = {{TEXT("token"), NULL, TEXT("do not show")}};

static void assert_command(enum builder_kind kind, const char *wanted)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list layouts = STRING_LIST_INIT;
	struct build_spec spec = {.context = TEXT("/src/api"),
				  .target = TEXT("final"),
				  .args = args,
				  .arg_count = 2,
				  .contexts = contexts,
				  .context_count = 2,
				  .secrets = secrets,
				  .secret_count = 1};
	const struct builder_request request = {.spec = &spec,
						.dockerfile = "/src/api/Dockerfile",
						.ignore_file = "/src/api/.dockerignore",
						.id_file = "/tmp/id",
						.output = "/tmp/image",
						.isolation = "chroot",
						.layouts = &layouts,
						.secrets = &files,
						.has_no_cache = true};

	string_list_add(&files, "/run/secret-0");
	string_list_add(&layouts, "/run/layouts/0");
	string_list_add(&layouts, "");
	builder_build_command(kind, &request, &argv, &environment);
	AUTO_FREE char *text = string_list_join(&argv, " ");
	assert_string_equal(text, wanted);
	assert_null(strstr(text, "do not show"));
}

static void every_builder_is_asked_in_its_own_words(void **state)
{
	(void)state;
	assert_command(BUILDER_BUILDAH,
		       "buildah build --format docker --layers --timestamp 0 --iidfile /tmp/id "
		       "--isolation chroot --ignorefile /src/api/.dockerignore --file "
		       "/src/api/Dockerfile --target final --build-arg VERSION=3 --build-arg OURS "
		       "--build-context base=docker-image://oci:/run/layouts/0:1 --build-context "
		       "lib=/srv/lib --secret id=token,src=/run/secret-0 --no-cache /src/api");
	assert_command(
		BUILDER_DOCKER,
		"docker buildx build --progress plain --provenance=false --platform "
		"linux/amd64 --output type=oci,dest=/tmp/image,rewrite-timestamp=true --file "
		"/src/api/Dockerfile --target final --build-arg VERSION=3 --build-arg OURS "
		"--build-context base=oci-layout:///images/base:1 --build-context "
		"lib=/srv/lib --secret id=token,src=/run/secret-0 --no-cache /src/api");
}

static void containers_of_one_image_share_what_was_made(void **state)
{
	struct build_spec build = {.context = TEXT("/src")};
	struct container_spec web = {
		.name = TEXT("web"), .image = TEXT("a.b/Team/Web:1"), .build = &build};
	struct container_spec cron = {.name = TEXT("cron"), .image = web.image, .build = &build};
	struct container_spec other = {.name = TEXT("web"), .image = TEXT("web"), .build = &build};

	(void)state;
	AUTO_FREE char *first = image_made_name(&web);
	AUTO_FREE char *second = image_made_name(&cron);
	AUTO_FREE char *third = image_made_name(&other);
	assert_string_equal(first, second);
	assert_string_not_equal(first, third);
	assert_int_equal(strncmp(first, "localhost/built/web-", 20), 0);
}

static void what_no_builder_here_can_do_is_refused(void **state)
{
	struct build_spec spec = {.context = TEXT("/src")};
	struct build_value other = {TEXT("x"), TEXT("service:db")};
	AUTO(error_clear) struct error platform = ERROR_INIT;
	AUTO(error_clear) struct error service = ERROR_INIT;
	AUTO(error_clear) struct error rights = ERROR_INIT;

	(void)state;
	string_list_add(&spec.platforms, "linux/arm64");
	assert_false(builder_check(BUILDER_DOCKER, &spec, &platform));
	assert_int_equal(platform.kind, ERROR_UNSUPPORTED);
	string_list_clear(&spec.platforms);
	spec.contexts = &other;
	spec.context_count = 1;
	assert_false(builder_check(BUILDER_BUILDAH, &spec, &service));
	spec.context_count = 0;
	spec.is_privileged = true;
	assert_false(builder_check(BUILDER_BUILDAH, &spec, &rights));
	assert_true(builder_check(BUILDER_DOCKER, &spec, NULL));
}

static void a_failure_is_found_in_the_dockerfile(void **state)
{
	static const char text[] =
		"FROM base\n# RUN make\nRUN make\n\nRUN echo \\\n  two \\\n  three\n"
		"COPY x y\n";

	(void)state;
	assert_int_equal(
		builder_find_line(text,
				  "STEP\nError: building at STEP \"RUN make\": exit status 2\n"),
		3);
	assert_int_equal(
		builder_find_line(text, "Error: building at STEP \"RUN echo   two   three\": no"),
		5);
	assert_int_equal(builder_find_line(text, "x\nDockerfile:8\n--------\nERROR: failed"), 8);
	assert_int_equal(builder_find_line(text, "something else"), 0);
}

static char folder[] = "/tmp/i2kit-context-XXXXXX";

static void put(const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(folder, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0644, NULL));
}

static struct digest hash_of(const char *patterns)
{
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	struct ignore_patterns *ignore =
		ignore_patterns_read("x", patterns, strlen(patterns), NULL);

	assert_true(build_context_hash(folder, ignore, hash, NULL));
	ignore_patterns_free(ignore);
	return sha256_finish_digest(hash);
}

static void a_context_is_its_names_modes_and_contents(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	AUTO_FREE char *inner = path_join(folder, "d");
	AUTO_FREE char *file = path_join(folder, "d/a");
	AUTO_FREE char *pipe = path_join(folder, "pipe");
	AUTO_FREE char *link = path_join(folder, "link");
	assert_int_equal(mkdir(inner, 0755), 0);
	put("d/a", "1");
	struct digest first = hash_of("");
	struct digest none = hash_of("*");
	struct digest back = hash_of("d\n!d/a");
	put("d/a", "1"); /* anew, at another time */
	struct digest again = hash_of("");
	assert_true(digest_equal(&first, &again));
	assert_false(digest_equal(&none, &back));
	put("d/a", "2");
	again = hash_of("");
	assert_false(digest_equal(&first, &again));
	again = hash_of("d\n!d/a");
	assert_false(digest_equal(&back, &again));
	again = hash_of("*");
	assert_true(digest_equal(&none, &again));
	put("d/a", "1");
	assert_int_equal(chmod(file, 0755), 0);
	again = hash_of("");
	assert_false(digest_equal(&first, &again));
	/* Neither is opened. */
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(symlink("/etc", link), 0);
	(void)hash_of("");
	assert_true(path_remove_tree(folder, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_builder_is_asked_in_its_own_words),
		cmocka_unit_test(containers_of_one_image_share_what_was_made),
		cmocka_unit_test(what_no_builder_here_can_do_is_refused),
		cmocka_unit_test(a_failure_is_found_in_the_dockerfile),
		cmocka_unit_test(a_context_is_its_names_modes_and_contents),
	};
	return cmocka_run_group_tests_name("builder", tests, NULL, NULL);
}
