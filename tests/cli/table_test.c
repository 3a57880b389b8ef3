/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/output.h"
#include "cli/table.h"

static void shows(unsigned width, const char *wanted)
{
	static const struct invocation invocation = {0};
	AUTO_PTR(table) struct table *table = table_new(&invocation);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	table_add_column(table, "NAME", TABLE_LEFT);
	table_add_column(table, "AGE", TABLE_RIGHT | TABLE_GOES);
	table_add_column(table, "IMAGE", TABLE_LEFT | TABLE_GOES);
	table_add_column(table, "PORTS", TABLE_SHRINK);
	table_add_cell(table, STYLE_NONE, "web-0");
	table_add_cell(table, STYLE_NONE, "5m");
	table_add_cell(table, STYLE_NONE, "0123456789ab");
	table_add_cell(table, STYLE_NONE, "127.0.0.1:8080->80, 127.0.0.1:8443->443");
	table_write(table, out, width);
	(void)fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void nothing_is_cut_without_a_terminal(void **state)
{
	(void)state;
	shows(0, "NAME   AGE  IMAGE         PORTS\n"
		 "web-0   5m  0123456789ab  127.0.0.1:8080->80, 127.0.0.1:8443->443\n");
}

static void the_least_needed_columns_go_before_others_are_cut(void **state)
{
	(void)state;
	shows(80, "NAME   AGE  IMAGE         PORTS\n"
		  "web-0   5m  0123456789ab  127.0.0.1:8080->80, 127.0.0.1:8443->443\n");
	shows(50, "NAME   AGE  IMAGE         PORTS\n"
		  "web-0   5m  0123456789ab  127.0.0.1:8080->80, 127…\n");
	shows(40, "NAME   AGE  PORTS\n"
		  "web-0   5m  127.0.0.1:8080->80, 127.0.0…\n");
	shows(32, "NAME   PORTS\n"
		  "web-0  127.0.0.1:8080->80, 127.…\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_cut_without_a_terminal),
		cmocka_unit_test(the_least_needed_columns_go_before_others_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
