/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials_process.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/process_run.h"
#include "base/strbuf.h"
#include "base/string_list.h"
#include "cloud/aws/client/credentials.h"

#define MAX_WORDS	   64
#define PROCESS_TIMEOUT_MS 60000
#define MAX_OUTPUT	   65536

static bool copy_key(struct json_view object, const char *name, char **ret)
{
	const char *text = json_view_peek(json_view_get(object, name));
	if (text == NULL || text[0] == '\0' || strlen(text) > 16384 ||
	    strpbrk(text, "\r\n") != NULL)
		return false;
	*ret = xstrdup(text);
	return true;
}

static bool read_object(struct json_view object, const char *token_key, struct aws_credentials *out,
			struct error *err)
{
	if (!copy_key(object, "AccessKeyId", &out->access_key) ||
	    !copy_key(object, "SecretAccessKey", &out->secret_key))
		return error_set(err, ERROR_INVALID,
				 "the answer has no AccessKeyId and SecretAccessKey");
	if (json_view_exists(json_view_get(object, token_key)) &&
	    !copy_key(object, token_key, &out->session_token))
		return error_set(err, ERROR_INVALID, "the answer's %s is malformed", token_key);
	const char *expires = json_view_peek(json_view_get(object, "Expiration"));
	if (expires != NULL && !parse_rfc3339_ns(expires, &out->expires_ns))
		return error_set(err, ERROR_INVALID, "the answer's Expiration is no time");
	return true;
}

bool aws_credentials_from_json(const char *text, size_t size, const char *token_key,
			       struct aws_credentials *ret, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, "the answer", 0, err);
	if (document == NULL)
		return false;
	AUTO(aws_credentials_clear) struct aws_credentials out = {0};
	if (!read_object(json_document_root(document), token_key, &out, err) ||
	    !json_document_check(document, err))
		return false;
	*ret = out;
	out = (struct aws_credentials){0};
	return true;
}

/* One shell word at *text: '…', "…" with \, and \c; no expansion of any kind. */
static bool take_word(const char **text, struct strbuf *word, struct error *err)
{
	char quote = 0;
	const char *c = *text;
	for (; *c != '\0' && (quote != 0 || (*c != ' ' && *c != '\t')); c++) {
		if (quote == 0 && (*c == '\'' || *c == '"')) {
			quote = *c;
		} else if (quote != 0 && *c == quote) {
			quote = 0;
		} else if (*c == '\\' && quote != '\'' && c[1] != '\0') {
			strbuf_append_char(word, *++c);
		} else {
			strbuf_append_char(word, *c);
		}
	}
	if (quote != 0)
		return error_set(err, ERROR_INVALID, "credential_process: a quote is not closed");
	*text = c;
	return true;
}

static bool split_words(const char *command, struct string_list *words, struct error *err)
{
	for (;;) {
		command += strspn(command, " \t");
		if (*command == '\0')
			break;
		if (words->count == MAX_WORDS)
			return error_set(err, ERROR_INVALID, "credential_process: too many words");
		AUTO(strbuf_clear) struct strbuf word = STRBUF_INIT;
		if (!take_word(&command, &word, err))
			return false;
		string_list_add(words, strbuf_text(&word));
	}
	return words->count > 0 ? true
				: error_set(err, ERROR_INVALID, "credential_process is empty");
}

static bool check_version(const struct process_output *output, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(output->text, output->size, "credential_process", 0, err);
	if (document == NULL)
		return false;
	struct json_view version = json_view_get(json_document_root(document), "Version");
	return json_view_is_number(version) && json_view_number(version, 1, 1, 0) == 1
		       ? true
		       : error_set(err, ERROR_INVALID,
				   "credential_process answered something that is not "
				   "version 1 credentials");
}

bool aws_credentials_from_process(const char *command, struct aws_credentials *ret,
				  struct error *err)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	if (!split_words(command, &words, err))
		return false;
	AUTO(process_output_clear) struct process_output output = {0};
	struct process_run run = {
		.argv = (const char *const *)words.items,
		.max_bytes = MAX_OUTPUT,
		.timeout_ms = PROCESS_TIMEOUT_MS,
	};
	if (!process_run(&run, &output, err))
		return error_prefix(err, "credential_process");
	bool is_ok = check_version(&output, err) &&
		     aws_credentials_from_json(output.text, output.size, "SessionToken", ret, err);
	explicit_bzero(output.text, output.size);
	if (is_ok)
		ret->source = xasprintf("credential_process %s", words.items[0]);
	return is_ok;
}
