/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "tui/draw.h"
#include "tui/update.h"

/* Whatever containers print and verbs answer: nothing on the screen is a control character. */
static void draw(const struct model *model)
{
	AUTO(canvas_clear) struct canvas canvas;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	canvas_init(&canvas, model->rows, model->columns);
	draw_screen(&canvas, model);
	canvas_dump(&canvas, &text);
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if ((c < 0x20 && c != '\n') || c == 0x7f)
			abort();
	}
}

static void press(struct model *model, const uint8_t *keys, size_t count)
{
	struct effect effect = {0};
	for (size_t i = 0; i < count; i++) {
		model_update(model, &(struct event){.kind = EVENT_KEY, .key = keys[i]});
		while (model_take_effect(model, &effect))
			effect_clear(&effect);
	}
	draw(model);
}

static void add_log(struct model *model, const char *text, size_t size, uint8_t source)
{
	char pod[] = "web";
	char instance[] = "web-0";
	char container[] = "main";
	struct log_line line = {.sequence = 1,
				.pod = pod,
				.instance = instance,
				.container = container,
				.source = source & 3,
				.text = text,
				.size = size};
	model_update(model, &(struct event){.kind = EVENT_LOG_LINE, .line = &line});
	model_update(model, &(struct event){.kind = EVENT_LOG_LINES_DONE});
}

/* Byte 0: the screen's size; byte 1: how many keys follow; the keys; the rest is text. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(model_clear) struct model model = {0};

	if (size < 3 || size > 65536)
		return 0;
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	size_t keys = bytes[1] % 32;
	if (size < 2 + keys)
		return 0;
	const uint8_t *rest = bytes + 2 + keys;
	size_t rest_size = size - 2 - keys;
	AUTO_FREE char *text = xstrndup((const char *)rest, rest_size);

	model_init(&model, "fuzz", 8 + bytes[0] % 50, 40 + bytes[0]);
	model_update(&model,
		     &(struct event){.kind = EVENT_ANSWER, .ask = ASK_IMAGES, .text = text});
	model_update(&model,
		     &(struct event){.kind = EVENT_ANSWER, .ask = ASK_STATUS, .text = text});
	model_update(&model,
		     &(struct event){.kind = EVENT_ANSWER, .ask = ASK_RELEASES, .text = text});
	model_update(&model, &(struct event){.kind = EVENT_JOB_STARTED, .number = 1, .text = text});
	model_update(&model, &(struct event){.kind = EVENT_JOB_LINE, .number = 1, .text = text});
	model.view = VIEW_LOGS;
	add_log(&model, (const char *)rest, rest_size, bytes[0]);
	for (int view = 0; view < VIEW_COUNT; view++) {
		model.view = (enum view_kind)view;
		draw(&model);
	}
	model.view = VIEW_LOGS;
	press(&model, bytes + 2, keys);
	return 0;
}
