/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/parameter.h"
#include "cloud/aws/client/pager.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cloud/aws/client/answer.h"

#define MAX_PAGES    1000
#define MAX_PER_PAGE 10 /* AWS allows no more */

void parameter_list_clear(struct parameter_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		explicit_bzero(list->items[i].value, strlen(list->items[i].value));
		free(list->items[i].name);
		free(list->items[i].value);
		free(list->items[i].key);
	}
	free(list->items);
	*list = (struct parameter_list){0};
}

void parameter_list_add(struct parameter_list *list, const char *name, const char *value,
			bool is_secret)
{
	struct parameter *added = ARRAY_APPEND(list->items, list->count);
	added->name = xstrdup(name);
	added->value = xstrdup(value);
	added->is_secret = is_secret;
}

void parameter_list_use_key(struct parameter_list *list, const char *key)
{
	struct parameter *last = &list->items[list->count - 1];
	free(last->key);
	last->key = xstrdup_or_null(key);
}

const char *parameter_list_find(const struct parameter_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return list->items[i].value;
	return NULL;
}

/* json: the written body, which is wiped, for there may be a secret in it. */
static bool call_ssm(struct aws_client *client, const char *action, const struct json_writer *json,
		     struct aws_answer *answer, struct error *err)
{
	struct strbuf *body = json->out;
	struct aws_call call = {.service = &AWS_SSM,
				.action = action,
				.body = strbuf_text(body),
				.body_size = body->size};
	bool is_ok = json->is_bad_text
			     ? error_set(err, ERROR_INVALID, "SSM %s: a value is not UTF-8", action)
			     : aws_client_call(client, &call, answer, err);
	explicit_bzero(body->data, body->size);
	return is_ok;
}

bool parameter_put(struct aws_client *client, const struct parameter *parameter,
		   bool *ret_was_there, struct error *err)
{
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "Name", parameter->name);
	json_write_text(&json, "Value", parameter->value);
	json_write_text(&json, "Type", parameter->is_secret ? "SecureString" : "String");
	json_write_text_if(&json, "KeyId", parameter->is_secret ? parameter->key : NULL);
	json_write_bool(&json, "Overwrite", false);
	json_write_text(&json, "Tier", "Standard");
	json_close(&json);
	bool is_new = call_ssm(client, "PutParameter", &json, &answer, &failure);
	bool was_there = !is_new && aws_code_is(&answer, "ParameterAlreadyExists");
	if (ret_was_there != NULL)
		*ret_was_there = was_there;
	if (is_new || was_there)
		return true;
	error_move(err, &failure);
	return error_prefix(err, "parameter %s", parameter->name);
}

static bool read_page(const struct aws_answer *answer, struct parameter_list *out,
		      struct aws_pager *pager, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = aws_answer_json(answer, "GetParametersByPath", err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view list = json_view_require(root, "Parameters");
	for (size_t i = 0; i < json_view_count(list, MAX_PER_PAGE); i++) {
		struct json_view item = json_view_at(list, i);
		const char *name = json_view_peek(json_view_require(item, "Name"));
		const char *value = json_view_peek(json_view_require(item, "Value"));
		const char *type = json_view_peek(json_view_get(item, "Type"));
		if (name != NULL && value != NULL)
			parameter_list_add(out, name, value,
					   type != NULL && strcmp(type, "SecureString") == 0);
	}
	return aws_pager_turn(pager, json_view_peek(json_view_get(root, "NextToken")), err) &&
	       json_document_check(document, err);
}

bool parameter_list_below(struct aws_client *client, const char *path, bool decrypt,
			  struct parameter_list *ret, struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list out = {0};
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "GetParametersByPath", .most = MAX_PAGES};
	do {
		AUTO(aws_answer_clear) struct aws_answer answer = {0};
		AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
		struct json_writer json = JSON_WRITER(&body, 0);
		json_open_object(&json, NULL);
		json_write_text(&json, "Path", path);
		json_write_bool(&json, "Recursive", true);
		json_write_bool(&json, "WithDecryption", decrypt);
		json_write_number(&json, "MaxResults", MAX_PER_PAGE);
		json_write_text_if(&json, "NextToken", pager.token);
		json_close(&json);
		if (!call_ssm(client, "GetParametersByPath", &json, &answer, err) ||
		    !read_page(&answer, &out, &pager, err))
			return false;
	} while (pager.token != NULL);
	*ret = out;
	out = (struct parameter_list){0};
	return true;
}

bool parameter_delete(struct aws_client *client, const char *name, struct error *err)
{
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "Name", name);
	json_close(&json);
	if (call_ssm(client, "DeleteParameter", &json, &answer, &failure) ||
	    aws_code_is(&answer, "ParameterNotFound"))
		return true;
	return error_move(err, &failure);
}
