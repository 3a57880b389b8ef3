/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/string_list.h"
#include "local/vm/rehearsal_arguments.h"
#include "local/vm/rehearsal_vm.h"

static void a_volume_ends_at_a_whole_gib(void **state)
{
	(void)state;
	assert_int_equal(rehearsal_volume_bytes(1), (uint64_t)1 << 30);
	assert_int_equal(rehearsal_volume_bytes((uint64_t)1 << 30), (uint64_t)1 << 30);
	assert_int_equal(rehearsal_volume_bytes(((uint64_t)1 << 30) + 1), (uint64_t)2 << 30);
}

/* What a guest must not find: a channel, a virtio disk, a kernel that is handed to it. */
static void the_machine_is_one_of_ec2s(void **state)
{
	(void)state;
	const struct rehearsal_firmware firmware = {.code = "/ovmf", .variables = "/variables"};
	const struct rehearsal_disk volume = {.serial = "vol1", .size_bytes = 1};
	const struct rehearsal_port port = {.here = 8080, .pod = 80};
	const struct rehearsal_vm vm = {
		.disk = "/store/disk",
		.firmware = &firmware,
		.memory_bytes = (uint64_t)1 << 30,
		.volumes = &volume,
		.volume_count = 1,
		.ports = &port,
		.port_count = 1,
		.program = "/opt/a b,c/i2kit",
	};
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	rehearsal_vm_arguments(&vm, "/run/r", &words);
	AUTO_FREE char *line = string_list_join(&words, " ");
	assert_null(strstr(line, "virtserialport"));
	assert_null(strstr(line, "virtio-blk"));
	assert_null(strstr(line, "-kernel"));
	assert_null(strstr(line, "/store/disk")); /* only behind the overlay, never written */
	assert_non_null(strstr(line, "nvme,drive=d0"));
	assert_non_null(strstr(line, "nvme,drive=d1,serial=vol1"));
	assert_non_null(strstr(line, "if=pflash,format=raw,readonly=on,file=/ovmf"));
	/* Or OVMF would write its variables onto the boot partition. */
	assert_non_null(strstr(line, "if=pflash,format=raw,snapshot=on,file=/variables"));
	assert_non_null(strstr(line, "hostfwd=tcp:127.0.0.1:8080-:80"));
	assert_non_null(strstr(line, "169.254.169.254:80-cmd:'/opt/a b,,c/i2kit' relay /run/r/s"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_volume_ends_at_a_whole_gib),
		cmocka_unit_test(the_machine_is_one_of_ec2s),
	};
	return cmocka_run_group_tests_name("rehearsal_vm", tests, NULL, NULL);
}
