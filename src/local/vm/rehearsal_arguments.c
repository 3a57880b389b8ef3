/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/rehearsal_arguments.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"
#include "local/vm/rehearsal_vm.h"

#define GIB ((uint64_t)1 << 30)

uint64_t rehearsal_volume_bytes(uint64_t disk_bytes)
{
	return (disk_bytes + GIB - 1) / GIB * GIB;
}

/* In the value of a QEMU option a comma is written twice. */
static void append_value(struct strbuf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == ',')
			strbuf_append_char(out, ',');
		strbuf_append_char(out, *text);
	}
}

static void add_disk(struct string_list *out, size_t number, const char *format, const char *folder,
		     const char *file, const char *serial)
{
	AUTO(strbuf_clear) struct strbuf drive = STRBUF_INIT;
	AUTO_FREE char *path = xasprintf("%s/%s", folder, file);
	strbuf_appendf(&drive, "if=none,id=d%zu,format=%s,cache=unsafe,file=", number, format);
	append_value(&drive, path);
	string_list_add(out, "-drive");
	string_list_add(out, strbuf_text(&drive));
	string_list_add(out, "-device");
	string_list_addf(out, "nvme,drive=d%zu,serial=%s%s", number, serial,
			 number == 0 ? ",bootindex=0" : "");
}

/*
 * QEMU's user network answers DHCP; each connection to the metadata address starts a program of
 * ours that joins it to our socket. The network is that of the address: QEMU forwards none else.
 */
static void add_network(const struct rehearsal_vm *vm, const char *folder, struct string_list *out)
{
	AUTO(strbuf_clear) struct strbuf command = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *socket = xasprintf("%s/s", folder);
	strbuf_append_shell(&command, vm->program);
	strbuf_append(&command, " relay ");
	strbuf_append_shell(&command, socket);
	strbuf_append(&text, "user,model=virtio-net-pci,net=169.254.0.0/16,host=169.254.0.2,"
			     "dns=169.254.0.3,dhcpstart=169.254.10.15,"
			     "guestfwd=tcp:169.254.169.254:80-cmd:");
	append_value(&text, strbuf_text(&command));
	for (size_t i = 0; i < vm->port_count; i++)
		strbuf_appendf(&text, ",hostfwd=tcp:127.0.0.1:%u-:%u", vm->ports[i].here,
			       vm->ports[i].pod);
	string_list_add(out, "-nic");
	string_list_add(out, strbuf_text(&text));
}

void rehearsal_vm_arguments(const struct rehearsal_vm *vm, const char *folder,
			    struct string_list *ret)
{
	static const char *const start[] = {"qemu-system-x86_64", "-nodefaults", "-no-user-config",
					    "-no-reboot",	  "-display",	 "none",
					    "-machine",		  "q35",	 "-device",
					    "virtio-rng-pci"};
	for (size_t i = 0; i < ARRAY_SIZE(start); i++)
		string_list_add(ret, start[i]);
	string_list_add(ret, "-accel");
	string_list_add(ret, vm->is_kvm ? "kvm" : "tcg");
	if (vm->is_kvm) {
		string_list_add(ret, "-cpu");
		string_list_add(ret, "host");
	}
	string_list_add(ret, "-m");
	string_list_addf(ret, "%lluM", (unsigned long long)vm->memory_bytes >> 20);
	string_list_add(ret, "-serial");
	string_list_addf(ret, "file:%s/console", folder);
	if (vm->firmware != NULL) {
		string_list_add(ret, "-drive");
		string_list_addf(ret, "if=pflash,format=raw,readonly=on,file=%s",
				 vm->firmware->code);
		string_list_add(ret, "-drive");
		string_list_addf(ret, "if=pflash,format=raw,snapshot=on,file=%s",
				 vm->firmware->variables);
	}
	add_disk(ret, 0, "qcow2", folder, "root", "vol0000000000000000f");
	for (size_t i = 0; i < vm->volume_count; i++) {
		AUTO_FREE char *file = xasprintf("volume%zu", i);
		add_disk(ret, i + 1, "raw", folder, file, vm->volumes[i].serial);
	}
	add_network(vm, folder, ret);
}
