/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/domain_xml.h"
#include "local/vm/vm_identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"
#include "vm_sample.h"

/* Of a folder whose name wants care. */
static struct vm_plan make_plan(void)
{
	struct vm_plan plan = vm_sample();

	plan.replica = 2;
	plan.grace_s = 30;
	plan.is_dirty = true;
	plan.owner_uid = 1000;
	plan.owner_gid = 1000;
	plan.scratch_bytes = (uint64_t)10 << 30;
	plan.release.config = plan.release.image;
	plan.address = xstrdup("10.77.1.12");
	vm_sample_set(&plan.instance, "web-2");
	vm_sample_set(&plan.project_folder, "/home/O'Neil & <sons>/shop");
	vm_sample_set(&plan.disk_path, "/home/O'Neil & <sons>/\"disk\".img");
	vm_sample_set(&plan.agent_socket, "/run/O'Neil & <sons>/\"a\".sock");
	return plan;
}

static void adoption_reads_what_the_metadata_says(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = make_plan();
	AUTO(vm_identity_clear) struct vm_identity identity = {0};
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	(void)state;

	plan.firmware = FIRMWARE_UEFI;
	plan.is_warm = true;
	plan.maps_memory = true;
	vm_identity_write(&plan, 12345, &xml);
	assert_true(vm_identity_parse(strbuf_text(&xml), &identity));
	assert_string_equal(identity.project, "shop");
	assert_true(identity.is_warm && identity.maps_memory);
	assert_string_equal(identity.project_id, "0123456789abcdef0123456789abcdef");
	assert_string_equal(identity.project_folder, "/home/O'Neil & <sons>/shop");
	assert_int_equal(identity.owner_uid, 1000);
	assert_string_equal(identity.pod, "web");
	assert_string_equal(identity.instance, "web-2");
	assert_int_equal(identity.replica, 2);
	assert_int_equal(identity.grace_s, 30);
	assert_string_equal(identity.address, "10.77.1.12");
	assert_string_equal(DIGEST_TEXT(&identity.release.image), VM_SAMPLE_DIGEST);
	assert_string_equal(DIGEST_TEXT(&identity.release.config), VM_SAMPLE_DIGEST);
	assert_true(identity.is_dirty);
	assert_false(identity.is_kvm);
	assert_int_equal(identity.created_ns, 12345);
	assert_int_equal(identity.memory_bytes, (uint64_t)128 << 20);
	assert_int_equal(identity.scratch_bytes, (uint64_t)10 << 30);
	assert_int_equal(identity.cpu_count, 1);
	assert_int_equal(identity.firmware, FIRMWARE_UEFI);
	assert_string_equal(identity.agent_socket, "/run/O'Neil & <sons>/\"a\".sock");
}

static void a_vm_of_another_user_or_of_another_name_is_not_ours(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = make_plan();
	AUTO(vm_identity_clear) struct vm_identity identity = {0};
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	(void)state;

	vm_identity_write(&plan, 0, &xml);
	assert_true(vm_identity_parse(strbuf_text(&xml), &identity));
	assert_true(vm_identity_is_of(&identity, "shop", 1000));
	assert_false(vm_identity_is_of(&identity, "shop", 0));
	assert_false(vm_identity_is_of(&identity, "bank", 1000));
}

/* Such metadata said neither owner nor id: where the channel's socket lies tells whose it is. */
static void a_vm_of_an_older_release_is_ours_by_its_socket(void **state)
{
	(void)state;
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1), 0);
	for (int is_ours = 0; is_ours < 2; is_ours++) {
		AUTO(vm_identity_clear) struct vm_identity identity = {0};
		AUTO_FREE char *xml = xasprintf("<i project=\"shop\" pod=\"web\" name=\"web-0\" "
						"agent=\"/run/user/%s/i2kit/vm/5dba.sock\"/>",
						is_ours ? "1000" : "1001");
		assert_true(vm_identity_parse(xml, &identity));
		assert_int_equal(vm_identity_is_of(&identity, "shop", 1000), is_ours);
	}
}

static void metadata_of_others_is_not_adopted(void **state)
{
	AUTO(vm_identity_clear) struct vm_identity identity = {0};
	(void)state;

	assert_false(vm_identity_parse("<a project=\"shop\"/>", &identity));
	assert_false(vm_identity_parse("", &identity));
	assert_false(vm_identity_parse("<a project=\"shop pod=\"", &identity));
}

static void texts_are_escaped(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = make_plan();
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	(void)state;

	domain_xml_write(&plan, &xml);
	assert_null(strstr(strbuf_text(&xml), "<sons>"));
	assert_non_null(strstr(strbuf_text(&xml), "&amp; &lt;sons&gt;"));
}

static void system_mode_has_the_projects_network_and_the_users_files(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = make_plan();
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	(void)state;

	domain_xml_write(&plan, &xml);
	assert_non_null(strstr(strbuf_text(&xml), "<source network=\"i2kit-shop\"/>"));
	assert_non_null(strstr(strbuf_text(&xml), "<label>+1000:+1000</label>"));
	assert_non_null(strstr(strbuf_text(&xml), "freePageReporting=\"on\""));
	assert_non_null(strstr(strbuf_text(&xml), "<genid/>"));
	assert_non_null(strstr(strbuf_text(&xml), "<readonly/>"));
}

static void session_mode_asks_for_nothing_privileged(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = make_plan();
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	(void)state;

	free(plan.network);
	plan.network = NULL;
	plan.is_session = true;
	domain_xml_write(&plan, &xml);
	assert_non_null(strstr(strbuf_text(&xml), "<interface type=\"user\">"));
	assert_null(strstr(strbuf_text(&xml), "<seclabel"));
}

static void firmware_decides_between_disk_and_kernel(void **state)
{
	AUTO(vm_plan_clear) struct vm_plan plan = make_plan();
	AUTO(strbuf_clear) struct strbuf direct = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf bios = STRBUF_INIT;
	(void)state;

	domain_xml_write(&plan, &direct);
	plan.firmware = FIRMWARE_BIOS;
	domain_xml_write(&plan, &bios);
	assert_non_null(strstr(strbuf_text(&direct), "<kernel>/cache/kernel</kernel>"));
	assert_null(strstr(strbuf_text(&bios), "<kernel>"));
	assert_non_null(strstr(strbuf_text(&bios), "<boot dev=\"hd\"/>"));
}

static void uuids_belong_to_project_and_instance(void **state)
{
	char one[UUID_SIZE];
	char same[UUID_SIZE];
	char other[UUID_SIZE];
	(void)state;

	vm_uuid_make("shop", "web-0", one);
	vm_uuid_make("shop", "web-0", same);
	vm_uuid_make("shopweb", "-0", other);
	assert_string_equal(one, same);
	assert_string_not_equal(one, other);
	assert_int_equal(one[14], '8');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adoption_reads_what_the_metadata_says),
		cmocka_unit_test(a_vm_of_another_user_or_of_another_name_is_not_ours),
		cmocka_unit_test(a_vm_of_an_older_release_is_ours_by_its_socket),
		cmocka_unit_test(metadata_of_others_is_not_adopted),
		cmocka_unit_test(texts_are_escaped),
		cmocka_unit_test(system_mode_has_the_projects_network_and_the_users_files),
		cmocka_unit_test(session_mode_asks_for_nothing_privileged),
		cmocka_unit_test(firmware_decides_between_disk_and_kernel),
		cmocka_unit_test(uuids_belong_to_project_and_instance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
