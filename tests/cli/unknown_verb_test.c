/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "cli/unknown_verb.h"
#include "cli/verb.h"
#include "cli/verbs.h"

static void hint_is(const char *name, const char *wanted)
{
	AUTO(error_clear) struct error err = ERROR_INIT;

	assert_false(unknown_verb(name, &err));
	assert_int_equal(err.kind, ERROR_USAGE);
	assert_string_equal(err.hint, wanted);
}

static void typos_find_their_verb(void **state)
{
	(void)state;
	hint_is("valdate", "did you mean i2kit validate?");
	hint_is("pss", "did you mean i2kit ps?");
	hint_is("dwon", "did you mean i2kit down?");
	hint_is("destr", "did you mean i2kit destroy?");
	hint_is("xyzzy", "i2kit --help lists all verbs");
}

static void words_of_other_tools_are_translated(void **state)
{
	(void)state;
	hint_is("describe", "i2kit why POD");
	hint_is("history",
		"i2kit releases lists what was promoted, i2kit inspect IMAGE an image's layers");
}

static const struct verb *hinted_verb(const char *hint)
{
	static const char prefix[] = "did you mean i2kit ";

	if (strncmp(hint, prefix, strlen(prefix)) != 0)
		return NULL;
	AUTO_FREE char *name = xstrndup(hint + strlen(prefix), strcspn(hint + strlen(prefix), "?"));
	return verb_find(name);
}

/* What two or three letters of any verb become: nobody is led to a loss by it. */
static void nobody_is_led_astray_to_a_verb_that_takes_away(void **state)
{
	static const char *const words[] = {"history", "pause",	 "pruned-list", "down-load",
					    "kil",     "step",	 "rollup",	"restore",
					    "destiny", "prone",	 "clown",	"drown",
					    "stopped", "report", "crown",	"until"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		if (verb_find(words[i]) != NULL)
			continue;
		assert_false(unknown_verb(words[i], &err));
		const struct verb *verb = hinted_verb(err.hint);
		if (verb == NULL || !verb->takes_away)
			continue;
		bool is_near = suggest_distance(words[i], verb->name) <= 1 ||
			       strncmp(words[i], verb->name, strlen(words[i])) == 0;
		if (!is_near)
			(void)fprintf(stderr, "%s: %s\n", words[i], err.hint);
		assert_true(is_near);
	}
}

/* A verb that came here has no use for a translation that speaks of its absence. */
static void what_takes_away_says_so(void **state)
{
	static const char *const names[] = {"destroy", "down",	   "prune",
					    "restart", "rollback", "stop"};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(verb_find(names[i])->takes_away);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typos_find_their_verb),
		cmocka_unit_test(words_of_other_tools_are_translated),
		cmocka_unit_test(nobody_is_led_astray_to_a_verb_that_takes_away),
		cmocka_unit_test(what_takes_away_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
