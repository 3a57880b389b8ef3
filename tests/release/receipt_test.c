/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "release/receipt.h"
#include "release/receipt_tag.h"
#include "release/receipt_travel.h"
#include "release/release_scope.h"
#include "release/trusted_keys.h"

static const struct release_id release = {.image = {{0xaa}}, .config = {{0xbb}}};
static const struct release_id other = {.image = {{0xaa}}, .config = {{0xcc}}};

static const struct release_scope shop = {
	.project = "shop", .environment = "production", .pods = {{1}}};

static char folder[] = "/tmp/i2kit-receipt-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	if (mkdtemp(folder) == NULL)
		return 1;
	AUTO_FREE char *state_home = path_join(folder, "state");
	AUTO_FREE char *config_home = path_join(folder, "config");
	return setenv("XDG_STATE_HOME", state_home, 1) | setenv("XDG_CONFIG_HOME", config_home, 1);
}

static int leave_folder(void **state)
{
	(void)state;
	return path_remove_tree(folder, NULL) ? 0 : 1;
}

static void record_example(void)
{
	AUTO(receipt_clear)
	struct receipt receipt = {
		.project = xstrdup("shop"),
		.pod = xstrdup("web"),
		.release = release,
		.accelerator = xstrdup("tcg"),
		.replicas = 2,
		.desired = 2,
		.ready_ns = INT64_C(1790000000000000000),
		.start_ms = 5400,
	};
	receipt_add_probe(&receipt, "nginx", "readiness");
	assert_true(receipt_record(&receipt, NULL));
}

static void what_is_recorded_is_found(void **state)
{
	(void)state;
	record_example();
	AUTO(receipt_clear) struct receipt found = {0};
	assert_true(receipt_find("shop", "web", &release, &found, NULL));
	assert_int_equal(found.replicas, 2);
	assert_int_equal(found.start_ms, 5400);
	assert_int_equal(found.probe_count, 1);
	assert_string_equal(found.probes[0].probe, "readiness");
	assert_string_equal(found.i2kit_version, I2KIT_VERSION);
}

static void record_start(const struct release_id *of, bool is_warm, bool is_dirty)
{
	AUTO(receipt_clear)
	struct receipt receipt = {.project = xstrdup("shop"),
				  .pod = xstrdup("web"),
				  .release = *of,
				  .accelerator = xstrdup("tcg"),
				  .replicas = 1,
				  .desired = 1,
				  .is_warm = is_warm,
				  .is_dirty = is_dirty};
	assert_true(receipt_record(&receipt, NULL));
}

static void a_warm_start_proves_no_boot(void **state)
{
	static const struct release_id third = {.image = {{0xaa}}, .config = {{0xdd}}};
	AUTO(receipt_clear) struct receipt found = {0};
	(void)state;

	assert_false(receipt_has_cold("shop", "web", &release.image));
	record_start(&release, true, false);
	assert_true(receipt_find("shop", "web", &release, &found, NULL));
	assert_true(found.is_warm);
	assert_false(receipt_has_cold("shop", "web", &release.image));
	record_start(&third, false, true); /* it booted, with files of this machine */
	assert_false(receipt_has_cold("shop", "web", &release.image));
	record_start(&other, false, false);
	assert_true(receipt_has_cold("shop", "web", &release.image));
	assert_false(receipt_has_cold("shop", "api", &release.image));
	assert_false(receipt_has_cold("shop", "web", &other.config));
}

/* The newer one counts, and the older one still proves that the image boots; also elsewhere. */
static void a_warm_start_takes_no_proof_away(void **state)
{
	AUTO(strbuf_clear) struct strbuf lines = STRBUF_INIT;
	AUTO_FREE char *folder_of_pod = path_folder(PATH_STATE, "receipts");
	size_t count = 0;
	(void)state;

	record_start(&release, false, false);
	record_start(&release, true, false);
	record_start(&release, true, false);
	assert_true(receipt_export("shop", &lines, &count, NULL));
	assert_int_equal(count, 2);
	for (int round = 0; round < 2; round++) {
		AUTO(receipt_clear) struct receipt found = {0};
		assert_true(receipt_find("shop", "web", &release, &found, NULL));
		assert_true(found.is_warm);
		assert_true(receipt_has_cold("shop", "web", &release.image));
		assert_true(path_remove_tree(folder_of_pod, NULL));
		assert_false(receipt_has_cold("shop", "web", &release.image));
		for (const char *at = strbuf_text(&lines); at[0] != '\0';
		     at += strcspn(at, "\n") + 1) {
			AUTO(receipt_clear) struct receipt came = {0};
			bool is_kept = false;
			assert_true(receipt_import(at, strcspn(at, "\n"), &came, &is_kept, NULL));
		}
	}
	record_start(&release, false, false);
	AUTO(receipt_clear) struct receipt found = {0};
	assert_true(receipt_find("shop", "web", &release, &found, NULL));
	assert_false(found.is_warm);
}

static void another_release_is_not_found(void **state)
{
	(void)state;
	record_example();
	AUTO(receipt_clear) struct receipt found = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(receipt_find("shop", "web", &other, &found, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

static char *receipt_file(void)
{
	AUTO_FREE char *below = xasprintf("receipts/shop/web/%s-%s.json",
					  DIGEST_HEX(&release.image), DIGEST_HEX(&release.config));
	return path_folder(PATH_STATE, below);
}

static void a_changed_receipt_is_refused(void **state)
{
	(void)state;
	record_example();
	AUTO_FREE char *path = receipt_file();
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	assert_true(file_read(path, 65536, &text, &size, NULL));
	char *found = strstr(text, "\"replicas\":2");
	assert_non_null(found);
	found[strlen("\"replicas\":")] = '9';
	assert_true(file_write_atomic(path, text, size, 0600, NULL));
	AUTO(receipt_clear) struct receipt receipt = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(receipt_find("shop", "web", &release, &receipt, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_non_null(strstr(err.message, "changed"));
}

static void a_receipt_of_another_key_is_refused(void **state)
{
	(void)state;
	record_example();
	AUTO_FREE char *key = path_folder(PATH_CONFIG, "receipt.key");
	struct stat status;
	assert_int_equal(stat(key, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_true(path_remove_tree(key, NULL));
	AUTO(receipt_clear) struct receipt receipt = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(receipt_find("shop", "web", &release, &receipt, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
}

static void a_tag_fits_and_holds_for_its_own_release_alone(void **state)
{
	(void)state;
	record_example();
	AUTO(receipt_clear) struct receipt receipt = {0};
	assert_true(receipt_find("shop", "web", &release, &receipt, NULL));
	AUTO_FREE char *tag = NULL;
	assert_true(receipt_to_tag(&receipt, &shop, &tag, NULL));
	assert_true(strlen(tag) <= 256);
	assert_int_equal(strspn(tag, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789 +-=._:/@"),
			 strlen(tag));
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	assert_true(trusted_keys_add_own(&trusted, NULL));
	assert_true(receipt_check_tag(tag, &shop, "web", &release, &trusted, &claim, NULL));
	assert_true(claim.is_signature_good);
	assert_string_equal(claim.key_name, "you");
	assert_int_equal(claim.replicas, 2);
	AUTO(receipt_claim_clear) struct receipt_claim moved = {0};
	assert_true(receipt_check_tag(tag, &shop, "web", &other, &trusted, &moved, NULL));
	assert_false(moved.is_signature_good);
	AUTO(receipt_claim_clear) struct receipt_claim none = {0};
	assert_false(
		receipt_check_tag("v2 ready x", &shop, "web", &release, &trusted, &none, NULL));
}

/* Beside other pods, in another environment or project, for another pod: it was not signed for that. */
static void a_tag_holds_in_its_own_scope_alone(void **state)
{
	(void)state;
	record_example();
	AUTO(receipt_clear) struct receipt receipt = {0};
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	AUTO_FREE char *tag = NULL;
	const struct release_scope others[] = {
		{.project = "shop", .environment = "staging", .pods = {{1}}},
		{.project = "shop", .environment = "", .pods = {{1}}},
		{.project = "shop", .environment = "production", .pods = {{2}}},
		{.project = "shop2", .environment = "production", .pods = {{1}}},
		/* Lines that run into each other are no way around. */
		{.project = "shop\nproduction", .environment = "web", .pods = {{1}}}};
	assert_true(receipt_find("shop", "web", &release, &receipt, NULL));
	assert_true(receipt_to_tag(&receipt, &shop, &tag, NULL));
	assert_true(trusted_keys_add_own(&trusted, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
		assert_true(receipt_check_tag(tag, &others[i], "web", &release, &trusted, &claim,
					      NULL));
		assert_false(claim.is_signature_good);
	}
	AUTO(receipt_claim_clear) struct receipt_claim pod = {0};
	assert_true(receipt_check_tag(tag, &shop, "db", &release, &trusted, &pod, NULL));
	assert_false(pod.is_signature_good);
	/* A signature of version 2 does not become one of version 1, which says less. */
	AUTO(receipt_claim_clear) struct receipt_claim older = {0};
	tag[1] = '1';
	assert_true(receipt_check_tag(tag, &shop, "web", &release, &trusted, &older, NULL));
	assert_true(older.is_old && !older.is_signature_good);
}

/* As a machine sees it that is not the one which signed. */
static void whose_key_it_is_depends_on_who_looks(void **state)
{
	(void)state;
	AUTO_FREE char *tag = NULL;
	AUTO_FREE char *public_key = receipt_public_key(NULL);
	assert_true(receipt_forced_tag(&shop, "web", &release, &tag, NULL));
	AUTO(trusted_keys_clear) struct trusted_keys nobody = {0};
	AUTO(trusted_keys_clear) struct trusted_keys somebody = {0};
	AUTO_FREE char *line = xasprintf("%s Ada of building 7", public_key);
	AUTO(receipt_claim_clear) struct receipt_claim stranger = {0};
	AUTO(receipt_claim_clear) struct receipt_claim friend = {0};
	assert_true(receipt_check_tag(tag, &shop, "web", &release, &nobody, &stranger, NULL));
	assert_true(stranger.is_signature_good);
	assert_null(stranger.key_name);
	assert_true(trusted_keys_add(&somebody, line, NULL));
	assert_true(receipt_check_tag(tag, &shop, "web", &release, &somebody, &friend, NULL));
	assert_string_equal(friend.key_name, "Ada of building 7");
}

static void lines_that_are_no_keys_are_refused_with_their_place(void **state)
{
	static const char *const lines[] = {
		"x", "AAAA", "ssh-ed25519 AAAA", " ",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= a\x1b[31m"};
	AUTO_FREE char *config = path_folder(PATH_CONFIG, NULL);
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "some.keys");
	(void)state;
	assert_true(path_make_folders(config, 0700, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO_FREE char *text = xasprintf("# ours\r\n\n%s\n", lines[i]);
		assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
		assert_false(trusted_keys_add_file(&keys, path, &err));
		assert_non_null(strstr(err.message, "some.keys:3: "));
	}
}

static void a_forced_release_says_so(void **state)
{
	(void)state;
	AUTO_FREE char *tag = NULL;
	assert_true(receipt_forced_tag(&shop, "web", &release, &tag, NULL));
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	assert_true(trusted_keys_add_own(&trusted, NULL));
	assert_true(receipt_check_tag(tag, &shop, "web", &release, &trusted, &claim, NULL));
	assert_true(claim.is_forced && claim.is_signature_good);
}

static void a_name_that_leaves_the_folder_is_refused(void **state)
{
	(void)state;
	AUTO(receipt_clear) struct receipt receipt = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(receipt_find("..", "web", &release, &receipt, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	/* A receipt of another machine is printed when it comes. */
	assert_false(receipt_find("shop", "we\xc2\x9b", &release, &receipt, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_false(receipt_find("shop", "we\x7f", &release, &receipt, NULL));
}

/* The other machine is another folder for configuration and state. */
static void a_receipt_travels_to_who_trusts_its_key(void **state)
{
	(void)state;
	record_example();
	AUTO(strbuf_clear) struct strbuf lines = STRBUF_INIT;
	AUTO_FREE char *key = receipt_public_key(NULL);
	AUTO_FREE char *there = path_join(folder, "there");
	AUTO(receipt_clear) struct receipt receipt = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	size_t count = 0;
	bool is_kept = false;
	assert_true(receipt_export("shop", &lines, &count, NULL));
	assert_int_equal(count, 1);
	const char *line = strbuf_text(&lines);
	assert_int_equal(setenv("XDG_STATE_HOME", there, 1) | setenv("XDG_CONFIG_HOME", there, 1),
			 0);
	assert_false(receipt_import(line, strlen(line), &receipt, &is_kept, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_false(receipt_trust("no key", NULL, NULL));
	assert_true(receipt_trust(key, "elsewhere", NULL));
	assert_true(receipt_trust(key, NULL, NULL));
	assert_true(receipt_import(line, strlen(line), &receipt, &is_kept, NULL));
	AUTO(receipt_clear) struct receipt found = {0};
	assert_true(receipt_find("shop", "web", &release, &found, NULL));
	assert_int_equal(found.replicas, 2);
}

static void record_run(int64_t ready_ns, bool is_warm)
{
	AUTO(receipt_clear)
	struct receipt receipt = {.project = xstrdup("shop"),
				  .pod = xstrdup("web"),
				  .release = release,
				  .accelerator = xstrdup("tcg"),
				  .replicas = 1,
				  .desired = 1,
				  .ready_ns = ready_ns,
				  .is_warm = is_warm};
	assert_true(receipt_record(&receipt, NULL));
}

/* What was exported long ago does not take the place of what ran here since. */
static void an_older_receipt_does_not_replace_a_newer_one(void **state)
{
	(void)state;
	static const struct {
		int64_t here;
		bool is_warm;
		bool is_kept;
		int64_t after;
	} runs[] = {{4000, false, true, 5000},
		    {5000, false, true, 5000},
		    {6000, false, false, 6000},
		    {7000, true, true, 7000}};
	AUTO(strbuf_clear) struct strbuf lines = STRBUF_INIT;
	size_t count = 0;
	record_run(5000, false);
	assert_true(receipt_export("shop", &lines, &count, NULL));
	const char *line = strbuf_text(&lines);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		AUTO(receipt_clear) struct receipt came = {0};
		AUTO(receipt_clear) struct receipt found = {0};
		AUTO_FREE char *receipts = path_folder(PATH_STATE, "receipts");
		bool is_kept = false;
		assert_true(path_remove_tree(receipts, NULL));
		record_run(runs[i].here, runs[i].is_warm);
		assert_true(receipt_import(line, strcspn(line, "\n"), &came, &is_kept, NULL));
		assert_int_equal(is_kept, runs[i].is_kept);
		assert_true(receipt_find("shop", "web", &release, &found, NULL));
		assert_int_equal(found.ready_ns, runs[i].after);
		/* The newest started warm: that the image boots is still shown. */
		assert_true(receipt_has_cold("shop", "web", &release.image));
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(what_is_recorded_is_found),
		IN_FOLDER(a_warm_start_proves_no_boot),
		IN_FOLDER(a_warm_start_takes_no_proof_away),
		IN_FOLDER(another_release_is_not_found),
		IN_FOLDER(a_changed_receipt_is_refused),
		IN_FOLDER(a_receipt_of_another_key_is_refused),
		IN_FOLDER(a_tag_fits_and_holds_for_its_own_release_alone),
		IN_FOLDER(a_tag_holds_in_its_own_scope_alone),
		IN_FOLDER(whose_key_it_is_depends_on_who_looks),
		IN_FOLDER(lines_that_are_no_keys_are_refused_with_their_place),
		IN_FOLDER(a_forced_release_says_so),
		IN_FOLDER(an_older_receipt_does_not_replace_a_newer_one),
		IN_FOLDER(a_receipt_travels_to_who_trusts_its_key),
		IN_FOLDER(a_name_that_leaves_the_folder_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
