/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "cli/arguments.h"
#include "cli/complete.h"
#include "cli/verbs.h"
#include "test.h"

static const struct option_spec options[] = {
	{"detach", 'd', OPTION_FLAG, NULL, "do not wait", COMPLETE_NONE},
	{"file", 'f', OPTION_REPEAT, "FILE", "a manifest", COMPLETE_FILE},
	{"accel", 0, OPTION_VALUE, "auto|kvm|tcg", "how", COMPLETE_FORMAT},
	{"metrics", 0, OPTION_OPTIONAL, "PORT", "a port", COMPLETE_NONE},
};
static const struct verb sample = {
	.name = "sample",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {.metavar = "POD", .min = 1, .max = 2},
};
static const struct verb stopping = {
	.name = "stopping",
	.argument = {.metavar = "COMMAND", .min = 1},
	.stops_at_argument = true,
};

/* Words in one string, split at spaces. */
static bool parse(const struct verb *verb, const char *line, struct arguments *args,
		  struct error *err)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	string_list_split(&words, line, ' ');
	return arguments_parse_verb(args, verb, (int)words.count, words.items, 0, err);
}

static void options_come_in_every_spelling(void **state)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	(void)state;
	assert_true(
		parse(&sample, "-vdfa.yml web --file=b.yml -f c.yml -v --accel kvm", args, NULL));
	assert_int_equal(arguments_count(args, "verbose"), 2);
	assert_true(arguments_flag(args, "detach"));
	assert_string_equal(arguments_value(args, "accel"), "kvm");
	const struct string_list *files = arguments_values(args, "file");
	assert_int_equal(files->count, 3);
	assert_string_equal(files->items[0], "a.yml");
	assert_string_equal(files->items[2], "c.yml");
	assert_string_equal(arguments_rest(args)->items[0], "web");
}

/* Its value stands behind = or nowhere: the word that follows is another one. */
static void an_optional_value_is_written_with_its_option(void **state)
{
	AUTO_PTR(arguments) struct arguments *none = arguments_new();
	AUTO_PTR(arguments) struct arguments *bare = arguments_new();
	AUTO_PTR(arguments) struct arguments *full = arguments_new();
	(void)state;
	assert_true(parse(&sample, "web", none, NULL));
	assert_null(arguments_value(none, "metrics"));
	assert_true(parse(&sample, "--metrics web", bare, NULL));
	assert_string_equal(arguments_value(bare, "metrics"), "");
	assert_string_equal(arguments_rest(bare)->items[0], "web");
	assert_true(parse(&sample, "web --metrics=9464", full, NULL));
	assert_string_equal(arguments_value(full, "metrics"), "9464");
}

static void two_dashes_end_options(void **state)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	(void)state;
	assert_true(parse(&sample, "-- -d --file", args, NULL));
	assert_int_equal(arguments_rest(args)->count, 2);
	assert_false(arguments_flag(args, "detach"));
}

static void options_of_a_command_are_left_to_it(void **state)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	(void)state;
	assert_true(parse(&stopping, "-v web -- ls -l --color", args, NULL));
	const struct string_list *rest = arguments_rest(args);
	assert_int_equal(rest->count, 4);
	assert_string_equal(rest->items[1], "ls");
	assert_string_equal(rest->items[3], "--color");
}

static void options_may_stand_between_a_pod_and_its_command(void **state)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	(void)state;
	assert_true(parse(&stopping, "web -v -- ls -l", args, NULL));
	const struct string_list *rest = arguments_rest(args);
	assert_int_equal(rest->count, 3);
	assert_string_equal(rest->items[1], "ls");
	assert_string_equal(rest->items[2], "-l");
	assert_true(arguments_flag(args, "verbose"));
}

static void assert_refused(const char *line, const char *message, const char *hint)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(parse(&sample, line, args, &err));
	assert_int_equal(err.kind, ERROR_USAGE);
	assert_string_equal(err.message, message);
	assert_string_equal(err.hint ? err.hint : "", hint);
}

static void refusals_say_what_to_type(void **state)
{
	(void)state;
	assert_refused("web --detahc", "sample: unknown option '--detahc'",
		       "did you mean --detach?");
	assert_refused("web --accel kmv", "--accel: 'kmv' is none of auto|kvm|tcg",
		       "did you mean --accel kvm?");
	assert_refused("web -f", "option --file needs a value: FILE",
		       "i2kit sample --help lists its options");
	assert_refused("web --detach=yes", "option --detach takes no value", "");
	assert_refused("-d", "sample: POD is missing", "usage: i2kit sample [OPTIONS] POD...");
	assert_refused("a b c", "sample: unexpected argument 'c'",
		       "usage: i2kit sample [OPTIONS] POD...");
	assert_refused("web -\033", "sample: unknown option '-\\x1b'",
		       "i2kit sample --help lists its options");
}

static void a_beginning_wins_over_a_likeness(void **state)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	(void)state;
	string_list_split(&known, "stats status stop", ' ');
	assert_string_equal(suggest_nearest("statu", &known), "status");
	assert_string_equal(suggest_nearest("sotp", &known), "stop");
	assert_null(suggest_nearest("zzzz", &known));
	/* One edit each: two letters in each other's place come before another letter. */
	AUTO(string_list_clear) struct string_list alike = STRING_LIST_INIT;
	string_list_add(&alike, "cp");
	string_list_add(&alike, "ps");
	string_list_add(&alike, "stats");
	string_list_add(&alike, "status");
	assert_string_equal(suggest_nearest("sp", &alike), "ps");
	assert_string_equal(suggest_nearest("statsu", &alike), "status");
}

/* Every verb's own options, letters and texts keep to what help and the parser assume. */
static void verbs_fit_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < verb_count; i++) {
		const struct verb *verb = verbs[i];
		const struct option_spec *a;
		const struct option_spec *b;
		if (i > 0)
			assert_true(strcmp(verbs[i - 1]->name, verb->name) < 0);
		assert_true(strlen(verb->summary) <= 58);
		for (size_t j = 0; (a = verb_option(verb, j)) != NULL; j++) {
			assert_true((a->kind == OPTION_FLAG) == (a->metavar == NULL));
			assert_true(strlen(a->help) <= 48);
			for (size_t k = 0; k < j; k++) {
				b = verb_option(verb, k);
				assert_string_not_equal(a->name, b->name);
				/* An own option may take the letter of a common one, as docker's -v. */
				assert_false(j < verb->option_count && a->letter != 0 &&
					     a->letter == b->letter);
			}
		}
	}
}

static void assert_offers(const char *line, enum complete_kind kind, const char *first)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(completion_clear) struct completion completion = {0};
	string_list_split(&words, line, ' ');
	complete_words(words.items, words.count, &completion);
	assert_int_equal(completion.kind, kind);
	if (first == NULL) {
		assert_int_equal(completion.items.count, 0);
		return;
	}
	assert_true(completion.items.count > 0);
	assert_memory_equal(completion.items.items[0], first, strlen(first));
}

static void shells_are_offered_what_fits(void **state)
{
	(void)state;
	assert_offers("versi", COMPLETE_NONE, "version\t");
	assert_offers("version --outp", COMPLETE_NONE, "--output\t");
	assert_offers("version --output js", COMPLETE_FORMAT, "json");
	assert_offers("version --output=js", COMPLETE_FORMAT, "json");
	assert_offers("version -o ", COMPLETE_FORMAT, "table");
	assert_offers("version --log-file ", COMPLETE_FILE, NULL);
	assert_offers("-C /tmp ver", COMPLETE_NONE, "verify\t");
	assert_offers("nosuchthing", COMPLETE_NONE, NULL);
	assert_offers("exec we", COMPLETE_INSTANCE, NULL);
	assert_offers("exec web -c ", COMPLETE_CONTAINER, NULL);
	assert_offers("exec web ", COMPLETE_FILE, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_come_in_every_spelling),
		cmocka_unit_test(an_optional_value_is_written_with_its_option),
		cmocka_unit_test(two_dashes_end_options),
		cmocka_unit_test(options_of_a_command_are_left_to_it),
		cmocka_unit_test(options_may_stand_between_a_pod_and_its_command),
		cmocka_unit_test(refusals_say_what_to_type),
		cmocka_unit_test(a_beginning_wins_over_a_likeness),
		cmocka_unit_test(verbs_fit_the_table),
		cmocka_unit_test(shells_are_offered_what_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
