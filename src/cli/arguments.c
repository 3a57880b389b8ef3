/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "cli/unknown_option.h"

const struct option_spec common_options[] = {
	{"project", 'p', OPTION_VALUE, "NAME", "project name (default: the folder's)",
	 COMPLETE_PROJECT},
	{"folder", 'C', OPTION_VALUE, "FOLDER", "work in this folder", COMPLETE_FOLDER},
	{"color", 0, OPTION_VALUE, "auto|always|never", "colours in the output", COMPLETE_FORMAT},
	{"progress", 0, OPTION_VALUE, "auto|plain|json|none", "how to show progress",
	 COMPLETE_FORMAT},
	{"quiet", 'q', OPTION_FLAG, NULL, "names alone, errors, and no more", COMPLETE_NONE},
	{"verbose", 'v', OPTION_FLAG, NULL, "say what is done; twice: and how", COMPLETE_NONE},
	{"log-file", 0, OPTION_VALUE, "FILE", "append diagnostics to FILE", COMPLETE_FILE},
	{"help", 'h', OPTION_FLAG, NULL, "show help", COMPLETE_NONE},
};
const size_t common_option_count = ARRAY_SIZE(common_options);
const struct option_spec output_option = {"output",
					  'o',
					  OPTION_VALUE,
					  "table|wide|json|yaml|name|jsonpath=PATH",
					  "how to show the result",
					  COMPLETE_FORMAT};

struct option_value {
	const struct option_spec *spec;
	struct string_list values;
	unsigned count;
};

struct arguments {
	struct option_value *options;
	size_t option_count;
	struct string_list rest;
};

struct arguments *arguments_new(void)
{
	return xcalloc(1, sizeof(struct arguments));
}

void arguments_free(struct arguments *args)
{
	if (args == NULL)
		return;
	for (size_t i = 0; i < args->option_count; i++)
		string_list_clear(&args->options[i].values);
	free(args->options);
	string_list_clear(&args->rest);
	free(args);
}

static struct option_value *find_value(const struct arguments *args, const char *name)
{
	for (size_t i = 0; i < args->option_count; i++) {
		if (strcmp(args->options[i].spec->name, name) == 0)
			return &args->options[i];
	}
	return NULL;
}

unsigned arguments_count(const struct arguments *args, const char *name)
{
	const struct option_value *value = find_value(args, name);
	return value ? value->count : 0;
}

bool arguments_flag(const struct arguments *args, const char *name)
{
	return arguments_count(args, name) > 0;
}

const char *arguments_value(const struct arguments *args, const char *name)
{
	const struct option_value *value = find_value(args, name);
	return value != NULL && value->values.count > 0
		       ? value->values.items[value->values.count - 1]
		       : NULL;
}

const struct string_list *arguments_values(const struct arguments *args, const char *name)
{
	static const struct string_list none = {0};
	const struct option_value *value = find_value(args, name);
	return value && value->spec->kind == OPTION_REPEAT ? &value->values : &none;
}

const struct string_list *arguments_rest(const struct arguments *args)
{
	return &args->rest;
}

const struct option_spec *verb_option(const struct verb *verb, size_t index)
{
	if (verb != NULL) {
		if (index < verb->option_count)
			return &verb->options[index];
		index -= verb->option_count;
		if (verb->has_output && index == 0)
			return &output_option;
		index -= verb->has_output ? 1 : 0;
	}
	return index < common_option_count ? &common_options[index] : NULL;
}

char *verb_usage(const struct verb *verb)
{
	struct strbuf text = STRBUF_INIT;
	strbuf_appendf(&text, "i2kit %s [OPTIONS]", verb->name);
	const struct argument_spec *argument = &verb->argument;
	if (argument->metavar != NULL) {
		bool is_many = argument->max == 0 || argument->max > 1;
		strbuf_appendf(&text, argument->min == 0 ? " [%s%s]" : " %s%s", argument->metavar,
			       is_many ? "..." : "");
	}
	return strbuf_take(&text);
}

/* Where the parser is. */
struct reader {
	struct arguments *args;
	const struct verb *verb; /* NULL: before the verb */
	int argc;
	char *const *argv;
	int at;
};

static const struct option_spec *find_long(const struct verb *verb, const char *name, size_t length)
{
	const struct option_spec *spec;
	for (size_t i = 0; (spec = verb_option(verb, i)) != NULL; i++) {
		if (strncmp(spec->name, name, length) == 0 && spec->name[length] == '\0')
			return spec;
	}
	return NULL;
}

static const struct option_spec *find_short(const struct verb *verb, char letter)
{
	const struct option_spec *spec;
	for (size_t i = 0; (spec = verb_option(verb, i)) != NULL; i++) {
		if (spec->letter == letter)
			return spec;
	}
	return NULL;
}

static bool hint_help(const struct verb *verb, struct error *err)
{
	if (verb == NULL)
		return error_hint(err, "i2kit --help lists verbs and options");
	return error_hint(err, "i2kit %s --help lists its options", verb->name);
}

static bool unknown_option(const struct verb *verb, const char *name, size_t length,
			   struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	AUTO_FREE char *given = xstrndup(name, length);
	const struct option_spec *spec;

	for (size_t i = 0; (spec = verb_option(verb, i)) != NULL; i++)
		string_list_add(&known, spec->name);
	error_set(err, ERROR_USAGE, "%s%sunknown option '--%s'", verb ? verb->name : "",
		  verb ? ": " : "", given);
	const char *meaning = unknown_option_meaning(verb != NULL ? verb->name : NULL, given);
	if (meaning != NULL)
		return error_hint(err, "%s", meaning);
	const char *nearest = suggest_nearest(given, &known);
	if (nearest != NULL)
		return error_hint(err, "did you mean --%s?", nearest);
	return hint_help(verb, err);
}

static bool unknown_letter(const struct verb *verb, char letter, struct error *err)
{
	const char option[] = {letter, '\0'};
	const char *meaning = unknown_option_meaning(verb != NULL ? verb->name : NULL, option);
	AUTO(strbuf_clear) struct strbuf shown = STRBUF_INIT;

	strbuf_append_printable(&shown, option, 1);
	error_set(err, ERROR_USAGE, "%s%sunknown option '-%s'", verb ? verb->name : "",
		  verb ? ": " : "", strbuf_text(&shown));
	return meaning != NULL ? error_hint(err, "%s", meaning) : hint_help(verb, err);
}

/* "jsonpath={.name}" for "jsonpath=PATH". */
static bool begins_as(const char *value, const struct string_list *words)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *equals = strchr(words->items[i], '=');
		size_t length = equals != NULL ? (size_t)(equals - words->items[i]) + 1 : 0;
		if (length > 0 && strncmp(value, words->items[i], length) == 0)
			return true;
	}
	return false;
}

/* A metavar "a|b|c" in lower case names the only words allowed. */
static bool check_word(const struct option_spec *spec, const char *value, struct error *err)
{
	if (spec->complete != COMPLETE_FORMAT)
		return true;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	string_list_split(&words, spec->metavar, '|');
	if (string_list_has(&words, value) || begins_as(value, &words))
		return true;
	error_set(err, ERROR_USAGE, "--%s: '%s' is none of %s", spec->name, value, spec->metavar);
	const char *nearest = suggest_nearest(value, &words);
	return nearest ? error_hint(err, "did you mean --%s %s?", spec->name, nearest) : false;
}

static bool store(struct reader *reader, const struct option_spec *spec, const char *value,
		  struct error *err)
{
	struct option_value *found = find_value(reader->args, spec->name);
	if (value != NULL && !check_word(spec, value, err))
		return false;
	if (found == NULL) {
		found = ARRAY_APPEND(reader->args->options, reader->args->option_count);
		found->spec = spec;
	}
	found->count++;
	if (value != NULL)
		string_list_add(&found->values, value);
	return true;
}

/* The value of an option: given with it, or the next word. */
static bool take_value(struct reader *reader, const struct option_spec *spec, const char *attached,
		       struct error *err)
{
	if (attached != NULL)
		return store(reader, spec, attached, err);
	if (reader->at >= reader->argc) {
		error_set(err, ERROR_USAGE, "option --%s needs a value: %s", spec->name,
			  spec->metavar);
		return hint_help(reader->verb, err);
	}
	return store(reader, spec, reader->argv[reader->at++], err);
}

static bool read_long(struct reader *reader, const char *word, struct error *err)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const struct option_spec *spec = find_long(reader->verb, word, length);
	if (spec == NULL)
		return unknown_option(reader->verb, word, length, err);
	if (spec->kind == OPTION_OPTIONAL)
		return store(reader, spec, equals ? equals + 1 : "", err);
	if (spec->kind != OPTION_FLAG)
		return take_value(reader, spec, equals ? equals + 1 : NULL, err);
	if (equals != NULL)
		return error_set(err, ERROR_USAGE, "option --%s takes no value", spec->name);
	return store(reader, spec, NULL, err);
}

static bool read_short(struct reader *reader, const char *letters, struct error *err)
{
	for (; *letters != '\0'; letters++) {
		const struct option_spec *spec = find_short(reader->verb, *letters);
		if (spec == NULL)
			return unknown_letter(reader->verb, *letters, err);
		if (spec->kind != OPTION_FLAG) {
			const char *attached = letters[1] != '\0' ? letters + 1 : NULL;
			/* -p=web means what its writer thinks it does. */
			if (attached != NULL && attached[0] == '=')
				attached++;
			return take_value(reader, spec, attached, err);
		}
		if (!store(reader, spec, NULL, err))
			return false;
	}
	return true;
}

/* An option with all that belongs to it. */
static bool read_option(struct reader *reader, struct error *err)
{
	const char *word = reader->argv[reader->at++];
	if (word[1] == '-')
		return read_long(reader, word + 2, err);
	return read_short(reader, word + 1, err);
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && strcmp(word, "--") != 0;
}

bool arguments_parse_common(struct arguments *args, int argc, char *const *argv, int *at,
			    struct error *err)
{
	struct reader reader = {.args = args, .argc = argc, .argv = argv, .at = *at};
	while (reader.at < argc && is_option(argv[reader.at])) {
		if (!read_option(&reader, err))
			return false;
	}
	*at = reader.at;
	return true;
}

static void take_rest(struct reader *reader)
{
	while (reader->at < reader->argc)
		string_list_add(&reader->args->rest, reader->argv[reader->at++]);
}

static bool check_count(const struct verb *verb, const struct arguments *args, struct error *err)
{
	const struct argument_spec *argument = &verb->argument;
	size_t count = args->rest.count;
	AUTO_FREE char *usage = verb_usage(verb);

	if (argument->metavar == NULL && count > 0) {
		error_set(err, ERROR_USAGE, "%s: unexpected argument '%s'", verb->name,
			  args->rest.items[0]);
		return error_hint(err, "usage: %s", usage);
	}
	if (count < argument->min) {
		error_set(err, ERROR_USAGE, "%s: %s is missing", verb->name, argument->metavar);
		return error_hint(err, "usage: %s", usage);
	}
	if (argument->max > 0 && count > argument->max) {
		error_set(err, ERROR_USAGE, "%s: unexpected argument '%s'", verb->name,
			  args->rest.items[argument->max]);
		return error_hint(err, "usage: %s", usage);
	}
	return true;
}

bool arguments_parse_verb(struct arguments *args, const struct verb *verb, int argc,
			  char *const *argv, int at, struct error *err)
{
	struct reader reader = {.args = args, .verb = verb, .argc = argc, .argv = argv, .at = at};

	while (reader.at < argc) {
		const char *word = argv[reader.at];
		if (strcmp(word, "--") == 0) {
			reader.at++;
			take_rest(&reader);
		} else if (is_option(word)) {
			if (!read_option(&reader, err))
				return false;
		} else {
			string_list_add(&args->rest, word);
			reader.at++;
			/* exec POD -c NAME -- ls: no command begins with a dash. */
			while (verb->stops_at_argument && reader.at < argc &&
			       is_option(argv[reader.at])) {
				if (!read_option(&reader, err))
					return false;
			}
			/* A `--` before the command is not part of it. */
			if (verb->stops_at_argument && reader.at < argc &&
			    strcmp(argv[reader.at], "--") == 0)
				reader.at++;
			if (verb->stops_at_argument)
				take_rest(&reader);
		}
	}
	return arguments_flag(args, "help") || check_count(verb, args, err);
}
