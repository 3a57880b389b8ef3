/* SPDX-License-Identifier: Apache-2.0 */
/* The words that a prompt may be answered with: which fit what is typed, and completion. */
#include "tui/choices.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "tui/action.h"
#include "tui/bindings.h"
#include "tui/key.h"
#include "tui/model.h"

void prompt_clear_choices(struct prompt *prompt)
{
	for (size_t i = 0; i < prompt->choice_count; i++) {
		free(prompt->choices[i].name);
		free(prompt->choices[i].help);
	}
	free(prompt->choices);
	prompt->choices = NULL;
	prompt->choice_count = 0;
	prompt->chosen = 0;
}

void prompt_add_choice(struct model *model, const char *name, const char *help)
{
	struct prompt *prompt = &model->prompt;
	for (size_t i = 0; i < prompt->choice_count; i++) {
		if (strcmp(prompt->choices[i].name, name) == 0)
			return;
	}
	struct choice *choice = ARRAY_APPEND(prompt->choices, prompt->choice_count);
	choice->name = xstrdup(name);
	choice->help = xstrdup_or_null(help);
}

void choices_of_actions(struct model *model)
{
	for (size_t i = 0; i < action_count; i++) {
		AUTO(strbuf_clear) struct strbuf help = STRBUF_INIT;
		if ((actions[i].views & IN_VIEW(model->view)) == 0)
			continue;
		bindings_names(&model->bindings, &actions[i], 1, &help);
		strbuf_appendf(&help, "%s%s", help.size > 0 ? "  " : "", actions[i].help);
		prompt_add_choice(model, actions[i].name, strbuf_text(&help));
	}
}

/* Those that begin with what is typed, then those that have it inside or, where it is long enough
 * to mean something, in what is said of them. */
static unsigned fit(const struct choice *choice, const char *typed)
{
	enum { TELLING = 4 };
	size_t length = strlen(typed);

	if (strncasecmp(choice->name, typed, length) == 0)
		return 1;
	bool is_said = length >= TELLING && choice->help != NULL &&
		       strcasestr(choice->help, typed) != NULL;
	return is_said || strcasestr(choice->name, typed) != NULL ? 2 : 0;
}

static const struct choice *match_of_fit(const struct prompt *prompt, unsigned wanted,
					 size_t *index)
{
	const char *typed = strbuf_text(&prompt->text);
	for (size_t i = 0; i < prompt->choice_count; i++) {
		if (fit(&prompt->choices[i], typed) != wanted)
			continue;
		if (*index == 0)
			return &prompt->choices[i];
		(*index)--;
	}
	return NULL;
}

const struct choice *prompt_match(const struct prompt *prompt, size_t index)
{
	const struct choice *choice = match_of_fit(prompt, 1, &index);
	return choice != NULL ? choice : match_of_fit(prompt, 2, &index);
}

size_t prompt_match_count(const struct prompt *prompt)
{
	size_t count = 0;
	while (prompt_match(prompt, count) != NULL)
		count++;
	return count;
}

/* Adds what all that begin with the text go on with; false: nothing. */
static bool extend(struct prompt *prompt)
{
	const char *typed = strbuf_text(&prompt->text);
	const char *first = NULL;
	size_t common = 0;

	for (size_t i = 0; i < prompt->choice_count; i++) {
		const char *name = prompt->choices[i].name;
		if (fit(&prompt->choices[i], typed) != 1)
			continue;
		size_t length = first == NULL ? strlen(name) : 0;
		while (first != NULL && length < common && name[length] == first[length])
			length++;
		common = length;
		first = first == NULL ? name : first;
	}
	if (first == NULL || common <= prompt->text.size)
		return false;
	strbuf_reset(&prompt->text);
	strbuf_append_bytes(&prompt->text, first, common);
	return true;
}

bool choices_key(struct prompt *prompt, unsigned key)
{
	size_t count = prompt_match_count(prompt);

	if (prompt->choice_count == 0)
		return false;
	switch (key) {
	case TUI_KEY_TABULATOR:
		if (prompt->chosen == 0 && extend(prompt))
			return true;
		prompt->chosen = count > 0 ? prompt->chosen % count + 1 : 0;
		return true;
	case TUI_KEY_ARROW_DOWN:
		prompt->chosen = prompt->chosen < count ? prompt->chosen + 1 : 0;
		return true;
	case TUI_KEY_BACK_TAB:
	case TUI_KEY_ARROW_UP:
		prompt->chosen = prompt->chosen > 0 ? prompt->chosen - 1 : count;
		return true;
	default:
		return false;
	}
}

char *choices_answer(const struct prompt *prompt)
{
	const struct choice *choice =
		prompt->chosen > 0 ? prompt_match(prompt, prompt->chosen - 1) : NULL;
	return xstrdup(choice != NULL ? choice->name : strbuf_text(&prompt->text));
}
