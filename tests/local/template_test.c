/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of templates, the files they are kept in, and libvirt's save files: both ends of each. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/sha256.h"
#include "local/template/save_file.h"
#include "local/template/template_host.h"
#include "local/template/template_key.h"
#include "local/template/template_store.h"
#include "test.h"
#include "vm_sample.h"

static const struct template_host host = {.libvirt_version = 9000000,
					  .qemu_version = 7002000,
					  .emulator = "/usr/bin/qemu 1 2",
					  .cpu = "model: 1;",
					  .kernel = "6.1 boot-a"};

static struct vm_plan make_plan(void)
{
	struct vm_plan plan = vm_sample();

	plan.address = xstrdup("10.77.1.10");
	struct vm_disk *disk = ARRAY_APPEND(plan.disks, plan.disk_count);
	*disk = (struct vm_disk){.path = xstrdup("/data/v.qcow2"), .serial = "s"};
	return plan;
}

static struct digest template_key(const struct vm_plan *plan, const uint64_t *disk_bytes,
				  const struct template_host *of)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	template_key_text(plan, disk_bytes, of, &text);
	return sha256_digest(strbuf_text(&text), text.size);
}

static struct digest key_of(const struct vm_plan *plan)
{
	const uint64_t bytes[] = {1 << 20};

	return template_key(plan, bytes, &host);
}

static void who_a_vm_is_does_not_count(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan a = make_plan();
	AUTO(vm_plan_clear) struct vm_plan b = make_plan();
	struct digest before = key_of(&a);
	(void)state;

	vm_sample_set(&b.project, "other");
	vm_sample_set(&b.project_folder, "/other");
	vm_sample_set(&b.domain, "i2kit-other.api-7");
	vm_sample_set(&b.pod, "api");
	vm_sample_set(&b.instance, "api-7");
	vm_sample_set(&b.network, "i2kit-other");
	vm_sample_set(&b.address, "10.77.2.11");
	vm_sample_set(&b.agent_socket, "/run/b.sock");
	vm_sample_set(&b.console_log, "/other.log");
	vm_sample_set(&b.disk_path, "/elsewhere/disk");
	vm_sample_set(&b.disks[0].path, "/elsewhere/v.qcow2");
	memcpy(b.uuid, "00000000-0000-8000-8000-000000000002", UUID_SIZE);
	memcpy(b.mac, "52:54:00:00:00:02", MAC_SIZE);
	memcpy(b.tap, "tap1", 5);
	b.replica = 7;
	b.release.config = b.release.image;
	b.may_be_warm = true;
	struct digest after = key_of(&b);
	assert_true(digest_equal(&before, &after));
	/* And the plan is as it was. */
	assert_string_equal(b.project, "other");
	assert_string_equal(b.disks[0].path, "/elsewhere/v.qcow2");
}

static void what_it_is_does(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = make_plan();
	struct digest keys[16];
	size_t count = 0;
	(void)state;

	keys[count++] = key_of(&plan);
	plan.memory_bytes *= 2;
	keys[count++] = key_of(&plan);
	plan.cpu_count = 2;
	keys[count++] = key_of(&plan);
	vm_sample_set(&plan.cmdline, "quiet more");
	keys[count++] = key_of(&plan);
	vm_sample_set(&plan.kernel_path, "/cache/other.vmlinux");
	keys[count++] = key_of(&plan);
	vm_sample_set(&plan.initrd_path, "/cache/other.initrd");
	keys[count++] = key_of(&plan);
	plan.release.image.bytes[0] ^= 1;
	keys[count++] = key_of(&plan);
	plan.disks[0].is_read_only = true;
	keys[count++] = key_of(&plan);
	memcpy(plan.disks[0].serial, "t", 2);
	keys[count++] = key_of(&plan);
	plan.is_session = true;
	plan.owner_uid = 1000;
	keys[count++] = key_of(&plan);
	free(TAKE_PTR(plan.network));
	keys[count++] = key_of(&plan);
	plan.is_kvm = true;
	keys[count++] = key_of(&plan);
	const uint64_t other[] = {2 << 20};
	keys[count++] = template_key(&plan, other, &host);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = i + 1; k < count; k++)
			assert_false(digest_equal(&keys[i], &keys[k]));
	}
}

static void so_does_the_host(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = make_plan();
	const uint64_t bytes[] = {1 << 20};
	(void)state;

	for (int is_kvm = 0; is_kvm < 2; is_kvm++) {
		struct template_host others[] = {host, host, host, host, host};
		plan.is_kvm = is_kvm;
		struct digest before = template_key(&plan, bytes, &host);
		others[0].libvirt_version++;
		others[1].qemu_version++;
		others[2].emulator = "/usr/bin/qemu 1 3";
		others[3].cpu = "model: 2;";
		others[4].kernel = "6.1 boot-b";
		for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
			struct digest after = template_key(&plan, bytes, &others[i]);
			/* Under emulation the host's processor and boot are nobody's matter. */
			assert_int_equal(digest_equal(&before, &after), i >= 3 && !is_kvm);
		}
	}
}

static void some_can_be_of_none(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = make_plan();
	(void)state;

	assert_null(template_refusal(&plan));
	plan.is_dirty = true;
	assert_non_null(template_refusal(&plan));
	plan.is_dirty = false;
	plan.firmware = FIRMWARE_UEFI;
	assert_non_null(template_refusal(&plan));
	plan.firmware = FIRMWARE_DIRECT;
	(void)ARRAY_APPEND(plan.mounts, plan.mount_count);
	assert_non_null(template_refusal(&plan));
}

static void the_first_processor_tells(void **state)
{
	AUTO_FREE char *text =
		template_cpu_text("processor\t: 0\nmodel name\t: X\nmodel\t\t: 1\n"
				  "flags\t\t: a b\ncpu MHz\t\t: 12\n\nmodel\t\t: 9\n");
	AUTO_FREE char *none = template_cpu_text("");
	(void)state;

	assert_string_equal(text, "model\t\t: 1;flags\t\t: a b;");
	assert_string_equal(none, "");
}

/* ---- save files ---- */

static void what_is_written_is_read(void **state)
{
	AUTO(strbuf_clear) struct strbuf file = STRBUF_INIT;
	uint64_t stream = 0;
	(void)state;

	for (size_t size = 0; size < 9000; size += 997) {
		AUTO_FREE char *xml = xcalloc(1, size + 1);
		memset(xml, 'x', size);
		strbuf_reset(&file);
		save_header_write(xml, &file);
		assert_int_equal(file.size % SAVE_ALIGNMENT, 0);
		assert_string_equal(strbuf_text(&file) + SAVE_HEADER_SIZE, xml);
		assert_true(save_header_read(strbuf_text(&file), file.size,
					     file.size + SAVE_LEAST_STREAM, &stream, NULL));
		assert_int_equal(stream, file.size);
	}
}

static bool is_read(const uint8_t *header, size_t size, uint64_t file_size)
{
	uint64_t stream;

	return save_header_read(header, size, file_size, &stream, NULL);
}

static void what_is_no_save_file_is_refused(void **state)
{
	AUTO(strbuf_clear) struct strbuf file = STRBUF_INIT;
	uint8_t header[SAVE_HEADER_SIZE];
	uint64_t whole;
	(void)state;

	save_header_write("<domain/>", &file);
	whole = file.size + SAVE_LEAST_STREAM;
	memcpy(header, strbuf_text(&file), sizeof(header));
	assert_true(is_read(header, sizeof(header), whole));
	assert_false(is_read(header, sizeof(header) - 1, whole));
	assert_false(is_read(header, sizeof(header), whole - 1));
	assert_false(is_read(header, sizeof(header), 0));
	/* magic, version, size of the XML, compression */
	static const struct {
		size_t at;
		uint32_t value;
	} changes[] = {{0, 0}, {16, 3}, {20, 0}, {20, UINT32_MAX}, {20, SAVE_MAX_XML + 1}, {28, 1}};
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		memcpy(header, strbuf_text(&file), sizeof(header));
		bytes_put_u32(header + changes[i].at, changes[i].value);
		assert_false(is_read(header, sizeof(header), UINT64_MAX));
	}
}

/* ---- the store ---- */

static char *make_draft(const char *name, uint8_t fill, size_t size)
{
	AUTO(strbuf_clear) struct strbuf file = STRBUF_INIT;
	AUTO_FREE char *bytes = xmalloc(size);
	char *path = template_draft(name, NULL);

	assert_non_null(path);
	save_header_write("<domain>the template's own</domain>", &file);
	memset(bytes, fill, size);
	strbuf_append_bytes(&file, bytes, size);
	AUTO_CLOSE int fd = open(path, O_WRONLY);
	assert_true(fd >= 0 && fd_write_all(fd, strbuf_text(&file), file.size, NULL));
	return path;
}

static struct digest add(const char *text, size_t size)
{
	struct digest key = sha256_digest(text, strlen(text));
	AUTO_FREE char *draft = make_draft("d", (uint8_t)text[0], size);
	struct template_entry entry;

	assert_true(template_add(&key, text, draft, false, &entry, NULL));
	assert_int_equal(entry.size_bytes, size);
	(void)unlink(draft);
	return key;
}

static char *place(const struct digest *key, const char *name)
{
	AUTO_FREE char *below = xasprintf("warm/%s%s", DIGEST_HEX(key), name);

	return path_folder(PATH_CACHE, below);
}

static enum error_kind open_kind(const struct digest *key)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct template_entry entry;
	AUTO_CLOSE int fd = template_open(key, &entry, &err);

	return fd >= 0 ? ERROR_NONE : err.kind;
}

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

#define STREAM ((size_t)SAVE_LEAST_STREAM + 100)

static void what_is_added_is_found(void **state)
{
	struct digest key = add("a", STREAM);
	struct template_entry entry;
	AUTO_FREE char *copy = xasprintf("%s/copy", (char *)*state);
	AUTO_FREE char *stream = place(&key, "/stream");
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;
	struct stat st;

	AUTO_CLOSE int fd = template_open(&key, &entry, NULL);
	assert_true(fd >= 0);
	AUTO_CLOSE int to = open(copy, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(template_copy(&entry, fd, to, NULL));
	assert_true(file_read(copy, 1 << 20, &bytes, &size, NULL));
	assert_int_equal(size, STREAM);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(bytes[i], 'a');
	assert_int_equal(stat(stream, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	struct digest other = sha256_digest("b", 1);
	assert_int_equal(open_kind(&other), ERROR_NOT_FOUND);
	/* Another project made the same meanwhile: one of them stays. */
	(void)add("a", STREAM);
	assert_int_equal(open_kind(&key), ERROR_NONE);
	AUTO(template_list_clear) struct template_list list = {0};
	template_list_read(&list);
	assert_int_equal(list.count, 1);
}

static void what_is_damaged_is_not_used(void **state)
{
	struct digest key = add("a", STREAM);
	AUTO_FREE char *stream = place(&key, "/stream");
	AUTO_FREE char *copy = xasprintf("%s/copy", (char *)*state);
	struct template_entry entry;
	AUTO(error_clear) struct error err = ERROR_INIT;

	/* A byte: seen when it is copied. */
	AUTO_CLOSE int damage = open(stream, O_WRONLY);
	assert_int_equal(pwrite(damage, "!", 1, 1000), 1);
	AUTO_CLOSE int fd = template_open(&key, &entry, NULL);
	AUTO_CLOSE int to = open(copy, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_false(template_copy(&entry, fd, to, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	/* Its size: seen at once, and it is gone. */
	assert_int_equal(ftruncate(damage, 5), 0);
	assert_int_equal(open_kind(&key), ERROR_CORRUPT);
	assert_int_equal(open_kind(&key), ERROR_NOT_FOUND);
}

static void others_may_not_read_it(void **state)
{
	struct digest key = add("a", STREAM);
	AUTO_FREE char *stream = place(&key, "/stream");
	(void)state;

	assert_int_equal(chmod(stream, 0640), 0);
	assert_int_equal(open_kind(&key), ERROR_DENIED);
}

/* Rewrites a member of key.json that is a number. */
static void set_number(const struct digest *key, const char *name, long long value)
{
	AUTO_FREE char *path = place(key, "/key.json");
	AUTO_FREE char *text = NULL;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	assert_true(file_read(path, 1 << 16, &text, NULL, NULL));
	char *at = strstr(text, name) + strlen(name) + 3;
	strbuf_append_bytes(&out, text, (size_t)(at - text));
	strbuf_appendf(&out, "%lld%s", value, at + strspn(at, "0123456789"));
	assert_true(file_write_atomic(path, strbuf_text(&out), out.size, 0600, NULL));
}

static void what_is_old_or_not_itself_is_not_used(void **state)
{
	struct digest key = add("a", STREAM);
	AUTO_FREE char *from = place(&key, "");
	(void)state;

	set_number(&key, "madeNs", 1000);
	assert_int_equal(open_kind(&key), ERROR_CORRUPT);
	/* Of tomorrow: the clock was wrong, then or now. */
	key = add("a", STREAM);
	set_number(&key, "madeNs", INT64_MAX);
	assert_int_equal(open_kind(&key), ERROR_CORRUPT);
	/* Of an i2kit that knows more of them. */
	key = add("a", STREAM);
	set_number(&key, "version", 2);
	assert_int_equal(open_kind(&key), ERROR_INVALID);
	/* Under another's name. */
	key = add("a", STREAM);
	struct digest other = sha256_digest("b", 1);
	AUTO_FREE char *to = place(&other, "");
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(open_kind(&other), ERROR_CORRUPT);
}

static void two_failures_are_enough(void **state)
{
	struct digest key = add("a", STREAM);
	(void)state;

	template_fail(&key);
	assert_int_equal(open_kind(&key), ERROR_NOT_FOUND);
	(void)add("a", STREAM);
	assert_int_equal(open_kind(&key), ERROR_NONE);
	template_fail(&key);
	assert_int_equal(open_kind(&key), ERROR_UNSUPPORTED);
	(void)add("a", STREAM);
	assert_int_equal(open_kind(&key), ERROR_UNSUPPORTED);
	template_sweep();
	assert_int_equal(open_kind(&key), ERROR_NONE);
}

/* Replicas start from one template at once, and find out at once that it is no good. */
static void starts_from_one_template_fail_once(void **state)
{
	struct digest key = add("a", STREAM);
	(void)state;

	for (unsigned i = 0; i < 4; i++)
		template_fail(&key);
	(void)add("a", STREAM);
	assert_int_equal(open_kind(&key), ERROR_NONE);
}

static void the_least_recently_used_goes(void **state)
{
	AUTO_FREE char *budget = xasprintf("%zu", STREAM * 2 + 10);
	struct digest a, b, c;
	(void)state;

	assert_int_equal(setenv("I2KIT_WARM_BUDGET", budget, 1), 0);
	a = add("a", STREAM);
	b = add("b", STREAM);
	assert_int_equal(open_kind(&a), ERROR_NONE); /* used after b was made */
	c = add("c", STREAM);
	assert_int_equal(open_kind(&a), ERROR_NONE);
	assert_int_equal(open_kind(&b), ERROR_NOT_FOUND);
	assert_int_equal(open_kind(&c), ERROR_NONE);
	/* One that is larger than all may be pushes nothing out. */
	struct digest d = sha256_digest("d", 1);
	AUTO_FREE char *draft = make_draft("d", 'd', STREAM * 3);
	struct template_entry entry;
	assert_false(template_add(&d, "d", draft, false, &entry, NULL));
	assert_int_equal(open_kind(&a), ERROR_NONE);
	assert_true(template_remove(DIGEST_HEX(&a), NULL));
	assert_int_equal(open_kind(&a), ERROR_NOT_FOUND);
}

static void budgets_are_sizes(void **state)
{
	(void)state;
	assert_int_equal(template_budget_read(NULL), TEMPLATE_BUDGET);
	assert_int_equal(template_budget_read("much"), TEMPLATE_BUDGET);
	assert_int_equal(template_budget_read("0"), 0);
	assert_int_equal(template_budget_read("64M"), 64 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_a_vm_is_does_not_count),
		cmocka_unit_test(what_it_is_does),
		cmocka_unit_test(so_does_the_host),
		cmocka_unit_test(some_can_be_of_none),
		cmocka_unit_test(the_first_processor_tells),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_no_save_file_is_refused),
		cmocka_unit_test_setup_teardown(what_is_added_is_found, fresh_cache, drop_cache),
		cmocka_unit_test_setup_teardown(what_is_damaged_is_not_used, fresh_cache,
						drop_cache),
		cmocka_unit_test_setup_teardown(others_may_not_read_it, fresh_cache, drop_cache),
		cmocka_unit_test_setup_teardown(what_is_old_or_not_itself_is_not_used, fresh_cache,
						drop_cache),
		cmocka_unit_test_setup_teardown(two_failures_are_enough, fresh_cache, drop_cache),
		cmocka_unit_test_setup_teardown(starts_from_one_template_fail_once, fresh_cache,
						drop_cache),
		cmocka_unit_test_setup_teardown(the_least_recently_used_goes, fresh_cache,
						drop_cache),
		cmocka_unit_test(budgets_are_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
