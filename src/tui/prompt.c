/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "tui/acts.h"
#include "tui/choices.h"
#include "tui/key.h"
#include "tui/keys.h"
#include "tui/keys_search.h"
#include "tui/rune.h"
#include "tui/text_page.h"

void prompt_open(struct model *model, enum prompt_kind kind, const char *question, const char *text)
{
	struct prompt *prompt = &model->prompt;
	prompt->kind = kind;
	free(prompt->question);
	prompt->question = xstrdup(question);
	prompt->text.max = 512;
	strbuf_reset(&prompt->text);
	strbuf_append(&prompt->text, text ? text : "");
	string_list_clear(&prompt->pending);
	prompt_clear_choices(prompt);
}

struct string_list *prompt_confirm(struct model *model, const char *question)
{
	prompt_open(model, PROMPT_CONFIRM, question, "");
	return &model->prompt.pending;
}

static void close_prompt(struct model *model)
{
	model->prompt.kind = PROMPT_NONE;
	strbuf_reset(&model->prompt.text);
	prompt_clear_choices(&model->prompt);
}

static void append_rune(struct strbuf *text, unsigned code)
{
	char bytes[4];
	size_t size = rune_encode(code, bytes);
	if (text->size + size <= text->max)
		strbuf_append_bytes(text, bytes, size);
}

static void erase_rune(struct strbuf *text)
{
	while (text->size > 0 && ((unsigned char)text->data[text->size - 1] & 0xc0) == 0x80)
		text->size--;
	if (text->size > 0)
		text->size--;
	if (text->data != NULL)
		text->data[text->size] = '\0';
}

static bool is_expression(struct model *model, const char *pattern)
{
	regex_t regex;
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
		model_say(model, true, "not a regular expression: %s", pattern);
		return false;
	}
	regfree(&regex);
	return true;
}

static void set_filter(struct model *model, const char *pattern)
{
	struct list_state *list = &model->lists[model->view];

	if (!is_expression(model, pattern[0] == '!' ? pattern + 1 : pattern))
		return;
	if (model->view == VIEW_LOGS) {
		(void)log_window_set_pattern(&model->logs, pattern);
		model_add_effect(model, EFFECT_LOGS_OPEN);
		return;
	}
	free(list->filter);
	list->filter = pattern[0] ? xstrdup(pattern) : NULL;
	list->selected = 0;
}

static void set_search(struct model *model, const char *pattern)
{
	if (pattern[0] == '\0') /* as in vi: again what was searched for last */
		pattern = model->search ? model->search : "";
	regex_t regex;
	if (pattern[0] == '\0')
		return;
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_ICASE) != 0) {
		model_say(model, true, "not a regular expression: %s", pattern);
		return;
	}
	char *kept = xstrdup(pattern);
	if (model->has_search_regex)
		regfree(&model->search_regex);
	free(model->search);
	model->search = kept;
	model->search_regex = regex;
	model->has_search_regex = true;
	model->lists[model->view].found = SIZE_MAX; /* a page is searched from its beginning */
	/* Behind the newest line there is nothing: from there one looks back. */
	model->is_search_backward = model->view == VIEW_LOGS && model->is_following;
	keys_search_on(model, !model->is_search_backward, true);
}

static void set_since(struct model *model, const char *text)
{
	uint64_t ms = 0;
	if (text[0] != '\0' && !parse_duration_ms(text, &ms)) {
		model_say(model, true, "'%s' is no duration: 30s, 5m, 2h, 1d", text);
		return;
	}
	model->logs.since_ns = ms == 0 ? 0 : model->now_ns - (int64_t)ms * 1000000;
	model_add_effect(model, EFFECT_LOGS_OPEN);
}

static void set_container(struct model *model, const char *name)
{
	bool is_all = name[0] == '\0' || strcmp(name, CHOICE_ALL) == 0;
	free(model->logs.container);
	model->logs.container = is_all ? NULL : xstrdup(name);
	model_add_effect(model, EFFECT_LOGS_OPEN);
}

static void scale(struct model *model, const char *text)
{
	const struct pod_status *pod = model_current_pod(model);
	uint64_t replicas = 0;
	if (pod == NULL || !parse_u64(text, 0, 1000, &replicas)) {
		model_say(model, true, "'%s' is no number of replicas (0 to 1000)", text);
		return;
	}
	struct string_list *argv = NULL;
	if (replicas < pod->desired) { /* some of them stop */
		AUTO_FREE char *question = xasprintf("%s: %u → %s replicas, the others stop? (y/n)",
						     pod->name, pod->desired, text);
		argv = act_ask_first(model, question);
	} else {
		argv = &act_command(model, EFFECT_RUN)->argv;
	}
	string_list_add(argv, "scale");
	string_list_addf(argv, "%s=%s", pod->name, text);
}

static void forward(struct model *model, const char *text)
{
	const struct instance_status *instance = model_current_instance(model);
	if (instance == NULL || text[0] == '\0')
		return;
	struct effect *effect = act_command(model, EFFECT_RUN);
	string_list_add(&effect->argv, "port-forward");
	string_list_add(&effect->argv, instance->name);
	string_list_add(&effect->argv, text);
}

static void transfer(struct model *model, const char *text)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;

	string_list_split(&words, text, ' ');
	if (text[0] == '\0')
		return;
	if (words.count != 2 || words.items[0][0] == '\0' || words.items[1][0] == '\0') {
		model_say(model, true, "two names, one of them in a pod: web-0:/etc/hosts ./hosts");
		return;
	}
	struct effect *effect = act_command(model, EFFECT_RUN);
	string_list_add(&effect->argv, "cp");
	string_list_copy(&effect->argv, &words);
}

static void save_page(struct model *model, const char *path)
{
	char *content = text_page_of(model);
	if (path[0] == '\0' || content == NULL) {
		free(content);
		return;
	}
	struct effect *effect = model_add_effect(model, EFFECT_SAVE_TEXT);
	effect->text = xstrdup(path);
	effect->content = content;
}

static void run_command(struct model *model, const char *name)
{
	const struct action *action = action_for_name(name, model->view);
	if (action == NULL) {
		if (name[0] != '\0')
			model_say(model, true,
				  "'%s' is no action here, or the beginning of several; Tab "
				  "lists and completes",
				  name);
		return;
	}
	(void)keys_do(model, action, 0);
}

static void accept(struct model *model)
{
	enum prompt_kind kind = model->prompt.kind;
	char *text = choices_answer(&model->prompt);

	close_prompt(model);
	switch (kind) {
	case PROMPT_COMMAND:
		run_command(model, text);
		break;
	case PROMPT_SEARCH:
		set_search(model, text);
		break;
	case PROMPT_FILTER:
		set_filter(model, text);
		break;
	case PROMPT_SCALE:
		scale(model, text);
		break;
	case PROMPT_SINCE:
		set_since(model, text);
		break;
	case PROMPT_SAVE:
		if (text[0] != '\0')
			model_add_effect(model, EFFECT_SAVE_LOGS)->text = xstrdup(text);
		break;
	case PROMPT_SAVE_PAGE:
		save_page(model, text);
		break;
	case PROMPT_FORWARD:
		forward(model, text);
		break;
	case PROMPT_TRANSFER:
		transfer(model, text);
		break;
	case PROMPT_CONTAINER:
		set_container(model, text);
		break;
	case PROMPT_SHELL:
		act_shell(model, text);
		break;
	case PROMPT_ROLLBACK:
		act_roll_back(model, text);
		break;
	default:
		break;
	}
	free(text);
}

static void answer_question(struct model *model, unsigned key)
{
	bool is_yes = key == 'y' || key == 'Y';

	if (is_yes && model->prompt.kind == PROMPT_QUIT) {
		model_add_effect(model, EFFECT_QUIT);
	} else if (is_yes && model->prompt.kind == PROMPT_CANCEL) {
		model_add_effect(model, EFFECT_CANCEL_JOB)->number = model->prompt.job;
		model_say(model, false, "cancelling");
	} else if (is_yes) {
		struct effect *effect = model_add_effect(model, EFFECT_RUN);
		string_list_copy(&effect->argv, &model->prompt.pending);
	} else {
		model_say(model, false, "left as it is");
	}
	close_prompt(model);
}

void prompt_key(struct model *model, unsigned key)
{
	struct strbuf *text = &model->prompt.text;

	if (model->prompt.kind == PROMPT_CONFIRM || model->prompt.kind == PROMPT_QUIT ||
	    model->prompt.kind == PROMPT_CANCEL) {
		answer_question(model, key);
		return;
	}
	if (choices_key(&model->prompt, key))
		return;
	if (key != TUI_KEY_RETURN)
		model->prompt.chosen = 0; /* what fits is another thing now */
	switch (key) {
	case TUI_KEY_ESCAPE:
	case TUI_KEY_CONTROL('c'):
		close_prompt(model);
		break;
	case TUI_KEY_RETURN:
	case '\n':
		accept(model);
		break;
	case TUI_KEY_ERASE:
	case TUI_KEY_CONTROL('h'):
		if (text->size == 0)
			close_prompt(model);
		else
			erase_rune(text);
		break;
	case TUI_KEY_CONTROL('u'):
		strbuf_reset(text);
		break;
	default:
		if (key >= 0x20 && key < TUI_KEY_SPECIAL)
			append_rune(text, key);
	}
}
