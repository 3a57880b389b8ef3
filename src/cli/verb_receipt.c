/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/output_document.h"
#include "cli/project.h"
#include "cli/receipt_wait.h"
#include "cli/verb.h"
#include "release/receipt_travel.h"

#define MAX_BUNDLE ((size_t)16 * 1024 * 1024)

static int export_receipts(const struct invocation *invocation, const char *file, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_FREE char *project = project_name(invocation, NULL, err);
	size_t count = 0;
	if (project == NULL)
		return 1;
	receipt_wait(invocation, project);
	if (!receipt_export(project, &out, &count, err))
		return 1;
	if (count == 0) {
		error_set(err, ERROR_NOT_FOUND, "project '%s' has no receipt here", project);
		(void)error_hint(err, "i2kit up -d --wait");
		return 1;
	}
	if (file != NULL && strcmp(file, "-") != 0)
		return file_write_atomic(file, strbuf_text(&out), out.size, 0644, err) ? 0 : 1;
	return fputs(strbuf_text(&out), stdout) >= 0 ? 0 : 1;
}

/* Each line alone: one that does not hold is an error with its number, and nothing after it. */
static int import_receipts(const struct invocation *invocation, const char *file, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf list = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&list, 0);
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	const char *path = file != NULL && strcmp(file, "-") != 0 ? file : "/dev/stdin";
	if (!file_read(path, MAX_BUNDLE, &text, &size, err))
		return 1;
	/* Nothing behind a NUL is passed over in silence. */
	if (strlen(text) != size) {
		error_set(err, ERROR_INVALID, "%s: it is not text", path);
		return 1;
	}
	unsigned number = 0;
	json_open_list(&json, NULL);
	for (const char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		AUTO(receipt_clear) struct receipt receipt = {0};
		bool is_kept = false;
		number++;
		if (!receipt_import(line, length, &receipt, &is_kept, err)) {
			(void)error_prefix(err, "%s:%u", path, number);
			return 1;
		}
		json_open_object(&json, NULL);
		json_write_text(&json, "project", receipt.project);
		json_write_text(&json, "pod", receipt.pod);
		json_write_text(&json, "imageDigest", DIGEST_TEXT(&receipt.release.image));
		json_write_text(&json, "configDigest", DIGEST_TEXT(&receipt.release.config));
		json_write_bool(&json, "kept", is_kept);
		json_close(&json);
		if (invocation->output != OUTPUT_JSON)
			(void)printf("%s/%s %.19s %.19s%s\n", receipt.project, receipt.pod,
				     DIGEST_TEXT(&receipt.release.image),
				     DIGEST_TEXT(&receipt.release.config),
				     is_kept ? "" : "  older than the one here, which stays");
		line += length + (line[length] != '\0');
	}
	if (number == 0) {
		error_set(err, ERROR_NOT_FOUND, "%s: no receipt in it", path);
		(void)error_hint(err, "i2kit receipt export FILE, where it ran, writes them");
		return 1;
	}
	json_close(&json);
	if (invocation->output == OUTPUT_JSON)
		output_document(strbuf_text(&list));
	return 0;
}

static int print_key(const struct invocation *invocation, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	AUTO_FREE char *key = receipt_public_key(err);
	if (key == NULL)
		return 1;
	json_open_object(&json, NULL);
	json_write_text(&json, "key", key);
	json_close(&json);
	if (invocation->output == OUTPUT_JSON)
		output_document(strbuf_text(&text));
	else
		(void)puts(key);
	return 0;
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	const char *what = rest->items[0];
	const char *word = rest->count > 1 ? rest->items[1] : NULL;
	const char *name = rest->count > 2 ? rest->items[2] : NULL;
	if (name == NULL && strcmp(what, "export") == 0)
		return export_receipts(invocation, word, err);
	if (name == NULL && strcmp(what, "import") == 0)
		return import_receipts(invocation, word, err);
	if (word == NULL && strcmp(what, "key") == 0)
		return print_key(invocation, err);
	if (word != NULL && strcmp(what, "trust") == 0)
		return receipt_trust(word, name, err) ? 0 : 1;
	error_set(err, ERROR_USAGE, "receipt takes export, import, key or trust");
	(void)error_hint(err,
			 "i2kit receipt export [FILE] | import [FILE] | key | trust KEY [NAME]");
	return 2;
}

const struct verb verb_receipt = {
	.name = "receipt",
	.group = VERB_CLOUD,
	.summary = "take receipts of what ran here to another machine",
	.description =
		"`export` writes the project's signed receipts, one a line, to FILE or the "
		"standard "
		"output; `import` checks and keeps them, so that promote finds there what ran "
		"here.\nA receipt of another machine counts when its key is trusted: `key` prints "
		"this user's public key, and `trust KEY NAME` trusts another's. What is changed on "
		"the way, or signed by a stranger, is refused with its line; a newer receipt that "
		"is here already stays.",
	.argument = {"export|import|key|trust [FILE|KEY [NAME]]", 1, 3, COMPLETE_FILE},
	.has_output = true,
	.names = "{[*].pod}",
	.example = "i2kit receipt export receipts.jsonl\ni2kit receipt import receipts.jsonl\n",
	.run = run,
};
