/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/kms_key.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cloud/aws/client/answer.h"

static bool is_of_region(const char *arn, const char *region)
{
	AUTO_FREE char *part = xasprintf(":kms:%s:", region);
	return strstr(arn, part) != NULL;
}

static const char *text_of(struct json_view view, const char *key)
{
	const char *text = json_view_peek(json_view_get(view, key));
	return text != NULL ? text : "";
}

/* KMS API: KeyMetadata. */
static bool check(const char *name, struct json_view key, struct error *err)
{
	const char *state = text_of(key, "KeyState");
	if (strcmp(state, "Enabled") != 0)
		return error_set(err, ERROR_INVALID, "provider.kms_key: %s is %s", name, state);
	if (strcmp(text_of(key, "KeySpec"), "SYMMETRIC_DEFAULT") == 0 &&
	    strcmp(text_of(key, "KeyUsage"), "ENCRYPT_DECRYPT") == 0)
		return true;
	error_set(err, ERROR_INVALID, "provider.kms_key: %s is a key of %s for %s", name,
		  text_of(key, "KeySpec"), text_of(key, "KeyUsage"));
	return error_hint(err, "disks are encrypted with a symmetric key for encryption");
}

static bool describe(struct aws_client *client, const char *name, char **ret, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "KeyId", name);
	json_close(&json);
	struct aws_call call = {.service = &AWS_KMS,
				.action = "DescribeKey",
				.body = strbuf_text(&body),
				.body_size = body.size};
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	if (json.is_bad_text)
		return error_set(err, ERROR_INVALID, "it is not UTF-8");
	if (!aws_client_call(client, &call, &answer, err))
		return false;
	AUTO_PTR(json_document)
	struct json_document *document = aws_answer_json(&answer, "DescribeKey", err);
	if (document == NULL)
		return false;
	struct json_view key = json_view_require(json_document_root(document), "KeyMetadata");
	char *arn = json_view_text(json_view_require(key, "Arn"));
	if (json_document_check(document, err) && check(name, key, err)) {
		*ret = arn;
		return true;
	}
	free(arn);
	return false;
}

bool kms_key_find(struct aws_client *client, const char *name, char **ret, struct error *err)
{
	const char *region = aws_client_region(client);
	if (name == NULL)
		return true;
	if (strncmp(name, "arn:", 4) == 0 && !is_of_region(name, region)) {
		error_set(err, ERROR_INVALID, "provider.kms_key: %s is not of the region %s", name,
			  region);
		return error_hint(err, "a key encrypts in its own region alone");
	}
	return describe(client, name, ret, err) || error_prefix(err, "provider.kms_key");
}
