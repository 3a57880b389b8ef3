/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <elf.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/static_program.h"

struct image {
	Elf64_Ehdr header;
	Elf64_Phdr parts[2];
};

static struct image make(uint32_t second)
{
	struct image image = {.header = {.e_type = ET_EXEC,
					 .e_machine = EM_X86_64,
					 .e_phoff = sizeof(Elf64_Ehdr),
					 .e_phentsize = sizeof(Elf64_Phdr),
					 .e_phnum = 2},
			      .parts = {{.p_type = PT_LOAD}, {.p_type = second}}};

	memcpy(image.header.e_ident, ELFMAG, SELFMAG);
	image.header.e_ident[EI_CLASS] = ELFCLASS64;
	return image;
}

static void what_asks_for_an_interpreter_is_not_static(void **state)
{
	struct image good = make(PT_NOTE);
	struct image dynamic = make(PT_INTERP);
	(void)state;

	assert_true(static_program_is(&good, sizeof(good)));
	assert_false(static_program_is(&dynamic, sizeof(dynamic)));
}

/* Whatever the bytes say of themselves, none beyond them is read. */
static void what_is_cut_or_of_another_kind_is_none(void **state)
{
	struct image image = make(PT_NOTE);
	(void)state;

	for (size_t size = 0; size < sizeof(image); size++)
		assert_false(static_program_is(&image, size));
	image.header.e_phoff = UINT64_MAX - 8;
	assert_false(static_program_is(&image, sizeof(image)));
	image = make(PT_NOTE);
	image.header.e_machine = EM_AARCH64;
	assert_false(static_program_is(&image, sizeof(image)));
	assert_false(static_program_is("#!/bin/sh\n", 10));
}

static void a_test_program_is_dynamic(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	assert_false(static_program_check("/proc/self/exe", &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	error_clear(&err);
	assert_false(static_program_check("/nowhere", &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_asks_for_an_interpreter_is_not_static),
		cmocka_unit_test(what_is_cut_or_of_another_kind_is_none),
		cmocka_unit_test(a_test_program_is_dynamic),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
