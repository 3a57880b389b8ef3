/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "cloud/answer_text.h"

#define MAX_MESSAGE	1024
#define LINE_BREAK	"<br />"
#define MAX_PATIENCE_MS UINT64_C(600000)

void openstack_answer_clear(struct openstack_answer *answer)
{
	free(answer->body);
	free(answer->token);
	free(answer->request_id);
	free(answer->message);
	*answer = (struct openstack_answer){0};
}

/* The first of the names that is a text. */
static const char *text_of(struct json_view object)
{
	static const char *const names[] = {"message", "detail", "faultstring", "explanation",
					    "title"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *text = json_view_peek(json_view_get(object, names[i]));
		if (text != NULL && text[0] != '\0')
			return text;
	}
	return NULL;
}

/* Glance's JSON has the line breaks of the page that it would be for a browser. */
static char *without_breaks(const char *text)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_MAX(MAX_MESSAGE);

	if (text == NULL)
		return NULL;
	for (const char *at = text; *at != '\0' && out.size + 1 < MAX_MESSAGE; at++) {
		if (strncmp(at, LINE_BREAK, strlen(LINE_BREAK)) == 0)
			at += strlen(LINE_BREAK) - 1;
		else
			strbuf_append_char(&out, *at);
	}
	while (out.size > 0 && strchr(" \t\r\n", out.data[out.size - 1]) != NULL)
		out.data[--out.size] = '\0';
	return answer_text_printable(strbuf_text(&out));
}

/* At the top, or in its only object, whatever that is called, or in the first of its only list. */
static char *words_of_json(struct json_view root)
{
	const char *text = NULL;

	if (json_view_exists(json_view_get(root, "faultstring")))
		return answer_text_printable(text_of(root));
	for (struct json_view member = json_view_first(root, 32); json_view_exists(member);
	     member = json_view_next(member)) {
		struct json_view inner =
			json_view_is_list(member) ? json_view_at(member, 0) : member;
		if (json_view_is_object(inner) && text == NULL)
			text = text_of(inner);
	}
	return without_breaks(text != NULL ? text : text_of(root));
}

/* Without tags, and a run of white space as one. */
static char *words_of_html(const char *body, size_t size)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_MAX(MAX_MESSAGE);
	bool is_tag = false;
	bool is_space = true;

	for (size_t i = 0; i < size && i < MAX_MESSAGE * 4; i++) {
		bool is_gap = is_tag || strchr(" \t\r\n<>", body[i]) != NULL;
		if (!is_gap)
			strbuf_append_char(&out, body[i]);
		else if (!is_space)
			strbuf_append_char(&out, ' ');
		is_space = is_gap;
		is_tag = body[i] == '<' || (is_tag && body[i] != '>');
	}
	while (out.size > 0 && out.data[out.size - 1] == ' ')
		out.data[--out.size] = '\0';
	return out.size > 0 ? answer_text_printable(strbuf_text(&out)) : NULL;
}

static char *words_of(const struct openstack_answer *answer)
{
	if (answer->body == NULL)
		return NULL;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(answer->body, answer->body_size,
							     "answer", JSON_LAST_KEY_WINS, NULL);
	return document != NULL ? words_of_json(json_document_root(document))
				: words_of_html(answer->body, answer->body_size);
}

/* Seconds, or a date. */
static uint64_t patience_of(const char *text)
{
	uint64_t seconds = 0;
	int64_t then_s = 0;

	if (text == NULL)
		return 0;
	if (!parse_u64(text, 0, UINT64_MAX / 1000, &seconds) && answer_text_date(text, &then_s)) {
		int64_t left = then_s - clock_wall_ns() / INT64_C(1000000000);
		seconds = left > 0 ? (uint64_t)left : 0;
	}
	return seconds * 1000 < MAX_PATIENCE_MS ? seconds * 1000 : MAX_PATIENCE_MS;
}

void openstack_answer_read(struct http_response *response, struct openstack_answer *ret)
{
	openstack_answer_clear(ret);
	ret->status = response->status;
	ret->body = TAKE_PTR(response->body);
	ret->body_size = response->body_size;
	ret->token = xstrdup_or_null(http_response_header(response, "x-subject-token"));
	ret->request_id =
		answer_text_printable(http_response_header(response, "x-openstack-request-id"));
	ret->retry_after_ms = patience_of(http_response_header(response, "retry-after"));
	if (ret->status >= 300)
		ret->message = words_of(ret);
}

static enum error_kind kind_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return ERROR_DENIED;
	case 404:
		return ERROR_NOT_FOUND;
	case 409:
		return ERROR_EXISTS;
	case 413:
	case 429:
	case 503:
		return ERROR_BUSY;
	case 501:
		return ERROR_UNSUPPORTED;
	default:
		return status >= 500 ? ERROR_NETWORK : ERROR_INVALID;
	}
}

bool openstack_answer_error(const struct openstack_answer *answer, const char *what,
			    struct error *err)
{
	error_set(err, kind_of(answer->status), "%s: %d%s%s", what, answer->status,
		  answer->message != NULL ? ", " : "",
		  answer->message != NULL ? answer->message : "");
	if (answer->request_id != NULL && answer->status >= 500)
		(void)error_hint(err, "the cloud's administrators find it by %s",
				 answer->request_id);
	return false;
}

bool openstack_answer_is_transient(const struct openstack_answer *answer, bool is_repeatable)
{
	switch (answer->status) {
	case 413: /* Nova's word for too many, with the time to wait; without, it is too large */
		return answer->retry_after_ms > 0;
	case 429:
	case 503: /* nothing was begun */
		return true;
	case 500:
	case 502:
	case 504:
		return is_repeatable;
	default:
		return false;
	}
}

struct json_document *openstack_answer_json(const struct openstack_answer *answer, const char *what,
					    struct error *err)
{
	return json_document_parse(answer->body != NULL ? answer->body : "", answer->body_size,
				   what, JSON_LAST_KEY_WINS, err);
}
