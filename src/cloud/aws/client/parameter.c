/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/parameter.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"

#define MAX_PAGES 1000

void parameter_list_clear(struct parameter_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		explicit_bzero(list->items[i].value, strlen(list->items[i].value));
		free(list->items[i].name);
		free(list->items[i].value);
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

const char *parameter_list_find(const struct parameter_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return list->items[i].value;
	return NULL;
}

/* Frees body. */
static bool call_ssm(struct aws_client *client, const char *action, json_t *body,
		     struct aws_answer *answer, struct error *err)
{
	AUTO_FREE char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	if (text == NULL)
		return error_set(err, ERROR_INVALID, "SSM %s: a value is not UTF-8", action);
	struct aws_call call = {
		.service = &AWS_SSM, .action = action, .body = text, .body_size = strlen(text)};
	bool is_ok = aws_client_call(client, &call, answer, err);
	explicit_bzero(text, strlen(text));
	return is_ok;
}

bool parameter_put(struct aws_client *client, const struct parameter *parameter,
		   bool *ret_was_there, struct error *err)
{
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	json_t *body = json_pack("{s:s, s:s, s:s, s:b, s:s}", "Name", parameter->name, "Value",
				 parameter->value, "Type",
				 parameter->is_secret ? "SecureString" : "String", "Overwrite", 0,
				 "Tier", "Standard");
	bool is_new = call_ssm(client, "PutParameter", body, &answer, &failure);
	bool was_there = !is_new && aws_code_is(&answer, "ParameterAlreadyExists");
	if (ret_was_there != NULL)
		*ret_was_there = was_there;
	if (is_new || was_there)
		return true;
	error_move(err, &failure);
	return error_prefix(err, "parameter %s", parameter->name);
}

static bool read_page(const struct aws_answer *answer, struct parameter_list *out, char **ret_next,
		      struct error *err)
{
	json_t *root =
		json_loadb(answer->body != NULL ? answer->body : "", answer->body_size, 0, NULL);
	const json_t *list = json_object_get(root, "Parameters");
	bool is_ok = json_is_array(list);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(item, "Name"));
		const char *value = json_string_value(json_object_get(item, "Value"));
		const char *type = json_string_value(json_object_get(item, "Type"));
		if (name != NULL && value != NULL)
			parameter_list_add(out, name, value,
					   type != NULL && strcmp(type, "SecureString") == 0);
	}
	const char *next = json_string_value(json_object_get(root, "NextToken"));
	free(*ret_next);
	*ret_next = xstrdup_or_null(next != NULL && next[0] != '\0' ? next : NULL);
	json_decref(root);
	return is_ok ? true : error_set(err, ERROR_INVALID, "GetParametersByPath answered no list");
}

bool parameter_list_below(struct aws_client *client, const char *path, bool decrypt,
			  struct parameter_list *ret, struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list out = {0};
	AUTO_FREE char *next = NULL;
	for (unsigned page = 0; page < MAX_PAGES; page++) {
		AUTO(aws_answer_clear) struct aws_answer answer = {0};
		json_t *body = json_pack("{s:s, s:b, s:b, s:i}", "Path", path, "Recursive", 1,
					 "WithDecryption", (int)decrypt, "MaxResults", 10);
		if (next != NULL)
			json_object_set_new(body, "NextToken", json_string(next));
		if (!call_ssm(client, "GetParametersByPath", body, &answer, err) ||
		    !read_page(&answer, &out, &next, err))
			return false;
		if (next != NULL)
			continue;
		*ret = out;
		out = (struct parameter_list){0};
		return true;
	}
	return error_set(err, ERROR_INVALID, "GetParametersByPath does not come to an end");
}

bool parameter_delete(struct aws_client *client, const char *name, struct error *err)
{
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	if (call_ssm(client, "DeleteParameter", json_pack("{s:s}", "Name", name), &answer,
		     &failure) ||
	    aws_code_is(&answer, "ParameterNotFound"))
		return true;
	return error_move(err, &failure);
}
