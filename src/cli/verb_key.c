/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/ask_secret.h"
#include "cli/cloud_target.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/trusted_target.h"
#include "cli/verb.h"
#include "release/approval_key.h"
#include "release/key_file.h"
#include "release/receipt_key.h"

#define MAX_FILE   ((size_t)64 * 1024)
#define KEY_DIGITS 43 /* and one '=' */
#define BASE64	   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* --- show ----------------------------------------------------------------------------------- */

static const char *own_name(void)
{
	const struct passwd *user = getpwuid(geteuid());
	return user != NULL ? user->pw_name : "";
}

static void write_key(struct json_writer *json, const char *use, const uint8_t *key)
{
	AUTO_FREE char *text = base64_encode(key, ED25519_KEY_SIZE);
	json_open_object(json, NULL);
	json_write_text(json, "use", use);
	json_write_text(json, "key", text);
	json_close(json);
}

/* Lines that `key trust` takes as they are. */
static bool show(const struct invocation *invocation, struct error *err)
{
	struct ed25519_key receipts;
	uint8_t approvals[ED25519_KEY_SIZE];
	bool has_approvals = false;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	if (!receipt_key_load(&receipts, err))
		return false;
	explicit_bzero(receipts.seed, sizeof(receipts.seed));
	if (!approval_key_public(approvals, &has_approvals, err))
		return false;
	json_open_list(&json, NULL);
	write_key(&json, "receipts", receipts.public_key);
	if (has_approvals)
		write_key(&json, "approvals", approvals);
	json_close(&json);
	if (invocation->output == OUTPUT_JSON) {
		output_document(strbuf_text(&out));
		return true;
	}
	AUTO_FREE char *one = base64_encode(receipts.public_key, ED25519_KEY_SIZE);
	AUTO_FREE char *two = base64_encode(approvals, ED25519_KEY_SIZE);
	printf("%s %s\n", one, own_name());
	if (has_approvals)
		printf("%s %s\n", two, own_name());
	return true;
}

static bool make(const struct invocation *invocation, struct error *err)
{
	bool is_replacing = arguments_flag(invocation->args, "replace");
	bool is_sealed = arguments_flag(invocation->args, "passphrase");
	bool is_made = is_sealed ? approval_key_new(ask_secret, is_replacing, err)
				 : receipt_key_new(is_replacing, err);
	return is_made && show(invocation, err);
}

/* --- trust ---------------------------------------------------------------------------------- */

static bool read_word(const char *word, struct trusted_keys *ret, struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (trusted_keys_add(ret, word, &failure))
		return true;
	if (strlen(word) >= KEY_DIGITS && strspn(word, BASE64) >= KEY_DIGITS)
		return error_move(err, &failure);
	error_set(err, ERROR_NOT_FOUND, "%s: there is no such file, and it is no key", word);
	return error_hint(err, "i2kit key show, on the other machine, prints the key");
}

/* The lines of a file, or the key itself. */
static bool read_keys(const char *word, struct trusted_keys *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	bool is_input = strcmp(word, "-") == 0;
	const char *path = is_input ? "/dev/stdin" : word;
	if (!is_input && !path_exists(word))
		return read_word(word, ret, err);
	if (!file_read(path, MAX_FILE, &text, &size, err))
		return false;
	if (strlen(text) != size)
		return error_set(err, ERROR_INVALID, "%s: it is not text", path);
	if (!trusted_keys_add_text(ret, text, path, err))
		return false;
	return ret->count > 0 || error_set(err, ERROR_NOT_FOUND, "%s: no key in it", path);
}

/* The same keys, as --name says. */
static bool name_all(const struct trusted_keys *keys, const char *given, struct trusted_keys *ret,
		     struct error *err)
{
	for (size_t i = 0; i < keys->count; i++) {
		const char *name = given != NULL ? given : keys->items[i].name;
		AUTO_FREE char *text = base64_encode(keys->items[i].key, ED25519_KEY_SIZE);
		AUTO_FREE char *line = xasprintf("%s%s%s", text, name[0] != '\0' ? " " : "", name);
		if (!trusted_keys_add(ret, line, err))
			return false;
	}
	return true;
}

/* Before anything is written: whoever reads both lists afterwards must not find two names. */
static bool check_listed(const struct environment *environment, const struct trusted_keys *keys,
			 struct error *err)
{
	AUTO(trusted_keys_clear) struct trusted_keys listed = {0};
	if (environment->file == NULL)
		return true;
	for (size_t i = 0; i < environment->trusted_keys.count; i++)
		if (!trusted_keys_add(&listed, environment->trusted_keys.items[i], err))
			return error_prefix(err, "%s: trusted_keys", environment->file);
	return name_all(keys, NULL, &listed, err) || error_prefix(err, "%s", environment->file);
}

static bool append(const struct invocation *invocation, const char *path,
		   const struct trusted_keys *keys, struct error *err)
{
	AUTO_FREE bool *is_new = xcalloc(keys->count + 1, sizeof(*is_new));
	if (!trusted_keys_append_all(path, keys, 0644, is_new, err))
		return false;
	for (size_t i = 0; i < keys->count; i++) {
		const char *name = is_new[i] ? keys->items[i].name : "";
		AUTO_FREE char *text = base64_encode(keys->items[i].key, ED25519_KEY_SIZE);
		output_note(invocation, "%s %s %s%s%s", path, is_new[i] ? "trusts" : "has", text,
			    name[0] != '\0' ? " as " : "", name);
	}
	return true;
}

static bool trust(const struct invocation *invocation, const char *word, struct error *err)
{
	AUTO(environment_clear) struct environment environment = {0};
	AUTO(trusted_keys_clear) struct trusted_keys read = {0};
	AUTO(trusted_keys_clear) struct trusted_keys keys = {0};
	if (!cloud_target_environment(invocation, &environment, err) ||
	    !read_keys(word, &read, err) ||
	    !name_all(&read, arguments_value(invocation->args, "name"), &keys, err) ||
	    !check_listed(&environment, &keys, err))
		return false;
	AUTO_FREE char *path = trusted_target_path(&environment, "trusted_keys");
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	return key_file_check_folder(folder, err) && path_make_folders(folder, 0755, err) &&
	       append(invocation, path, &keys, err);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	const char *what = rest->items[0];
	const char *word = rest->count > 1 ? rest->items[1] : NULL;
	if (word == NULL && strcmp(what, "new") == 0)
		return make(invocation, err) ? 0 : 1;
	if (word == NULL && strcmp(what, "show") == 0)
		return show(invocation, err) ? 0 : 1;
	if (word != NULL && strcmp(what, "trust") == 0)
		return trust(invocation, word, err) ? 0 : 1;
	error_set(err, ERROR_USAGE, "key takes new, show or trust");
	(void)error_hint(err, "i2kit key new [--passphrase] | show | trust FILE|KEY [--name NAME]");
	return 2;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	{"name", 0, OPTION_VALUE, "NAME", "trust: whose it is", COMPLETE_NONE},
	{"passphrase", 0, OPTION_FLAG, NULL, "new: a key for approvals, behind a passphrase",
	 COMPLETE_NONE},
	{"replace", 0, OPTION_FLAG, NULL, "new: in place of the one that is there", COMPLETE_NONE},
};

const struct verb verb_key = {
	.name = "key",
	.group = VERB_CLOUD,
	.summary = "the keys that receipts and approvals are signed with",
	.description =
		"`show` prints this user's public keys, one a line, as others trust them. `trust` "
		"adds such lines, of a FILE, of the standard input (-) or given as they are, to "
		".i2kit/trusted_keys beside environment.yml, which a team keeps in its repository; "
		"--name says whose they are: two keys of one name are one person.\n"
		"`new` makes the key that receipts are signed with, which comes into being by "
		"itself otherwise; with --replace the old one's secret goes, and what it signed "
		"still counts here. With --passphrase it makes a second key, for approvals alone: "
		"nobody approves with it without the passphrase, which is asked for or is "
		"I2KIT_KEY_PASSPHRASE.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"new|show|trust [FILE|KEY]", 1, 2, COMPLETE_FILE},
	.has_output = true,
	.names = "{[*].key}",
	.example =
		"i2kit key show\ni2kit key trust ada.pub --name Ada\ni2kit key new --passphrase\n",
	.run = run,
};
