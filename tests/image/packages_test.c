/* SPDX-License-Identifier: Apache-2.0 */
/* Databases of packages, and what packs the base. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/sbom/package_files.h"
#include "image/sbom/package_rpm.h"
#include "image/unpack/lzo.h"
#include "test.h"

static void assert_packages(const struct package_list *list, const char *wanted)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < list->count; i++)
		strbuf_appendf(&out, "%s\n", list->items[i].purl);
	assert_string_equal(strbuf_text(&out), wanted);
}

static void test_dpkg(void **state)
{
	AUTO(package_list_clear) struct package_list list = {0};
	AUTO(distribution_clear) struct distribution distribution = {0};

	(void)state;
	distribution_read("NAME=x\nVERSION_ID='12'\nID=debian\r\n", &distribution);
	assert_true(package_files_read_dpkg(
		"\n\nPackage: libc6\nStatus: install ok installed\n"
		"Architecture: amd64\nSource: glibc (2.36)\n"
		"Description: short\n Version: 6.6.6\nVersion: 1:2.36-9+b1\n"
		"\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
		"\nVersion: of nothing\n\nPackage: half\n\n"
		"Package: again\nVersion: 2\n\nPackage: again\nVersion: 2",
		&list, NULL));
	assert_string_equal(list.items[0].source, "glibc");
	package_list_finish(&list, &distribution);
	assert_packages(&list,
			"pkg:deb/debian/again@2?distro=debian-12\n"
			"pkg:deb/debian/libc6@1%3A2.36-9%2Bb1?arch=amd64&distro=debian-12\n");
}

static void test_apk(void **state)
{
	AUTO(package_list_clear) struct package_list list = {0};
	const struct distribution none = {0};

	(void)state;
	assert_true(package_files_read_apk("C:Q1\nP:musl\np:so:x=1\nV:1.2-r0\nv:9\nL:MIT\n", &list,
					   NULL));
	package_list_finish(&list, &none);
	assert_packages(&list, "pkg:apk/musl@1.2-r0\n");
	assert_string_equal(list.items[0].licence, "MIT");
}

static void put_u32(struct strbuf *out, uint32_t number)
{
	const uint8_t bytes[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
				 (uint8_t)(number >> 8), (uint8_t)number};
	strbuf_append_bytes(out, bytes, sizeof(bytes));
}

/* NAME, VERSION, RELEASE and EPOCH, whose values stand one behind the other. */
static void make_header(struct strbuf *out, uint32_t name_at)
{
	const uint32_t entries[][4] = {
		{1000, 6, name_at, 1}, {1001, 6, 8, 1}, {1002, 6, 12, 1}, {1003, 4, 16, 1}};

	put_u32(out, 4);
	put_u32(out, 20);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++)
			put_u32(out, entries[i][k]);
	strbuf_append_bytes(out,
			    "openssl\0"
			    "3.0\0"
			    "27\0\0"
			    "\0\0\0\1",
			    20);
}

static void test_rpm_header(void **state)
{
	AUTO(strbuf_clear) struct strbuf header = STRBUF_INIT;
	AUTO(package_list_clear) struct package_list list = {0};
	AUTO(distribution_clear) struct distribution fedora = {.id = xstrdup("fedora")};
	struct package package = {0};

	(void)state;
	make_header(&header, 0);
	assert_true(package_rpm_read_header(header.data, header.size, &package, NULL));
	package_list_take(&list, &package);
	package_list_finish(&list, &fedora);
	assert_packages(&list, "pkg:rpm/fedora/openssl@3.0-27?epoch=1\n");
	for (size_t size = 0; size < header.size; size++)
		assert_false(package_rpm_read_header(header.data, size, &package, NULL));
}

static void test_a_header_without_a_name_is_no_package(void **state)
{
	AUTO(strbuf_clear) struct strbuf header = STRBUF_INIT;
	AUTO(package_list_clear) struct package_list list = {0};
	struct package package = {0};

	(void)state;
	make_header(&header, 0xffffffffu);
	assert_true(package_rpm_read_header(header.data, header.size, &package, NULL));
	assert_null(package.name);
	package_list_take(&list, &package);
	assert_int_equal(list.count, 0);
}

/* Of the kernel's own tests of LZO (crypto/testmgr.h). */
static const uint8_t packed[] = "\x00\x0d\x4a\x6f\x69\x6e\x20\x75\x73\x20\x6e\x6f\x77\x20\x61\x6e"
				"\x64\x20\x73\x68\x61\x72\x65"
				"\x20\x74\x68\x65\x20\x73\x6f\x66\x74\x77\x70\x01\x32\x88\x00\x0c"
				"\x65\x20\x74\x68\x65\x20\x73"
				"\x6f\x66\x74\x77\x61\x72\x65\x20\x11\x00";
#define PACKED_SIZE sizeof(packed) /* its last zero is C's */
static const char unpacked[] =
	"Join us now and share the software Join us now and share the software ";

static void test_lzo(void **state)
{
	uint8_t out[sizeof(unpacked)];
	size_t count = 0;

	(void)state;
	assert_true(lzo_unpack(packed, PACKED_SIZE, out, sizeof(out), &count));
	assert_int_equal(count, sizeof(unpacked) - 1);
	assert_memory_equal(out, unpacked, count);
	for (size_t room = 0; room < sizeof(unpacked) - 1; room++)
		assert_false(lzo_unpack(packed, PACKED_SIZE, out, room, &count));
	for (size_t size = 0; size < PACKED_SIZE; size++)
		assert_false(lzo_unpack(packed, size, out, sizeof(out), &count));
	/* Further back than there is anything; a length without an end. */
	assert_false(lzo_unpack((const uint8_t *)"\x12\x41\x40\xff\x11\0\0", 7, out, sizeof(out),
				&count));
	assert_false(lzo_unpack((const uint8_t *)"\0\0\0\0\0\0", 6, out, sizeof(out), &count));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpkg),
		cmocka_unit_test(test_apk),
		cmocka_unit_test(test_rpm_header),
		cmocka_unit_test(test_a_header_without_a_name_is_no_package),
		cmocka_unit_test(test_lzo),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
