/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/bindings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "tui/key.h"
#include "tui/rune.h"

void bindings_init(struct bindings *bindings)
{
	*bindings = (struct bindings){0};
	for (size_t i = 0; i < action_count; i++)
		memcpy(bindings->keys[i], actions[i].keys, sizeof(actions[i].keys));
}

const unsigned *bindings_keys(const struct bindings *bindings, const struct action *action)
{
	return bindings->keys[action - actions];
}

static bool has_key(const unsigned keys[ACTION_MAX_KEYS], unsigned key)
{
	for (size_t k = 0; k < ACTION_MAX_KEYS && keys[k] != 0; k++) {
		if (keys[k] == key)
			return true;
	}
	return false;
}

const struct action *bindings_find(const struct bindings *bindings, unsigned key,
				   enum view_kind view)
{
	for (size_t i = 0; key != 0 && i < action_count; i++) {
		if ((actions[i].views & IN_VIEW(view)) != 0 && has_key(bindings->keys[i], key))
			return &actions[i];
	}
	return NULL;
}

bool bindings_clash(const struct bindings *bindings, const struct action **ret_first,
		    const struct action **ret_second, unsigned *ret_key)
{
	for (size_t i = 0; i < action_count; i++) {
		for (size_t k = 0; k < ACTION_MAX_KEYS && bindings->keys[i][k] != 0; k++) {
			for (size_t j = i + 1; j < action_count; j++) {
				if ((actions[i].views & actions[j].views) == 0 ||
				    !has_key(bindings->keys[j], bindings->keys[i][k]))
					continue;
				*ret_first = &actions[i];
				*ret_second = &actions[j];
				*ret_key = bindings->keys[i][k];
				return true;
			}
		}
	}
	return false;
}

static const struct {
	unsigned key;
	const char *name;
} names[] = {
	{TUI_KEY_ARROW_UP, "Up"},	 {TUI_KEY_ARROW_DOWN, "Down"},
	{TUI_KEY_ARROW_LEFT, "Left"},	 {TUI_KEY_ARROW_RIGHT, "Right"},
	{TUI_KEY_PAGE_UP, "PgUp"},	 {TUI_KEY_PAGE_DOWN, "PgDn"},
	{TUI_KEY_FIRST, "Home"},	 {TUI_KEY_LAST, "End"},
	{TUI_KEY_BACK_TAB, "Shift-Tab"}, {TUI_KEY_REMOVE, "Del"},
	{TUI_KEY_ESCAPE, "Esc"},	 {TUI_KEY_RETURN, "Enter"},
	{TUI_KEY_TABULATOR, "Tab"},	 {' ', "Space"},
	{TUI_KEY_ERASE, "Backspace"},
};

void key_name(unsigned key, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].key == key) {
			strbuf_append(out, names[i].name);
			return;
		}
	}
	if (key >= TUI_KEY_SPECIAL)
		strbuf_append(out, "?");
	else if (key < 0x20)
		strbuf_appendf(out, "^%c", (int)(key + 0x40));
	else {
		char bytes[4];
		strbuf_append_bytes(out, bytes, rune_encode(key, bytes));
	}
}

unsigned key_from_name(const char *name)
{
	size_t length = strlen(name);
	size_t width = utf8_width(name, length);
	unsigned code = width > 0 && width == length ? rune_decode(name, width) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(names[i].name, name) == 0)
			return names[i].key;
	}
	if (code >= ' ' && code != TUI_KEY_ERASE)
		return code;
	bool is_long = length == 6 && strncasecmp(name, "ctrl-", 5) == 0;
	char letter = is_long ? name[5] : length == 2 && name[0] == '^' ? name[1] : '\0';
	bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
	/* ^[ ^I ^M are Esc, Tab and Enter to every terminal. */
	return is_letter ? TUI_KEY_CONTROL(letter) : 0;
}

void bindings_names(const struct bindings *bindings, const struct action *action, size_t most,
		    struct strbuf *out)
{
	const unsigned *keys = bindings_keys(bindings, action);
	size_t shown = 0;

	for (size_t k = 0; k < ACTION_MAX_KEYS && keys[k] != 0 && shown < most; k++) {
		if (keys[k] == TUI_KEY_WHEEL_UP || keys[k] == TUI_KEY_WHEEL_DOWN)
			continue;
		strbuf_append(out, shown++ > 0 ? ", " : "");
		key_name(keys[k], out);
	}
}

struct key_text bindings_text(const struct bindings *bindings, enum action_kind kind)
{
	const struct action *action = action_of(kind);
	AUTO(strbuf_clear) struct strbuf name = STRBUF_INIT;
	struct key_text ret;

	bindings_names(bindings, action, 1, &name);
	(void)snprintf(ret.text, sizeof(ret.text), "%s%s", name.size > 0 ? "" : ":",
		       name.size > 0 ? name.data : action->name);
	return ret;
}
