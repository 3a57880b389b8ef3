/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's memory out of QEMU's stream, as a file, in the store, in a VM's XML; and when. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/sha256.h"
#include "local/template/memory_file.h"
#include "local/template/memory_mode.h"
#include "local/template/memory_split.h"
#include "local/template/save_file.h"
#include "local/template/template_key.h"
#include "local/template/template_store.h"
#include "local/vm/domain_xml.h"
#include "test.h"
#include "vm_sample.h"

#define PAGE   ((size_t)MEMORY_PAGE_SIZE)
#define MEMORY (8 * PAGE)
/* Sections' kinds and pages' flags, as QEMU's migration/ has them. */
#define SECTION "\0\0\0\2"
/* Number 11 ("switchover start"), with no bytes; and one with two. */
#define COMMAND	     "\10\0\13\0\0\10\0\1\0\2xy"
#define COMMAND_SIZE 12
#define TAIL	     "\4devices and all that"

static void put_u64(struct strbuf *out, uint64_t value)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		strbuf_append_char(out, (char)(value >> shift & 0xff));
}

static void put_name(struct strbuf *out, const char *name)
{
	strbuf_append_char(out, (char)strlen(name));
	strbuf_append(out, name);
}

static void put_page(struct strbuf *out, uint64_t at, const char *name_or_same, int fill)
{
	uint8_t page[MEMORY_PAGE_SIZE];

	put_u64(out, at | (fill == 0 ? 2U : 8U) | (name_or_same == NULL ? 0x20U : 0));
	if (name_or_same != NULL)
		put_name(out, name_or_same);
	memset(page, fill, sizeof(page));
	strbuf_append_bytes(out, page, fill == 0 ? 1 : sizeof(page));
}

static void put_section(struct strbuf *out, char kind)
{
	strbuf_append_char(out, kind);
	strbuf_append_bytes(out, SECTION, 4);
}

static void put_end(struct strbuf *out)
{
	put_u64(out, 0x10);
	put_section(out, 0x7e);
}

/* Up to the pages. */
static void put_head(struct strbuf *out, const char *memory, size_t bytes)
{
	strbuf_append_bytes(out, "QEVM\0\0\0\3", 8);
	strbuf_append_bytes(out, "\7\0\0\0\13pc-q35-10.0", 16);
	put_section(out, 1);
	strbuf_append_bytes(out, "\3ram\0\0\0\0\0\0\0\4", 12);
	put_u64(out, (bytes + 2 * PAGE) | 4);
	put_name(out, memory);
	put_u64(out, bytes);
	put_name(out, "pc.bios");
	put_u64(out, 2 * PAGE);
	put_end(out);
}

/* Two parts, pages of both blocks, one of which comes twice. */
static void put_stream(struct strbuf *out)
{
	put_head(out, "pc.ram", MEMORY);
	put_section(out, 2);
	put_page(out, 0, "pc.ram", 'a');
	put_page(out, PAGE, NULL, 0);
	put_page(out, 2 * PAGE, NULL, 'b');
	put_page(out, 0, "pc.bios", 'c');
	put_page(out, PAGE, NULL, 0);
	put_end(out);
	strbuf_append_bytes(out, COMMAND, COMMAND_SIZE);
	put_section(out, 3);
	put_page(out, 6 * PAGE, "pc.ram", 'd');
	put_page(out, 2 * PAGE, NULL, 0);
	put_end(out);
	strbuf_append(out, TAIL);
}

/* What is to be left of it. */
static void put_rest(struct strbuf *out)
{
	put_head(out, VM_MEMORY_BLOCK, MEMORY);
	strbuf_append_bytes(out, COMMAND, COMMAND_SIZE);
	put_section(out, 3);
	put_page(out, 0, "pc.bios", 'c');
	put_page(out, PAGE, "pc.bios", 0);
	put_end(out);
	strbuf_append(out, TAIL);
}

static bool keep_page(uint64_t at, const uint8_t *bytes_or_null, void *arg, struct error *err)
{
	uint8_t *memory = arg;

	assert_true(at + PAGE <= MEMORY);
	if (memory[at] == 'd')
		return error_set(err, ERROR_FULL, "no room");
	if (bytes_or_null != NULL)
		memcpy(memory + at, bytes_or_null, PAGE);
	else
		memset(memory + at, 0, PAGE);
	return true;
}

static void memory_leaves_the_stream(void **state)
{
	AUTO(strbuf_clear) struct strbuf stream = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf wanted = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf rest = STRBUF_INIT;
	AUTO_FREE uint8_t *memory = xcalloc(1, MEMORY);
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct memory_sink sink = {.page = keep_page, .arg = memory};
	uint64_t bytes = 0;
	(void)state;

	memset(memory, 'x', MEMORY);
	put_stream(&stream);
	put_rest(&wanted);
	assert_true(memory_split((const uint8_t *)strbuf_text(&stream), stream.size, &sink, &rest,
				 &bytes, NULL));
	assert_int_equal(bytes, MEMORY);
	assert_int_equal(rest.size, wanted.size);
	assert_memory_equal(strbuf_text(&rest), strbuf_text(&wanted), wanted.size);
	for (size_t i = 0; i < MEMORY / PAGE; i++)
		assert_int_equal(memory[i * PAGE + 7], "a\0\0xxxdx"[i]);
	/* What the sink says is said. */
	strbuf_reset(&rest);
	assert_false(memory_split((const uint8_t *)strbuf_text(&stream), stream.size, &sink, &rest,
				  &bytes, &err));
	assert_int_equal(err.kind, ERROR_FULL);
}

static bool take_page(uint64_t at, const uint8_t *bytes_or_null, void *arg, struct error *err)
{
	(void)bytes_or_null;
	(void)arg;
	(void)err;
	assert_true(at + PAGE <= MEMORY);
	return true;
}

static bool is_split(const struct strbuf *stream, size_t size)
{
	AUTO(strbuf_clear) struct strbuf rest = STRBUF_INIT;
	/* So that what is read behind the end is noticed (AddressSanitizer). */
	AUTO_FREE uint8_t *copy = xmalloc(size + 1);
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct memory_sink sink = {.page = take_page};
	uint64_t bytes;

	memcpy(copy, strbuf_text(stream), size);
	bool is_good = memory_split(copy, size, &sink, &rest, &bytes, &err);
	assert_true(is_good || err.kind == ERROR_CORRUPT);
	return is_good;
}

static void what_is_no_such_stream_is_refused(void **state)
{
	AUTO(strbuf_clear) struct strbuf stream = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf none = STRBUF_INIT;
	(void)state;

	put_stream(&stream);
	size_t pages_end = stream.size - strlen(TAIL);
	assert_true(is_split(&stream, stream.size));
	assert_true(is_split(&stream, pages_end));
	for (size_t size = 0; size < pages_end; size += size < 200 ? 1 : 61)
		assert_false(is_split(&stream, size));
	/* A page behind the end of the memory; memory that is none, or no whole pages. */
	put_head(&none, "pc.ram", MEMORY);
	put_section(&none, 3);
	put_page(&none, MEMORY, "pc.ram", 'a');
	put_end(&none);
	assert_false(is_split(&none, none.size));
	static const struct {
		const char *name;
		size_t bytes;
	} heads[] = {{"pc.ram", 0}, {"pc.rom", MEMORY}, {"pc.ram", MEMORY + 1}};
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		strbuf_reset(&none);
		put_head(&none, heads[i].name, heads[i].bytes);
		put_section(&none, 3);
		put_end(&none);
		assert_false(is_split(&none, none.size));
	}
	/* Pages that are compressed or go another way: flags that are not known. */
	strbuf_reset(&none);
	put_head(&none, "pc.ram", MEMORY);
	put_section(&none, 3);
	put_u64(&none, 0x100);
	put_end(&none);
	assert_false(is_split(&none, none.size));
}

/* ---- the store ---- */

static int fresh_cache(void **state)
{
	AUTO_FREE char *folder = xstrdup("/tmp/i2kit-template.XXXXXX");

	if (mkdtemp(folder) == NULL || setenv("XDG_CACHE_HOME", folder, 1) < 0 ||
	    unsetenv("I2KIT_WARM_BUDGET") < 0)
		return -1;
	*state = TAKE_PTR(folder);
	return 0;
}

static int drop_cache(void **state)
{
	bool is_good = path_remove_tree(*state, NULL);

	free(*state);
	return is_good ? 0 : -1;
}

/* A template of the stream above, whose devices are larger. */
static bool add(const char *text, bool is_whole, struct template_entry *ret, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf file = STRBUF_INIT;
	AUTO_FREE char *devices = xcalloc(1, SAVE_LEAST_STREAM);
	AUTO_FREE char *draft = template_draft("d", NULL);
	struct digest key = sha256_digest(text, strlen(text));

	save_header_write("<domain/>", &file);
	if (is_whole)
		put_stream(&file);
	strbuf_append_bytes(&file, devices, SAVE_LEAST_STREAM);
	AUTO_CLOSE int fd = open(draft, O_WRONLY);
	assert_true(fd >= 0 && fd_write_all(fd, strbuf_text(&file), file.size, NULL));
	bool is_good = template_add(&key, text, draft, true, ret, err);
	(void)unlink(draft);
	return is_good;
}

static char *file_of(const struct template_entry *entry, const char *name)
{
	AUTO_FREE char *below = xasprintf("warm/%s/%s", entry->key, name);

	return path_folder(PATH_CACHE, below);
}

static void a_vm_gets_the_memory_under_a_path_of_its_own(void **state)
{
	struct template_entry made, entry;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	struct stat st;
	(void)state;

	assert_true(add("a", true, &made, NULL));
	assert_int_equal(made.memory_bytes, MEMORY);
	assert_int_equal(made.memory_used_bytes, 2 * PAGE);
	assert_int_equal(template_entry_bytes(&made), made.size_bytes + 2 * PAGE);
	struct digest key = sha256_digest("a", 1);
	AUTO_CLOSE int stream = template_open(&key, &entry, NULL);
	assert_true(stream >= 0);
	assert_int_equal(entry.memory_bytes, MEMORY);
	assert_int_equal(entry.memory_used_bytes, 2 * PAGE);
	AUTO_FREE char *path = template_memory(&entry, "uuid", NULL);
	assert_non_null(path);
	/* Whatever becomes of the template, it is there. */
	assert_true(template_remove(entry.key, NULL));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(file_read(path, MEMORY, &text, &size, NULL));
	assert_int_equal(size, MEMORY);
	for (size_t i = 0; i < MEMORY / PAGE; i++)
		assert_int_equal(text[i * PAGE + 7], "a\0\0\0\0\0d\0"[i]);
}

static void memory_that_was_changed_is_not_used(void **state)
{
	struct template_entry entry;
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *left = xasprintf("%s/i2kit/warm-memory/uuid", (char *)*state);

	assert_true(add("a", true, &entry, NULL));
	AUTO_FREE char *memory = file_of(&entry, "memory");
	AUTO_CLOSE int fd = open(memory, O_WRONLY);
	/* Where it was zeros, as where it was none. */
	assert_int_equal(pwrite(fd, "!", 1, 4 * PAGE), 1);
	assert_null(template_memory(&entry, "uuid", &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_false(path_exists(left));
	assert_int_equal(pwrite(fd, "\0", 1, 4 * PAGE), 1);
	AUTO_FREE char *path = template_memory(&entry, "uuid", NULL);
	assert_non_null(path);
	/* A page in the place of another. */
	AUTO_FREE char *page = xmalloc(PAGE);
	memset(page, 'a', PAGE);
	assert_int_equal(pwrite(fd, page, PAGE, PAGE), PAGE);
	memset(page, 0, PAGE);
	assert_int_equal(pwrite(fd, page, PAGE, 0), PAGE);
	assert_null(template_memory(&entry, "uuid", NULL));
	assert_int_equal(ftruncate(fd, PAGE), 0);
	assert_null(template_memory(&entry, "uuid", NULL));
}

static void mapping_that_failed_once_is_not_tried_again(void **state)
{
	struct template_entry entry;
	struct digest key = sha256_digest("a", 1);
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	assert_false(template_map_has_failed());
	assert_true(add("a", true, &entry, NULL));
	template_fail(&key);
	assert_true(template_map_has_failed());
	/* What is copied is another template, and that one is not at fault. */
	assert_true(template_open(&key, &entry, &err) < 0);
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	template_sweep();
	assert_false(template_map_has_failed());
}

static void a_stream_of_another_kind_makes_no_template(void **state)
{
	struct template_entry entry;
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(template_list_clear) struct template_list list = {0};
	(void)state;

	assert_false(add("a", false, &entry, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	template_list_read(&list);
	assert_int_equal(list.count, 0);
	/* And the next is copied. */
	assert_true(template_map_has_failed());
}

/* ---- when, and what a VM is told ---- */

static void mapped_where_qemu_cannot_write_to_it(void **state)
{
	static const struct {
		struct memory_mode_facts facts;
		bool is_map;
	} cases[] = {
		{{.qemu_version = 8002000}, true},
		{{.qemu_version = 10000000}, true},
		{{.qemu_version = 7002000}, false},
		{{.qemu_version = 0}, false},
		{{.qemu_version = 10000000, .is_kvm = true}, false},
		{{.qemu_version = 10000000, .is_confined = true}, false},
		{{.qemu_version = 10000000, .has_failed = true}, false},
		{{.wanted = "copy", .qemu_version = 10000000}, false},
		{{.wanted = "", .qemu_version = 10000000}, true},
		{{.wanted = "map", .qemu_version = 7002000}, true},
		{{.wanted = "map", .qemu_version = 7002000, .is_kvm = true}, true},
		{{.wanted = "map", .qemu_version = 10000000, .has_failed = true}, false},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(memory_mode_is_map(&cases[i].facts), cases[i].is_map);
	assert_true(memory_mode_is_confined("<secmodel><model>apparmor</model><doi>0</doi>"));
	assert_true(memory_mode_is_confined("<secmodel><model>selinux</model>"));
	assert_false(memory_mode_is_confined("<secmodel><model>none</model></secmodel><secmodel>"
					     "<model>dac</model><doi>0</doi></secmodel>"));
}

static bool has(const struct vm_plan *plan, const char *text)
{
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;

	domain_xml_write(plan, &xml);
	return strstr(strbuf_text(&xml), text) != NULL;
}

static void a_mapping_vm_has_that_memory_and_no_balloon(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = vm_sample();
	(void)state;

	assert_true(has(&plan, "freePageReporting=\"on\""));
	assert_false(has(&plan, "<qemu:arg"));
	plan.maps_memory = true; /* as a template boots */
	assert_true(has(&plan, "<memballoon model=\"none\"/>"));
	assert_false(has(&plan, "freePageReporting"));
	assert_false(has(&plan, "<qemu:arg"));
	plan.memory_file = xstrdup("/cache/a,b \"c\"/uuid");
	assert_true(has(&plan, "&quot;mem-path&quot;:&quot;/cache/a,b \\&quot;c\\&quot;/uuid&quot;,"
			       "&quot;share&quot;:false,&quot;x-use"));
	assert_true(has(&plan, "<qemu:arg value=\"-machine\"/>\n"
			       "    <qemu:arg value=\"memory-backend=" VM_MEMORY_BLOCK "\"/>"));
	plan.memory_is_read_only = true;
	assert_true(has(&plan, "&quot;readonly&quot;:true,&quot;rom&quot;:&quot;off&quot;"));
	assert_int_equal(strlen(MEMORY_BLOCK), strlen(MEMORY_FILE_BLOCK));
}

static void a_warm_vm_has_less_room_for_translated_code(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = vm_sample();
	(void)state;

	assert_true(has(&plan, "<tb-cache unit=\"MiB\">64</tb-cache>"));
	plan.is_warm = true;
	assert_true(has(&plan, "<tb-cache unit=\"MiB\">32</tb-cache>"));
	plan.memory_bytes = (uint64_t)257 << 20;
	assert_true(has(&plan, "<tb-cache unit=\"MiB\">64</tb-cache>"));
	plan.is_kvm = true;
	assert_false(has(&plan, "<tb-cache"));
	assert_true(has(&plan, "<qemu:env name=\"MALLOC_ARENA_MAX\" value=\"1\"/>"));
}

static void it_is_another_template(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = vm_sample();
	AUTO(strbuf_clear) struct strbuf copied = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf mapped = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf again = STRBUF_INIT;
	const struct template_host host = {.emulator = "", .cpu = "", .kernel = ""};
	(void)state;

	template_key_text(&plan, NULL, &host, &copied);
	plan.maps_memory = true;
	template_key_text(&plan, NULL, &host, &mapped);
	plan.memory_file = xstrdup("/whose");
	template_key_text(&plan, NULL, &host, &again);
	assert_string_not_equal(strbuf_text(&copied), strbuf_text(&mapped));
	assert_string_equal(strbuf_text(&again), strbuf_text(&mapped));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_leaves_the_stream),
		cmocka_unit_test(what_is_no_such_stream_is_refused),
		cmocka_unit_test_setup_teardown(a_vm_gets_the_memory_under_a_path_of_its_own,
						fresh_cache, drop_cache),
		cmocka_unit_test_setup_teardown(memory_that_was_changed_is_not_used, fresh_cache,
						drop_cache),
		cmocka_unit_test_setup_teardown(mapping_that_failed_once_is_not_tried_again,
						fresh_cache, drop_cache),
		cmocka_unit_test_setup_teardown(a_stream_of_another_kind_makes_no_template,
						fresh_cache, drop_cache),
		cmocka_unit_test(mapped_where_qemu_cannot_write_to_it),
		cmocka_unit_test(a_mapping_vm_has_that_memory_and_no_balloon),
		cmocka_unit_test(a_warm_vm_has_less_room_for_translated_code),
		cmocka_unit_test(it_is_another_template),
	};
	return cmocka_run_group_tests_name("template_memory", tests, NULL, NULL);
}
