/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cli/help_page.h"

/* doc/verbs.md says what the table of verbs says. */
static void the_page_is_what_the_verbs_say(void **state)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *page = NULL;
	(void)state;

	help_write_page(&text);
	assert_true(file_read(VERBS_PAGE, 4 << 20, &page, NULL, NULL));
	if (strcmp(page, strbuf_text(&text)) != 0)
		fail_msg("run: i2kit man --markdown > doc/verbs.md");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_what_the_verbs_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
