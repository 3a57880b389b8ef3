/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "release/approval_key.h"
#include "release/key_file.h"
#include "release/receipt.h"
#include "release/receipt_key.h"
#include "release/receipt_travel.h"
#include "release/release_approvals.h"
#include "release/release_proof.h"
#include "release/team_keys.h"

static char folder[] = "/tmp/i2kit-approvals-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	if (mkdtemp(folder) == NULL)
		return 1;
	return setenv("XDG_STATE_HOME", folder, 1) | setenv("XDG_CONFIG_HOME", folder, 1);
}

static int leave_folder(void **state)
{
	(void)state;
	return path_remove_tree(folder, NULL) ? 0 : 1;
}

static struct ed25519_key key_of(uint8_t seed)
{
	const uint8_t bytes[ED25519_KEY_SIZE] = {seed};
	struct ed25519_key key;
	assert_true(ed25519_from_seed(bytes, &key, NULL));
	return key;
}

static void trust(struct trusted_keys *keys, uint8_t seed, const char *name)
{
	struct ed25519_key key = key_of(seed);
	AUTO_FREE char *text = base64_encode(key.public_key, sizeof(key.public_key));
	AUTO_FREE char *line = xasprintf("%s%s%s", text, name[0] != '\0' ? " " : "", name);
	assert_true(trusted_keys_add(keys, line, NULL));
}

static struct release_statement make(const char *environment, unsigned pods, uint8_t digest)
{
	struct release_statement out = {.project = xstrdup("shop"),
					.environment = xstrdup(environment),
					.time_ns = 1790000000000000000};
	for (unsigned i = pods; i > 0; i--) {
		struct statement_pod pod = {
			.pod = xasprintf("pod-%u", i),
			.release = {.image = {{digest, 1}}, .config = {{digest, (uint8_t)i}}},
			.accelerator = xstrdup("kvm"),
			.firmware = xstrdup("direct"),
			.replicas = i,
			.ready_ns = 1780000000000000000 + i};
		release_statement_add(&out, &pod);
	}
	return out;
}

static void sign(struct release_statement *statement, uint8_t seed)
{
	struct ed25519_key key = key_of(seed);
	assert_true(release_statement_sign(statement, &key, NULL));
}

/* --- the document --------------------------------------------------------------------------- */

static void a_second_signature_is_over_the_very_same_bytes(void **state)
{
	(void)state;
	AUTO(release_statement_clear) struct release_statement one = make("production", 3, 7);
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *before = release_statement_text(&one, NULL);
	sign(&one, 1);
	AUTO_FREE char *file = release_statement_write(&one, NULL);
	AUTO(release_statement_clear) struct release_statement other = {0};
	assert_true(release_statement_read(file, strlen(file), &other, NULL));
	struct ed25519_key again = key_of(1);
	assert_false(release_statement_sign(&other, &again, &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
	sign(&other, 2);
	AUTO_FREE char *after = release_statement_text(&other, NULL);
	assert_string_equal(before, after);
	assert_int_equal(other.signature_count, 2);
	assert_string_equal(other.pods[0].pod, "pod-1");
	/* What formats.md says is signed. */
	assert_non_null(strstr(before, "i2kit release\n{\"environment\":\"production\",\"pods\":["
				       "{\"accelerator\":\"kvm\",\"configDigest\":\"sha256:0701"));
}

/* Any byte of the file: what is read of it is what was signed, or nothing is. */
static void no_changed_byte_goes_unnoticed(void **state)
{
	(void)state;
	AUTO(release_statement_clear) struct release_statement one = make("production", 2, 9);
	struct digest wanted;
	sign(&one, 1);
	sign(&one, 2);
	assert_true(release_statement_digest(&one, &wanted, NULL));
	AUTO_FREE char *file = release_statement_write(&one, NULL);
	size_t size = strlen(file);
	unsigned refused = 0;
	for (size_t i = 0; i < size; i++) {
		static const char changes[] = {1, 3, 32};
		for (size_t c = 0; c < sizeof(changes); c++) {
			AUTO(release_statement_clear) struct release_statement read = {0};
			struct digest digest;
			AUTO_FREE char *changed = xstrndup(file, size);
			changed[i] = (char)(changed[i] ^ changes[c]);
			if (!release_statement_read(changed, size, &read, NULL)) {
				refused++;
				continue;
			}
			assert_true(release_statement_digest(&read, &digest, NULL));
			assert_true(digest_equal(&digest, &wanted));
			assert_int_equal(read.signature_count, 2);
		}
	}
	assert_true(refused > 3 * size - 20);
}

static void what_is_no_release_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *from;
		const char *to;
	} changes[] = {
		{"\"version\":1", "\"version\":2"},
		{"\"version\":1", "\"version\":1,\"more\":1"},
		{"\"pod\":\"pod-2\"", "\"pod\":\"pod-1\""},
		{"\"pod\":\"pod-1\"", "\"pod\":\"a\\u001b[31m\""},
		{"\"pod\":\"pod-1\"", "\"pod\":\"../x\""},
		{"\"project\":\"shop\"", "\"project\":\"sh/op\""},
		{"\"environment\":\"production\"", "\"environment\":\"staging\""},
		{"\"accelerator\":\"kvm\"", "\"accelerator\":\"tcg\""},
		{"\"replicas\":2", "\"replicas\":3"},
		{"\"readyNs\":1780000000000000001", "\"readyNs\":1780000000000000002"},
		{"\"timeNs\":1790000000000000000", "\"timeNs\":1790000000000000001"},
		{"{\"release\"", "{\"more\":1,\"release\""},
	};
	AUTO(release_statement_clear) struct release_statement one = make("production", 2, 9);
	sign(&one, 1);
	AUTO_FREE char *file = release_statement_write(&one, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const char *at = strstr(file, changes[i].from);
		assert_non_null(at);
		AUTO_FREE char *text = xasprintf("%.*s%s%s", (int)(at - file), file, changes[i].to,
						 at + strlen(changes[i].from));
		AUTO(release_statement_clear) struct release_statement read = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_false(release_statement_read(text, strlen(text), &read, &err));
		assert_int_equal(err.kind, ERROR_CORRUPT);
	}
	/* The same signature twice is not two. */
	const char *list = strstr(file, "\"signatures\":[") + strlen("\"signatures\":[");
	size_t length = strcspn(list, "]");
	AUTO_FREE char *twice =
		xasprintf("%.*s%.*s,%s", (int)(list - file), file, (int)length, list, list);
	AUTO(release_statement_clear) struct release_statement read = {0};
	assert_false(release_statement_read(twice, strlen(twice), &read, NULL));
}

/* --- people --------------------------------------------------------------------------------- */

static void people_are_counted_and_not_keys(void **state)
{
	(void)state;
	AUTO(release_statement_clear) struct release_statement one = make("production", 1, 1);
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	for (uint8_t seed = 1; seed <= 6; seed++)
		sign(&one, seed);
	trust(&trusted, 1, "Ada");
	trust(&trusted, 2, "Ada");
	trust(&trusted, 3, "Bob");
	trust(&trusted, 4, "");
	trust(&trusted, 5, "");
	AUTO(string_list_clear) struct string_list people = STRING_LIST_INIT;
	release_approvals_people(&one, &trusted, &people);
	/* Two keys of Ada's, two without a name, and 6 is nobody's. */
	assert_int_equal(people.count, 4);
	assert_string_equal(people.items[0], "Ada");
	assert_string_equal(people.items[1], "Bob");
}

static void one_key_under_two_names_is_refused(void **state)
{
	(void)state;
	struct ed25519_key key = key_of(1);
	AUTO_FREE char *text = base64_encode(key.public_key, sizeof(key.public_key));
	AUTO_FREE char *two = xasprintf("%s Ada\n# a comment\n%s Bob\n", text, text);
	AUTO_FREE char *same = xasprintf("%s Ada\n%s Ada\n", text, text);
	AUTO_FREE char *own = xasprintf("%s you\n", text);
	AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
	AUTO(trusted_keys_clear) struct trusted_keys fine = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(trusted_keys_add_text(&keys, two, "team", &err));
	assert_non_null(
		strstr(err.message, "team:3: the key of 'Ada' is here once more, as 'Bob'"));
	assert_true(trusted_keys_add_text(&fine, same, "team", NULL));
	assert_int_equal(fine.count, 1);
	assert_false(trusted_keys_add_text(&keys, own, "team", NULL));
}

/* A name that looks like another's is another person to the program, and not to who reads it. */
static void names_that_look_the_same_are_the_same_or_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"Ada\xc2\x9b", "Ada\xc2\xa0L",    "Ada\xff",
					  "A\xc3",	 "Ada\xe2\x80\x8b", "Zoe\xe2\x80\xae",
					  "Ada  L",	 "Ada\tL",	    "you ",
					  "you\t",	 "Ada\xef\xbb\xbf", "Ada\x1b[1m"};
	AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
	struct ed25519_key key = key_of(1);
	struct ed25519_key other = key_of(2);
	AUTO_FREE char *text = base64_encode(key.public_key, sizeof(key.public_key));
	AUTO_FREE char *second = base64_encode(other.public_key, sizeof(other.public_key));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO_FREE char *line = xasprintf("%s %s", text, bad[i]);
		assert_false(trusted_keys_add(&keys, line, NULL));
	}
	AUTO_FREE char *lines = xasprintf("%s Zo\xc3\xab \t\r\n%s  Zo\xc3\xab\n", text, second);
	assert_true(trusted_keys_add_text(&keys, lines, "team", NULL));
	assert_string_equal(trusted_keys_name(&keys, key.public_key), "Zo\xc3\xab");
	assert_string_equal(trusted_keys_name(&keys, other.public_key), "Zo\xc3\xab");
}

static void write_text(const char *path, const char *text)
{
	assert_true(file_write_atomic(path, text, strlen(text), 0644, NULL));
}

static char *read_text(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	assert_true(key_file_read(path, KEY_FILE_PUBLIC, 4096, &text, &size, NULL));
	return text;
}

static void a_name_comes_to_the_line_that_had_none(void **state)
{
	(void)state;
	AUTO_FREE char *path = path_join(folder, "trusted_keys");
	struct ed25519_key keys[] = {key_of(1), key_of(2)};
	AUTO_FREE char *ada = base64_encode(keys[0].public_key, ED25519_KEY_SIZE);
	AUTO_FREE char *bob = base64_encode(keys[1].public_key, ED25519_KEY_SIZE);
	AUTO_FREE char *named = xasprintf("%s Ada ", ada);
	AUTO_FREE char *renamed = xasprintf("%s Eve", ada);
	AUTO_FREE char *before = xasprintf("# ours\n%s\n\n%s Bob", ada, bob);
	AUTO_FREE char *after = xasprintf("# ours\n%s Ada\n\n%s Bob\n", ada, bob);
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_new = false;
	write_text(path, before);
	assert_true(trusted_keys_append_file(path, named, 0644, &is_new, NULL));
	assert_true(is_new);
	AUTO_FREE char *text = read_text(path);
	assert_string_equal(text, after);
	/* A name is not taken away, nor given twice. */
	assert_true(trusted_keys_append_file(path, ada, 0644, &is_new, NULL));
	assert_false(is_new);
	assert_false(trusted_keys_append_file(path, renamed, 0644, &is_new, &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
	AUTO_FREE char *still = read_text(path);
	assert_string_equal(still, after);
}

/* --- files ---------------------------------------------------------------------------------- */

static void the_release_with_most_people_is_the_one(void **state)
{
	(void)state;
	AUTO_FREE char *place = path_join(folder, "releases");
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	AUTO(release_statement_clear) struct release_statement found = {0};
	AUTO(release_statement_clear) struct release_statement wanted = make("production", 2, 5);
	bool is_found = true;
	trust(&trusted, 1, "Ada");
	trust(&trusted, 2, "Bob");
	assert_true(release_approvals_match(place, &wanted, &trusted, &found, &is_found, NULL));
	assert_false(is_found);
	for (uint8_t i = 0; i < 5; i++) {
		AUTO(release_statement_clear)
		struct release_statement one =
			make(i == 3 ? "staging" : "production", i == 4 ? 3 : 2, 5);
		one.time_ns += i;
		sign(&one, 1);
		if (i > 1)
			sign(&one, 2);
		AUTO_FREE char *path = release_approvals_path(place, &one, NULL);
		assert_true(release_approvals_save(path, &one, NULL));
	}
	assert_true(release_approvals_match(place, &wanted, &trusted, &found, &is_found, NULL));
	assert_true(is_found);
	assert_int_equal(found.signature_count, 2);
	assert_int_equal(found.time_ns, wanted.time_ns + 2);
	/* By its name, or so much of it that no other begins so. */
	AUTO_FREE char *id = release_approvals_id(&found, NULL);
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *none = NULL;
	assert_true(release_approvals_find(place, id, &path, NULL));
	assert_false(release_approvals_find(place, "", &none, NULL));
	assert_false(release_approvals_find(place, "zz", &none, NULL));
	AUTO(release_statement_clear) struct release_statement again = {0};
	assert_true(release_approvals_load(path, &again, NULL));
	assert_true(release_statement_is_about(&again, &found));
}

static bool read_file(const char *path, enum key_file_kind kind, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	return key_file_read(path, kind, 1000, &text, &size, err);
}

static void hostile_files_are_refused(void **state)
{
	(void)state;
	static const struct {
		mode_t mode;
		bool is_secret_good;
		bool is_public_good;
	} modes[] = {{0600, true, true},  {0400, true, true},	{0640, false, true},
		     {0644, false, true}, {0666, false, false}, {0602, false, false},
		     {0664, false, true}, {0620, false, true}};
	AUTO_FREE char *path = path_join(folder, "file");
	AUTO_FREE char *other = path_join(folder, "other");
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_true(file_write_atomic(path, "x\n", 2, 0600, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod(path, modes[i].mode), 0);
		assert_int_equal(read_file(path, KEY_FILE_SECRET, NULL), modes[i].is_secret_good);
		assert_int_equal(read_file(path, KEY_FILE_PUBLIC, NULL), modes[i].is_public_good);
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(symlink(path, other), 0);
	assert_false(read_file(other, KEY_FILE_PUBLIC, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_non_null(strstr(err.message, "link"));
	/* A trusted file that is a link into nothing is no file without lines. */
	AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
	assert_int_equal(unlink(path), 0);
	assert_false(trusted_keys_add_file(&keys, other, NULL));
	assert_int_equal(unlink(other), 0);
	assert_true(trusted_keys_add_file(&keys, other, NULL));
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(read_file(path, KEY_FILE_PUBLIC, NULL));
	assert_false(read_file(folder, KEY_FILE_PUBLIC, NULL));
	AUTO_FREE char *large = xcalloc(1002, 1);
	memset(large, '#', 1001);
	assert_int_equal(unlink(path), 0);
	assert_true(file_write_atomic(path, large, 1001, 0600, NULL));
	assert_false(read_file(path, KEY_FILE_PUBLIC, NULL));
	assert_true(file_write_atomic(path, large, 1000, 0600, NULL));
	assert_true(read_file(path, KEY_FILE_PUBLIC, NULL));
	/* What lies behind a NUL is not passed over. */
	assert_true(file_write_atomic(path, "# x\0AAAA\n", 9, 0600, NULL));
	assert_false(trusted_keys_add_file(&keys, path, NULL));
}

static void a_key_that_others_may_read_is_none(void **state)
{
	(void)state;
	struct ed25519_key key;
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_true(receipt_key_load(&key, NULL));
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "receipt.key");
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(receipt_key_load(&key, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_non_null(strstr(err.hint, "chmod 600"));
}

/* --- keys ----------------------------------------------------------------------------------- */

static void a_replaced_key_still_counts(void **state)
{
	(void)state;
	struct ed25519_key first;
	struct ed25519_key second;
	AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_true(receipt_key_new(false, NULL));
	assert_true(receipt_key_load(&first, NULL));
	assert_false(receipt_key_new(false, &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
	assert_true(receipt_key_new(true, NULL));
	assert_true(receipt_key_load(&second, NULL));
	assert_memory_not_equal(first.public_key, second.public_key, ED25519_KEY_SIZE);
	assert_true(trusted_keys_add_own(&keys, NULL));
	assert_string_equal(trusted_keys_name(&keys, second.public_key), "you");
	assert_memory_equal(trusted_keys_name(&keys, first.public_key), "you, until 20", 13);
}

static const char *answers[2];
static unsigned asked;

static char *answer(const char *question, struct error *err)
{
	(void)question;
	(void)err;
	return xstrdup(answers[asked++ % 2]);
}

static void an_approval_key_opens_with_its_passphrase_alone(void **state)
{
	(void)state;
	struct ed25519_key key;
	struct ed25519_key again;
	struct stat status;
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "approval.key");
	assert_int_equal(unsetenv("I2KIT_KEY_PASSPHRASE"), 0);
	answers[0] = "correct horse";
	answers[1] = "battery staple";
	assert_false(approval_key_new(answer, false, NULL));
	answers[0] = answers[1] = "short";
	assert_false(approval_key_new(answer, false, NULL));
	assert_false(path_exists(path));
	answers[0] = answers[1] = "correct horse";
	assert_true(approval_key_new(answer, false, NULL));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_true(approval_key_load(answer, &key, NULL));
	answers[0] = answers[1] = "wrong horse";
	assert_false(approval_key_load(answer, &again, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	/* It is this user's, and nobody was asked for that. */
	assert_true(trusted_keys_add_own(&keys, NULL));
	assert_string_equal(trusted_keys_name(&keys, key.public_key), "you");
	assert_true(
		file_write_atomic(path, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 38, 0600, NULL));
	AUTO(error_clear) struct error broken = ERROR_INIT;
	assert_false(approval_key_load(answer, &again, &broken));
	assert_int_equal(broken.kind, ERROR_CORRUPT);
}

/* The receipts' key needs no passphrase: whoever takes the sealed one away gains nothing. */
static void a_lost_approval_key_is_not_replaced_by_another(void **state)
{
	(void)state;
	struct ed25519_key key;
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(error_clear) struct error other = ERROR_INIT;
	AUTO_FREE char *path = path_folder(PATH_CONFIG, "approval.key");
	AUTO_FREE char *public_path = path_folder(PATH_CONFIG, "approval.pub");
	struct ed25519_key stranger = key_of(5);
	AUTO_FREE char *text = base64_encode(stranger.public_key, ED25519_KEY_SIZE);
	assert_int_equal(unsetenv("I2KIT_KEY_PASSPHRASE"), 0);
	answers[0] = answers[1] = "correct horse";
	assert_true(receipt_key_load(&key, NULL));
	assert_true(approval_key_load(answer, &key, NULL));
	assert_true(approval_key_new(answer, false, NULL));
	assert_int_equal(unlink(path), 0);
	assert_false(approval_key_load(answer, &key, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	/* A link to nothing is not none. */
	assert_int_equal(unlink(public_path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_false(approval_key_load(answer, &key, NULL));
	assert_int_equal(unlink(path), 0);
	assert_true(approval_key_load(answer, &key, NULL));
	/* Nor is the half of another key believed. */
	assert_true(approval_key_new(answer, false, NULL));
	assert_true(file_write_atomic(public_path, text, strlen(text), 0600, NULL));
	assert_false(approval_key_load(answer, &key, &other));
	assert_int_equal(other.kind, ERROR_CORRUPT);
}

static size_t count_people(const struct release_statement *statement,
			   const struct trusted_keys *trusted)
{
	AUTO(string_list_clear) struct string_list people = STRING_LIST_INIT;
	release_approvals_people(statement, trusted, &people);
	return people.count;
}

/* Keys of this user's: the receipts' one, the one before it, the one for approvals. */
static void one_person_with_many_keys_is_one(void **state)
{
	(void)state;
	struct ed25519_key keys[3];
	AUTO_FREE char *path = path_join(folder, "trusted_keys");
	struct string_list none = STRING_LIST_INIT;
	AUTO(release_statement_clear) struct release_statement one = make("production", 1, 1);
	assert_int_equal(unsetenv("I2KIT_KEY_PASSPHRASE"), 0);
	answers[0] = answers[1] = "correct horse";
	assert_true(receipt_key_load(&keys[0], NULL));
	assert_true(receipt_key_new(true, NULL));
	assert_true(receipt_key_load(&keys[1], NULL));
	assert_true(approval_key_new(answer, false, NULL));
	assert_true(approval_key_load(answer, &keys[2], NULL));
	for (size_t i = 0; i < 3; i++)
		assert_true(release_statement_sign(&one, &keys[i], NULL));
	/* Nobody has a list: they are all "you". */
	AUTO(trusted_keys_clear) struct trusted_keys alone = {0};
	assert_true(team_keys_people(&none, NULL, path, &alone, NULL));
	assert_int_equal(count_people(&one, &alone), 1);
	/* The team knows her by one of her keys, by a second name, and not by the third. */
	AUTO_FREE char *first = base64_encode(keys[1].public_key, ED25519_KEY_SIZE);
	AUTO_FREE char *second = base64_encode(keys[2].public_key, ED25519_KEY_SIZE);
	AUTO_FREE char *text = xasprintf("%s Ada\n%s Ada at work\n", first, second);
	write_text(path, text);
	AUTO(trusted_keys_clear) struct trusted_keys team = {0};
	assert_true(team_keys_people(&none, NULL, path, &team, NULL));
	assert_int_equal(count_people(&one, &team), 1);
	assert_null(trusted_keys_name(&team, keys[0].public_key));
}

static void a_machine_whose_receipts_count_is_no_person(void **state)
{
	(void)state;
	AUTO_FREE char *path = path_join(folder, "trusted_keys");
	struct string_list none = STRING_LIST_INIT;
	struct ed25519_key machine = key_of(9);
	struct ed25519_key own;
	AUTO_FREE char *text = base64_encode(machine.public_key, ED25519_KEY_SIZE);
	AUTO(release_statement_clear) struct release_statement one = make("production", 1, 1);
	AUTO(trusted_keys_clear) struct trusted_keys alone = {0};
	AUTO(trusted_keys_clear) struct trusted_keys team = {0};
	assert_true(receipt_key_load(&own, NULL));
	/* Nor is a machine this user, by the name that their keys of before have. */
	assert_false(receipt_trust(text, "you, until 2026-01-01", NULL));
	assert_true(receipt_trust(text, "ci-runner", NULL));
	assert_true(release_statement_sign(&one, &own, NULL));
	sign(&one, 9);
	assert_true(team_keys_people(&none, NULL, path, &alone, NULL));
	assert_int_equal(count_people(&one, &alone), 1);
	/* Where there is a list, who is not on it is nobody, this user too. */
	struct ed25519_key bob = key_of(2);
	AUTO_FREE char *line = base64_encode(bob.public_key, ED25519_KEY_SIZE);
	write_text(path, line);
	assert_true(team_keys_people(&none, NULL, path, &team, NULL));
	assert_int_equal(count_people(&one, &team), 0);
}

static void one_key_under_two_names_in_two_files_is_refused(void **state)
{
	(void)state;
	AUTO_FREE char *path = path_join(folder, "trusted_keys");
	struct ed25519_key key = key_of(1);
	AUTO_FREE char *text = base64_encode(key.public_key, ED25519_KEY_SIZE);
	AUTO_FREE char *line = xasprintf("%s Ada\n", text);
	AUTO(string_list_clear) struct string_list same = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list other = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list none = STRING_LIST_INIT;
	AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	write_text(path, line);
	string_list_addf(&same, "%s Ada", text);
	string_list_addf(&other, "%s Bob", text);
	string_list_add(&none, text);
	assert_true(team_keys_load(&same, "environment.yml", path, &keys, NULL));
	assert_int_equal(keys.count, 1);
	trusted_keys_clear(&keys);
	assert_false(team_keys_load(&none, "environment.yml", path, &keys, NULL));
	trusted_keys_clear(&keys);
	assert_false(team_keys_load(&other, "environment.yml", path, &keys, &err));
	assert_non_null(strstr(err.message, "trusted_keys:1: the key of 'Bob' is here once more, "
					    "as 'Ada'"));
}

static void a_folder_that_is_a_link_is_refused(void **state)
{
	(void)state;
	AUTO_FREE char *outside = path_join(folder, "outside");
	AUTO_FREE char *link = path_join(folder, "link");
	AUTO_FREE char *keys_path = path_join(link, "trusted_keys");
	struct string_list none = STRING_LIST_INIT;
	AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
	AUTO(release_statement_clear) struct release_statement one = make("production", 1, 5);
	AUTO(release_statement_clear) struct release_statement found = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_found = false;
	sign(&one, 1);
	AUTO_FREE char *path = release_approvals_path(link, &one, NULL);
	AUTO_FREE char *there = release_approvals_path(outside, &one, NULL);
	assert_true(team_keys_load(&none, NULL, keys_path, &keys, NULL));
	assert_int_equal(symlink(outside, link), 0);
	assert_false(team_keys_load(&none, NULL, keys_path, &keys, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_false(release_approvals_save(path, &one, NULL));
	assert_false(path_exists(outside));
	assert_true(release_approvals_save(there, &one, NULL));
	assert_false(release_approvals_save(path, &one, NULL));
	assert_false(release_approvals_load(path, &found, NULL));
	assert_false(release_approvals_match(link, &one, &keys, &found, &is_found, NULL));
	assert_true(release_approvals_load(there, &found, NULL));
}

/* --- what it says and what is known ---------------------------------------------------------- */

static void what_contradicts_the_receipts_is_no_approval(void **state)
{
	(void)state;
	AUTO_FREE char *place = path_join(folder, "releases");
	AUTO(trusted_keys_clear) struct trusted_keys trusted = {0};
	AUTO(release_statement_clear) struct release_statement wanted = make("production", 2, 5);
	AUTO(release_statement_clear) struct release_statement lie = make("production", 2, 5);
	AUTO(release_statement_clear) struct release_statement other_run = make("production", 2, 5);
	AUTO(release_statement_clear) struct release_statement found = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_found = false;
	trust(&trusted, 1, "Ada");
	lie.pods[1].replicas = 9;
	sign(&lie, 1);
	AUTO_FREE char *path = release_approvals_path(place, &lie, NULL);
	assert_true(release_approvals_save(path, &lie, NULL));
	assert_false(release_approvals_match(place, &wanted, &trusted, &found, &is_found, &err));
	assert_non_null(strstr(err.message, "pod 'pod-2' ran with kvm, direct, 9; the receipt of "
					    "that run says kvm, direct, 2"));
	/* It does not stand in the way of one that holds; of other runs nothing is known here. */
	other_run.pods[1].ready_ns++;
	other_run.pods[1].replicas = 9;
	sign(&other_run, 1);
	AUTO_FREE char *second = release_approvals_path(place, &other_run, NULL);
	assert_true(release_approvals_save(second, &other_run, NULL));
	assert_true(release_approvals_match(place, &wanted, &trusted, &found, &is_found, NULL));
	assert_true(is_found && found.pods[1].ready_ns == other_run.pods[1].ready_ns);
}

static void record(const struct statement_pod *pod, uint32_t desired, bool is_dirty)
{
	AUTO(receipt_clear)
	struct receipt receipt = {.project = xstrdup("shop"),
				  .pod = xstrdup(pod->pod),
				  .release = pod->release,
				  .accelerator = xstrdup(pod->accelerator),
				  .firmware = xstrdup(pod->firmware),
				  .replicas = pod->replicas,
				  .desired = desired,
				  .ready_ns = pod->ready_ns,
				  .is_dirty = is_dirty};
	assert_true(receipt_record(&receipt, NULL));
}

static void a_receipt_here_shows_what_a_release_says(void **state)
{
	(void)state;
	AUTO(release_statement_clear) struct release_statement one = make("production", 2, 5);
	struct statement_pod *pod = &one.pods[1];
	enum release_proof proof = PROOF_RECEIPT;
	assert_true(release_proof_find(&one, pod, &proof, NULL));
	assert_int_equal(proof, PROOF_NONE);
	record(pod, 2, false);
	assert_true(release_proof_find(&one, pod, &proof, NULL));
	assert_int_equal(proof, PROOF_RECEIPT);
	pod->ready_ns++;
	assert_true(release_proof_find(&one, pod, &proof, NULL));
	assert_int_equal(proof, PROOF_OTHER_RUN);
	pod->ready_ns--;
	pod->replicas++;
	assert_false(release_proof_find(&one, pod, &proof, NULL));
	/* What promote would not take shows nothing. */
	record(pod, 2, true);
	assert_true(release_proof_find(&one, pod, &proof, NULL));
	assert_int_equal(proof, PROOF_OTHER_RUN);
	record(pod, pod->replicas + 1, false);
	assert_true(release_proof_find(&one, pod, &proof, NULL));
	assert_int_equal(proof, PROOF_OTHER_RUN);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_signature_is_over_the_very_same_bytes),
		cmocka_unit_test(no_changed_byte_goes_unnoticed),
		cmocka_unit_test(what_is_no_release_is_refused),
		cmocka_unit_test(people_are_counted_and_not_keys),
		cmocka_unit_test(one_key_under_two_names_is_refused),
		cmocka_unit_test(names_that_look_the_same_are_the_same_or_refused),
		IN_FOLDER(a_name_comes_to_the_line_that_had_none),
		IN_FOLDER(a_lost_approval_key_is_not_replaced_by_another),
		IN_FOLDER(one_person_with_many_keys_is_one),
		IN_FOLDER(a_machine_whose_receipts_count_is_no_person),
		IN_FOLDER(one_key_under_two_names_in_two_files_is_refused),
		IN_FOLDER(a_folder_that_is_a_link_is_refused),
		IN_FOLDER(what_contradicts_the_receipts_is_no_approval),
		IN_FOLDER(a_receipt_here_shows_what_a_release_says),
		IN_FOLDER(the_release_with_most_people_is_the_one),
		IN_FOLDER(hostile_files_are_refused),
		IN_FOLDER(a_key_that_others_may_read_is_none),
		IN_FOLDER(a_replaced_key_still_counts),
		IN_FOLDER(an_approval_key_opens_with_its_passphrase_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
