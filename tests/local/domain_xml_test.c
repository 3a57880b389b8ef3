/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/domain_xml.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"
#include "vm_sample.h"

static void fill(struct vm_plan *plan, bool is_kvm, size_t disk_count)
{
	*plan = vm_sample();
	plan->is_kvm = is_kvm;
	plan->disks = xcalloc(disk_count, sizeof(*plan->disks));
	plan->disk_count = disk_count;
	for (size_t i = 0; i < disk_count; i++)
		plan->disks[i].path = xasprintf("/volumes/%zu", i);
}

static const char kept[] = "><seclabel model=\"dac\" relabel=\"no\"/></source>";

static size_t count(const char *text, const char *word)
{
	size_t found = 0;
	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		found++;
	return found;
}

/* Disks, network, channel, random numbers, balloon: a root port costs a device's time at boot. */
static void every_device_has_a_slot_of_its_own_on_the_root_bus(void **state)
{
	(void)state;
	AUTO(vm_plan_clear) struct vm_plan plan = {0};
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	fill(&plan, false, 20);
	domain_xml_write(&plan, &xml);
	assert_int_equal(count(strbuf_text(&xml), "<address type=\"pci\""), 1 + 20 + 4);
	for (unsigned slot = 0x02; slot < 0x02 + 25; slot++) {
		char text[32];
		(void)snprintf(text, sizeof(text), "slot=\"0x%02x\"", slot);
		assert_int_equal(count(strbuf_text(&xml), text), 1);
	}
}

/* 0x1d to 0x1f are the chip set's own. */
static void more_devices_than_slots_are_left_to_libvirt(void **state)
{
	(void)state;
	AUTO(vm_plan_clear) struct vm_plan plan = {0};
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	fill(&plan, false, 24);
	plan.mounts = xcalloc(3, sizeof(*plan.mounts));
	plan.mount_count = 3;
	for (size_t i = 0; i < plan.mount_count; i++) {
		plan.mounts[i].path = xstrdup("/src");
		plan.mounts[i].socket = xstrdup("/run/m.fs");
		plan.mounts[i].tag = xasprintf("m%zu", i);
	}
	domain_xml_write(&plan, &xml);
	assert_int_equal(count(strbuf_text(&xml), "<address type=\"pci\""), 27);
	assert_int_equal(count(strbuf_text(&xml), "slot=\"0x1d\""), 0);
}

/*
 * libvirt would ask for each property of the processor in turn: a fifth of a second of each start.
 */
static void libvirt_is_kept_from_asking_for_each_property_of_the_processor(void **state)
{
	(void)state;
	AUTO(vm_plan_clear) struct vm_plan plan = {0};
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	fill(&plan, false, 0);
	domain_xml_write(&plan, &xml);
	assert_int_equal(
		count(strbuf_text(&xml), "<qemu:del capability=\"cpu-unavailable-features\"/>"), 1);
	assert_int_equal(count(strbuf_text(&xml), "xmlns:qemu="), 1);
}

static void an_emulated_processor_has_random_numbers(void **state)
{
	(void)state;
	for (int is_kvm = 0; is_kvm < 2; is_kvm++) {
		AUTO(vm_plan_clear) struct vm_plan plan = {0};
		AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
		fill(&plan, is_kvm != 0, 0);
		domain_xml_write(&plan, &xml);
		assert_int_equal(count(strbuf_text(&xml), "name=\"rdrand\""), is_kvm ? 0 : 1);
		assert_int_equal(count(strbuf_text(&xml), "host-passthrough"), is_kvm);
	}
}

/* libvirt makes the channel's socket as root; without relabelling a user's supervisor cannot
 * connect. */
static void a_users_vm_is_the_users_and_so_are_its_disks(void **state)
{
	(void)state;
	AUTO(vm_plan_clear) struct vm_plan plan = {0};
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	fill(&plan, false, 2);
	plan.owner_uid = 1000;
	plan.owner_gid = 64055;
	domain_xml_write(&plan, &xml);
	assert_int_equal(count(strbuf_text(&xml),
			       "type=\"static\" model=\"dac\" relabel=\"yes\"><label>+1000:+64055"),
			 1);
	assert_int_equal(count(strbuf_text(&xml), kept), 3);
}

/* Nothing that names root; the image, which others boot too, is not handed over. */
static void roots_vm_is_not_roots(void **state)
{
	(void)state;
	AUTO(vm_plan_clear) struct vm_plan plan = {0};
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	fill(&plan, false, 2);
	domain_xml_write(&plan, &xml);
	assert_int_equal(count(strbuf_text(&xml), "type=\"static\""), 0);
	assert_int_equal(count(strbuf_text(&xml), "<label>"), 0);
	assert_int_equal(count(strbuf_text(&xml), kept), 1);
	const char *image = strstr(strbuf_text(&xml), "/disks/web.img");
	assert_int_equal(strncmp(image, "/disks/web.img\"><seclabel", 25), 0);
}

/* Whoever is root in the guest writes to what the guest's kernel mounts: QEMU must not. */
static void a_read_only_claim_is_read_only_for_the_whole_guest(void **state)
{
	(void)state;
	AUTO(vm_plan_clear) struct vm_plan plan = {0};
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	fill(&plan, false, 2);
	plan.disks[1].is_read_only = true;
	domain_xml_write(&plan, &xml);
	assert_int_equal(count(strbuf_text(&xml), "<readonly/>"), 2);
	const char *volume = strstr(strbuf_text(&xml), "/volumes/1");
	const char *end = strstr(volume, "</disk>");
	const char *mark = strstr(volume, "<readonly/>");
	assert_true(mark != NULL && mark < end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_device_has_a_slot_of_its_own_on_the_root_bus),
		cmocka_unit_test(more_devices_than_slots_are_left_to_libvirt),
		cmocka_unit_test(libvirt_is_kept_from_asking_for_each_property_of_the_processor),
		cmocka_unit_test(an_emulated_processor_has_random_numbers),
		cmocka_unit_test(a_users_vm_is_the_users_and_so_are_its_disks),
		cmocka_unit_test(roots_vm_is_not_roots),
		cmocka_unit_test(a_read_only_claim_is_read_only_for_the_whole_guest),
	};
	return cmocka_run_group_tests_name("domain_xml", tests, NULL, NULL);
}
