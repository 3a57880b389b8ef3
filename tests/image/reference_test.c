/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "test.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void names_expand_as_docker_does(void **state)
{
	static const char *const pairs[][2] = {
		{"nginx", "docker.io/library/nginx:latest"},
		{"nginx:1.22", "docker.io/library/nginx:1.22"},
		{"bitnami/redis", "docker.io/bitnami/redis:latest"},
		{"index.docker.io/nginx", "docker.io/library/nginx:latest"},
		{"docker://quay.io/a/b/c:v1", "quay.io/a/b/c:v1"},
		{"localhost/x", "localhost/x:latest"},
		{"localhost:5000/x:y", "localhost:5000/x:y"},
		{"[::1]:5000/x", "[::1]:5000/x:latest"},
		{"HOST/x", "HOST/x:latest"},
		{"a/b", "docker.io/a/b:latest"},
		{"nginx@sha256:" HEX, "docker.io/library/nginx@sha256:" HEX},
		{"nginx:1@sha256:" HEX, "docker.io/library/nginx:1@sha256:" HEX},
		{"a.b/c__d/e--f.g:T_1.x-2", "a.b/c__d/e--f.g:T_1.x-2"},
		{"docker-daemon:me/app", "docker-daemon:docker.io/me/app:latest"},
		{"docker-daemon:sha256:" HEX, "docker-daemon:sha256:" HEX},
		{"oci:x/y", "oci:/base/x/y"},
		{"oci:x/y:1.2", "oci:/base/x/y:1.2"},
		{"oci:/x@sha256:" HEX, "oci:/x@sha256:" HEX},
		{"oci:/x:docker.io/library/nginx:1", "oci:/x:docker.io/library/nginx:1"},
		{"oci-archive:f.tar", "oci-archive:/base/f.tar"},
		{"docker-archive:f.tar:app:1", "docker-archive:/base/f.tar:app:1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO(reference_clear) struct reference reference = {0};
		if (!reference_parse(pairs[i][0], "/base", &reference, &err))
			fail_msg("%s: %s", pairs[i][0], err.message);
		assert_string_equal(reference.text, pairs[i][1]);
	}
}

static void the_folder_of_a_path_is_not_part_of_the_portable_name(void **state)
{
	static const char *const pairs[][2] = {
		{"oci:/home/me/web", "oci:web"},
		{"oci:web", "oci:web"},
		{"oci:./web/", "oci:web"},
		{"oci:../x/web:1.2", "oci:web:1.2"},
		{"oci:.", "oci:."},
		{"oci:/", "oci:."},
		{"oci:/a/web@sha256:" HEX, "oci:web@sha256:" HEX},
		{"oci:/a/x:docker.io/library/nginx:1", "oci:x:docker.io/library/nginx:1"},
		{"oci-archive:/tmp/f.tar", "oci-archive:f.tar"},
		{"docker-archive:a/f.tar:team/app:1", "docker-archive:f.tar:team/app:1"},
		{"docker-daemon:me/app", "docker-daemon:me/app"},
		{"nginx:1.22", "nginx:1.22"},
		{"a.b/c/d:1", "a.b/c/d:1"},
		{"/malformed/name", "/malformed/name"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		AUTO_FREE char *name = reference_portable(pairs[i][0]);
		assert_string_equal(name, pairs[i][1]);
	}
}

static void malformed_names_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" nginx",
		"nginx ",
		"Nginx",
		"nginx:",
		"nginx:.x",
		"a//b",
		"/a",
		"a/",
		"a..b",
		"a/b_-c",
		"-a",
		"a-",
		"a___b",
		"localhost:/x",
		"localhost:123456/x",
		"-h.x/y",
		"h-.x/y",
		"[::1/x",
		"nginx@sha256:" HEX "0",
		"nginx@sha256:ABC",
		"nginx@sha512:" HEX,
		"nginx@",
		"oci:",
		"oci:x:",
		"docker-daemon:x@sha256:" HEX,
		"a\nb",
		"\xff",
		"https://registry.example.com/x",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO(reference_clear) struct reference reference = {0};
		if (reference_parse(bad[i], "/base", &reference, &err))
			fail_msg("'%s' became '%s'", bad[i], reference.text);
		assert_non_null(err.message);
		assert_null(reference.text);
	}
}

static void parts_are_where_they_belong(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(reference_clear) struct reference a = {0};
	AUTO(reference_clear) struct reference b = {0};
	(void)state;
	assert_true(reference_parse("r.example:5000/team/app:v1@sha256:" HEX, NULL, &a, &err));
	assert_int_equal(a.transport, TRANSPORT_REGISTRY);
	assert_string_equal(a.host, "r.example:5000");
	assert_string_equal(a.name, "team/app");
	assert_string_equal(a.tag, "v1");
	assert_string_equal(DIGEST_TEXT(&a.digest), "sha256:" HEX);
	assert_true(reference_parse("oci-archive:/x.tar", NULL, &b, &err));
	assert_string_equal(b.path, "/x.tar");
	assert_null(b.tag);
	assert_false(digest_is_set(&b.digest));
}

/* Two manifests that reach one folder by different ways name one image. */
static void one_folder_has_one_name(void **state)
{
	char folder[] = "/tmp/i2kit-reference-XXXXXX";
	(void)state;

	assert_non_null(mkdtemp(folder));
	AUTO_FREE char *deep = path_join(folder, "a/b");
	AUTO_FREE char *wanted = xasprintf("oci:%s/images/web:1", folder);
	static const char *const ways[] = {"oci:../../images/web:1", "oci:../../a/../images/web:1",
					   "oci:./../.././images/web/:1"};
	AUTO_FREE char *images = path_join(folder, "images");
	assert_true(path_make_folders(deep, 0755, NULL));
	assert_true(path_make_folders(images, 0755, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		AUTO(reference_clear) struct reference reference = {0};
		assert_true(reference_parse(ways[i], deep, &reference, NULL));
		assert_string_equal(reference.text, wanted);
	}
	assert_true(path_remove_tree(folder, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_expand_as_docker_does),
		cmocka_unit_test(the_folder_of_a_path_is_not_part_of_the_portable_name),
		cmocka_unit_test(one_folder_has_one_name),
		cmocka_unit_test(malformed_names_are_refused),
		cmocka_unit_test(parts_are_where_they_belong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
