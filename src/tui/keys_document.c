/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/keys_document.h"

#include <string.h>

#include "base/cleanup.h"
#include "tui/bindings.h"

/* scdoc's own characters lose their meaning. */
static void append_escaped(struct strbuf *text, const char *words)
{
	for (; *words != '\0'; words++) {
		if (strchr("\\_*`#[]|<>~-", *words) != NULL)
			strbuf_append_char(text, '\\');
		strbuf_append_char(text, *words);
	}
}

static void append_views(struct strbuf *text, unsigned views)
{
	bool is_first = true;
	if (views == IN_ALL_VIEWS)
		return;
	for (int view = 0; view < VIEW_COUNT; view++) {
		if ((views & IN_VIEW(view)) == 0)
			continue;
		strbuf_appendf(text, "%s%s", is_first ? " On: " : ", ",
			       view_name((enum view_kind)view));
		is_first = false;
	}
	strbuf_append_char(text, '.');
}

char *tui_keys_document(void)
{
	struct strbuf text = STRBUF_INIT;
	struct bindings bindings;

	bindings_init(&bindings);
	strbuf_append(&text, "# KEYS OF THE TERMINAL UI\n\n");
	for (size_t i = 0; i < action_count; i++) {
		AUTO(strbuf_clear) struct strbuf keys = STRBUF_INIT;
		bindings_names(&bindings, &actions[i], ACTION_MAX_KEYS, &keys);
		strbuf_append_char(&text, '*');
		append_escaped(&text, strbuf_text(&keys));
		strbuf_append(&text, "*, *:");
		append_escaped(&text, actions[i].name);
		strbuf_append(&text, "*\n\t");
		append_escaped(&text, actions[i].help);
		strbuf_append_char(&text, '.');
		append_views(&text, actions[i].views);
		strbuf_append(&text, "\n\n");
	}
	return strbuf_take(&text);
}
