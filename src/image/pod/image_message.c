/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/image_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"

enum { WORDS_MAX = 16 };

static const char *const kinds[] = {[IMAGE_PROGRESS] = "progress",
				    [IMAGE_ASK] = "ask",
				    [IMAGE_FAILED] = "failed",
				    [IMAGE_MADE] = "made",
				    [IMAGE_CREDENTIAL] = "credential"};

static const char *const states[] = {[PROGRESS_START] = "start",
				     [PROGRESS_UPDATE] = "update",
				     [PROGRESS_DONE] = "done",
				     [PROGRESS_FAILED] = "failed",
				     [PROGRESS_NOTE] = "note"};

static const char *const units[] = {[PROGRESS_COUNT] = "count", [PROGRESS_BYTES] = "bytes"};

static const char *const texts[] = {"a", "b", "c", "d"};

void image_message_clear(struct image_message *message)
{
	for (size_t i = 0; i < ARRAY_SIZE(message->texts); i++) {
		if (message->texts[i] != NULL)
			explicit_bzero(message->texts[i], strlen(message->texts[i]));
		free(message->texts[i]);
	}
	string_list_clear(&message->words);
	*message = (struct image_message){0};
}

static void write_progress(const struct image_message *message, struct json_writer *json)
{
	json_write_text(json, "state", states[message->state]);
	json_write_text(json, "unit", units[message->unit]);
	json_write_unsigned_if(json, "done", message->done);
	json_write_unsigned_if(json, "total", message->total);
}

void image_message_write(const struct image_message *message, struct strbuf *out)
{
	struct json_writer json = JSON_WRITER(out, 0);

	json_open_object(&json, NULL);
	json_open_object(&json, kinds[message->kind]);
	if (message->kind == IMAGE_PROGRESS)
		write_progress(message, &json);
	if (message->kind == IMAGE_FAILED)
		json_write_text(&json, "error", error_kind_word(message->error));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		json_write_text_if(&json, texts[i], message->texts[i]);
	json_write_texts_if(&json, "words", &message->words);
	json_close(&json);
	json_close(&json);
}

static void read_progress(struct json_view view, struct image_message *ret)
{
	ret->state = (enum progress_state)json_view_word(json_view_require(view, "state"), states,
							 ARRAY_SIZE(states), PROGRESS_NOTE);
	ret->unit = (enum progress_unit)json_view_word(json_view_require(view, "unit"), units,
						       ARRAY_SIZE(units), PROGRESS_COUNT);
	ret->done = (uint64_t)json_view_number(json_view_get(view, "done"), 0, INT64_MAX, 0);
	ret->total = (uint64_t)json_view_number(json_view_get(view, "total"), 0, INT64_MAX, 0);
}

static void read_body(struct json_view view, struct image_message *ret)
{
	const char *word = json_view_peek(json_view_get(view, "error"));

	if (ret->kind == IMAGE_PROGRESS)
		read_progress(view, ret);
	if (ret->kind == IMAGE_FAILED)
		ret->error = error_kind_of_word(word != NULL ? word : "");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ret->texts[i] = json_view_text(json_view_get(view, texts[i]));
	json_view_texts(json_view_get(view, "words"), WORDS_MAX, &ret->words);
	/* What each kind is not without. */
	if ((ret->kind == IMAGE_PROGRESS || ret->kind == IMAGE_ASK) &&
	    (ret->texts[0] == NULL || ret->texts[1] == NULL))
		json_view_complain(view, "has no names");
	if (ret->kind == IMAGE_FAILED && ret->texts[0] == NULL)
		json_view_complain(view, "has no message");
}

bool image_message_read(const void *bytes, size_t size, struct image_message *ret,
			struct error *err)
{
	AUTO(image_message_clear) struct image_message message = {0};
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(bytes, size, "message of the image process", 0, err);

	if (document == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct json_view view = json_view_get(json_document_root(document), kinds[i]);
		if (!json_view_is_object(view))
			continue;
		message.kind = (enum image_message_kind)i;
		read_body(view, &message);
		if (!json_document_check(document, err))
			return false;
		*ret = message;
		message = (struct image_message){0};
		return true;
	}
	return error_set(err, ERROR_INVALID, "message of the image process: of no known kind");
}
