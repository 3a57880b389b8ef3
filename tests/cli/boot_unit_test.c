/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/process.h"
#include "base/process_run.h"
#include "cli/boot_unit.h"

static void a_unit_says_what_systemd_wants(void **state)
{
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	(void)state;

	string_list_add(&environment, "HOME=/ro\"ot");
	string_list_add(&environment, "XDG_DATA_HOME=/100%$x");
	const struct boot_unit unit = {.program = "/opt/a b/i2kit$",
				       .project = "shop",
				       .folder = "/srv/50%",
				       .environment = &environment};
	AUTO_FREE char *text = boot_unit_text(&unit);
	assert_string_equal(text, "# Made by `i2kit up --boot`, removed by `i2kit down`.\n"
				  "[Unit]\n"
				  "Description=i2kit project shop of /srv/50%%\n"
				  "Documentation=man:i2kit(1)\n"
				  "Wants=network-online.target libvirtd.service\n"
				  "After=network-online.target libvirtd.service libvirtd.socket\n"
				  "\n"
				  "[Service]\n"
				  "Type=oneshot\n"
				  "RemainAfterExit=yes\n"
				  "# The supervisor stays when the unit ends; pods do, too.\n"
				  "KillMode=process\n"
				  "TimeoutStartSec=10min\n"
				  "Environment=\"HOME=/ro\\\"ot\"\n"
				  "Environment=\"XDG_DATA_HOME=/100%%$x\"\n"
				  "ExecStart=\"/opt/a b/i2kit$$\" -p shop start --as-it-was\n"
				  "\n"
				  "[Install]\n"
				  "WantedBy=multi-user.target\n");
}

static void of_a_user_it_is_the_session_s(void **state)
{
	AUTO(string_list_clear) struct string_list none = STRING_LIST_INIT;
	(void)state;

	const struct boot_unit unit = {.program = "/usr/bin/i2kit",
				       .project = "shop",
				       .folder = "/srv\nWantedBy=evil",
				       .environment = &none,
				       .is_user = true};
	AUTO_FREE char *text = boot_unit_text(&unit);
	assert_non_null(strstr(text, "WantedBy=default.target\n"));
	assert_null(strstr(text, "libvirtd"));
	/* A folder's name adds no line. */
	assert_null(strstr(text, "\nWantedBy=evil"));
}

/* systemd's own reader finds nothing to say; where it is not installed nobody is asked. */
static void systemd_takes_it(void **state)
{
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *program = process_find_program("systemd-analyze");
	char folder[] = "/tmp/i2kit-unit-XXXXXX";
	(void)state;

	if (program == NULL)
		skip();
	assert_non_null(mkdtemp(folder));
	string_list_add(&environment, "HOME=/root");
	const struct boot_unit unit = {.program = "/bin/sh",
				       .project = "shop",
				       .folder = "/srv/100% \"shop\"",
				       .environment = &environment,
				       .is_user = true};
	AUTO_FREE char *text = boot_unit_text(&unit);
	AUTO_FREE char *file = path_join(folder, "i2kit-shop.service");
	assert_true(file_write_atomic(file, text, strlen(text), 0644, &err));
	const char *const argv[] = {"systemd-analyze", "--user", "--man=no", "verify", file, NULL};
	const struct process_run run = {.argv = argv, .timeout_ms = 20000, .accept_failure = true};
	assert_true(process_run(&run, &output, &err));
	bool names_unit = output.stderr_tail != NULL &&
			  strstr(output.stderr_tail, "i2kit-shop.service") != NULL;
	if (names_unit)
		print_message("%s\n", output.stderr_tail);
	assert_false(names_unit);
	assert_true(path_remove_tree(folder, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unit_says_what_systemd_wants),
		cmocka_unit_test(of_a_user_it_is_the_session_s),
		cmocka_unit_test(systemd_takes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
