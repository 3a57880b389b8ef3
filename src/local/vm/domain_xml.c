/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/domain_xml.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "local/vm/vm_identity.h"

/*
 * Domain XML as https://libvirt.org/formatdomain.html has it. Under emulation tb-cache is the one
 * knob that matters: the code of a boot up to running containers takes some 55 MiB. With less it is
 * all thrown away just when the containers start, which then takes twice as long. It is filled as
 * far as it is used, 31 MiB more than with 32.
 */
#define TCG_CACHE_MIB 64
/*
 * What goes on from a template runs no boot: some 46 MiB, and emptying it once costs less than can
 * be measured (with 24 MiB: a quarter of a start). Whoever has more memory may have more programs.
 */
#define WARM_CACHE_MIB	  32
#define WARM_CACHE_MEMORY ((uint64_t)256 << 20)

/* https://libvirt.org/kbase/qemu-passthrough-security.html */
#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

/*
 * Devices sit on the root bus, from this slot on, one after another. Left to itself libvirt puts
 * each behind a root port of its own, for hotplug we never do; the firmware and the kernel then
 * walk and set up two devices where there is one: an eighth of a boot under emulation.
 */
#define FIRST_SLOT 0x02U
#define LAST_SLOT  0x1cU

struct slots {
	unsigned next;
};

/* Whoever comes after the last slot gets a place from libvirt. */
static void put_address(struct slots *slots, const char *indent, struct strbuf *out)
{
	if (slots->next <= LAST_SLOT)
		strbuf_appendf(out,
			       "%s<address type=\"pci\" domain=\"0\" bus=\"0\" slot=\"0x%02x\" "
			       "function=\"0\"/>\n",
			       indent, slots->next++);
}

static void put_element(struct strbuf *out, const char *indent, const char *name, const char *text)
{
	strbuf_appendf(out, "%s<%s>", indent, name);
	strbuf_append_xml(out, text);
	strbuf_appendf(out, "</%s>\n", name);
}

static void put_attribute(struct strbuf *out, const char *name, const char *value)
{
	strbuf_appendf(out, " %s=\"", name);
	strbuf_append_xml(out, value);
	strbuf_append_char(out, '"');
}

static void put_boot(const struct vm_plan *plan, struct strbuf *out)
{
	strbuf_append(out,
		      plan->firmware == FIRMWARE_UEFI ? "  <os firmware=\"efi\">\n" : "  <os>\n");
	strbuf_append(out, "    <type arch=\"x86_64\" machine=\"q35\">hvm</type>\n");
	if (plan->firmware == FIRMWARE_UEFI)
		strbuf_append(out, "    <firmware><feature enabled=\"no\" name=\"secure-boot\"/>"
				   "</firmware>\n");
	if (plan->firmware == FIRMWARE_DIRECT) {
		put_element(out, "    ", "kernel", plan->kernel_path);
		put_element(out, "    ", "initrd", plan->initrd_path);
		put_element(out, "    ", "cmdline", plan->cmdline);
	} else {
		strbuf_append(out, "    <boot dev=\"hd\"/>\n");
	}
	strbuf_append(out, "  </os>\n");
}

static int code_cache_mib(const struct vm_plan *plan)
{
	return plan->is_warm && plan->memory_bytes <= WARM_CACHE_MEMORY ? WARM_CACHE_MIB
									: TCG_CACHE_MIB;
}

static void put_cpu(const struct vm_plan *plan, struct strbuf *out)
{
	strbuf_append(out, "  <features>\n    <acpi/>\n");
	if (!plan->is_kvm)
		strbuf_appendf(out, "    <tcg><tb-cache unit=\"MiB\">%d</tb-cache></tcg>\n",
			       code_cache_mib(plan));
	strbuf_append(out, "  </features>\n");
	/*
	 * Without RDRAND the first program to ask for random numbers (a hash table of init) waits a
	 * second for the kernel to gather them.
	 */
	strbuf_append(out, plan->is_kvm ? "  <cpu mode=\"host-passthrough\" migratable=\"on\"/>\n"
					: "  <cpu mode=\"custom\" match=\"exact\" check=\"none\">\n"
					  "    <model fallback=\"allow\">qemu64</model>\n"
					  "    <feature policy=\"require\" name=\"rdrand\"/>\n"
					  "  </cpu>\n");
	strbuf_append(out, "  <clock offset=\"utc\">\n    <timer name=\"hpet\" present=\"no\"/>\n");
	strbuf_append(out, "  </clock>\n");
	/* A guest that ends, panics or reboots is gone: the supervisor makes a fresh one. */
	strbuf_append(out, "  <on_poweroff>destroy</on_poweroff>\n"
			   "  <on_reboot>destroy</on_reboot>\n"
			   "  <on_crash>destroy</on_crash>\n");
}

/*
 * In system mode libvirt is root, and QEMU runs as the user whose supervisor and files these are.
 */
static bool runs_as_user(const struct vm_plan *plan)
{
	return !plan->is_session && plan->owner_uid != 0;
}

/* A user's own libvirtd changes no owners, whatever it is told; root's is the system's. */
static bool keeps_owners(const struct vm_plan *plan)
{
	return !plan->is_session || plan->owner_uid == 0;
}

struct disk {
	const char *path;
	const char *format;
	const char *target;
	const char *serial; /* or NULL */
	bool is_read_only;  /* and VMs may share it */
	bool keeps_owner;
	bool is_scratch; /* nothing on it outlives the VM: not worth a flush */
};

static void put_disk(const struct disk *disk, struct slots *slots, struct strbuf *out)
{
	strbuf_append(out, "    <disk type=\"file\" device=\"disk\">\n");
	strbuf_appendf(out, "      <driver name=\"qemu\" type=\"%s\"%s discard=\"unmap\"/>\n",
		       disk->format, disk->is_scratch ? " cache=\"unsafe\"" : "");
	strbuf_append(out, "      <source");
	put_attribute(out, "file", disk->path);
	strbuf_append(out, disk->keeps_owner
				   ? "><seclabel model=\"dac\" relabel=\"no\"/></source>\n"
				   : "/>\n");
	strbuf_appendf(out, "      <target dev=\"%s\" bus=\"virtio\"/>\n", disk->target);
	if (disk->serial != NULL)
		put_element(out, "      ", "serial", disk->serial);
	if (disk->is_read_only)
		strbuf_append(out, "      <readonly/>\n      <shareable/>\n");
	put_address(slots, "      ", out);
	strbuf_append(out, "    </disk>\n");
}

static void put_disks(const struct vm_plan *plan, struct slots *slots, struct strbuf *out)
{
	put_disk(&(struct disk){.path = plan->disk_path,
				.format = "raw",
				.target = "vda",
				.is_read_only = true,
				.keeps_owner = keeps_owners(plan)},
		 slots, out);
	for (size_t i = 0; i < plan->disk_count; i++) {
		char target[4] = {'v', 'd', (char)('b' + i), '\0'};
		put_disk(&(struct disk){.path = plan->disks[i].path,
					.format = plan->disks[i].is_scratch ? "raw" : "qcow2",
					.is_scratch = plan->disks[i].is_scratch,
					.target = target,
					.serial = plan->disks[i].serial,
					.is_read_only = plan->disks[i].is_read_only,
					.keeps_owner = runs_as_user(plan) ||
						       (plan->disks[i].is_read_only &&
							keeps_owners(plan))},
			 slots, out);
	}
	for (size_t i = 0; i < plan->mount_count; i++) {
		/* Ours: libvirt's own virtiofsd would be root, whoever asks for it. */
		strbuf_append(out, "    <filesystem type=\"mount\">\n"
				   "      <driver type=\"virtiofs\"/>\n      <source");
		put_attribute(out, "socket", plan->mounts[i].socket);
		strbuf_append(out, "/>\n      <target");
		put_attribute(out, "dir", plan->mounts[i].tag);
		strbuf_append(out, "/>\n");
		put_address(slots, "      ", out);
		strbuf_append(out, "    </filesystem>\n");
	}
}

/* https://libvirt.org/formatnwfilter.html */
static void put_filter(const struct vm_plan *plan, struct strbuf *out)
{
	if (plan->filter == NULL || plan->address == NULL)
		return;
	strbuf_append(out, "      <filterref");
	put_attribute(out, "filter", plan->filter);
	strbuf_append(out, "><parameter name=\"IP\"");
	put_attribute(out, "value", plan->address);
	strbuf_append(out, "/></filterref>\n");
}

static void put_network(const struct vm_plan *plan, struct slots *slots, struct strbuf *out)
{
	if (plan->network != NULL) {
		strbuf_append(out, "    <interface type=\"network\">\n      <source");
		put_attribute(out, "network", plan->network);
		strbuf_append(out, "/>\n");
	} else {
		strbuf_append(out, "    <interface type=\"user\">\n");
	}
	strbuf_appendf(out, "      <mac address=\"%s\"/>\n", plan->mac);
	strbuf_append(out, "      <model type=\"virtio\"/>\n");
	strbuf_append(out, "      <rom enabled=\"no\"/>\n");
	if (plan->tap[0] != '\0')
		strbuf_appendf(out, "      <target dev=\"%s\"/>\n", plan->tap);
	put_filter(plan, out);
	put_address(slots, "      ", out);
	strbuf_append(out, "    </interface>\n");
}

/*
 * A guest gives back what it does not use. Not what is a file's, which QEMU would punch holes into.
 */
static void put_balloon(const struct vm_plan *plan, struct slots *slots, struct strbuf *out)
{
	if (plan->maps_memory) {
		strbuf_append(out, "    <memballoon model=\"none\"/>\n");
		return;
	}
	strbuf_append(out, "    <memballoon model=\"virtio\" freePageReporting=\"on\">\n");
	put_address(slots, "      ", out);
	strbuf_append(out, "    </memballoon>\n");
}

static void put_devices(const struct vm_plan *plan, struct strbuf *out)
{
	struct slots slots = {.next = FIRST_SLOT};
	strbuf_append(out, "  <devices>\n");
	put_disks(plan, &slots, out);
	put_network(plan, &slots, out);
	strbuf_append(out, "    <serial type=\"file\">\n      <source");
	put_attribute(out, "path", plan->console_log);
	strbuf_append(out, " append=\"on\"/>\n      <target port=\"0\"/>\n    </serial>\n");
	strbuf_append(out, "    <controller type=\"virtio-serial\" index=\"0\">\n");
	put_address(&slots, "      ", out);
	strbuf_append(out, "    </controller>\n");
	strbuf_append(out, "    <channel type=\"unix\">\n      <source mode=\"bind\"");
	put_attribute(out, "path", plan->agent_socket);
	strbuf_append(out, "/>\n      <target type=\"virtio\" name=\"org.i2kit.agent.0\"/>\n"
			   "    </channel>\n");
	strbuf_append(out, "    <rng model=\"virtio\">\n"
			   "      <backend model=\"random\">/dev/urandom</backend>\n");
	put_address(&slots, "      ", out);
	strbuf_append(out, "    </rng>\n");
	put_balloon(plan, &slots, out);
	strbuf_append(out, "    <audio id=\"1\" type=\"none\"/>\n");
	strbuf_append(out, "    <controller type=\"usb\" model=\"none\"/>\n");
	strbuf_append(out, "  </devices>\n");
}

static void put_variable(const char *name, const char *value, struct strbuf *out)
{
	strbuf_appendf(out, "    <qemu:env name=\"%s\"", name);
	put_attribute(out, "value", value);
	strbuf_append(out, "/>\n");
}

static void put_argument(const char *option, const char *value, struct strbuf *out)
{
	strbuf_appendf(out, "    <qemu:arg value=\"%s\"/>\n    <qemu:arg", option);
	put_attribute(out, "value", value);
	strbuf_append(out, "/>\n");
}

/*
 * libvirt chooses the file of a VM's memory itself, one for each. So it is told of a block that it
 * does not know of, in place of its own. As JSON, since a path may have commas.
 */
static void put_memory_file(const struct vm_plan *plan, struct strbuf *out)
{
	AUTO(strbuf_clear) struct strbuf object = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&object, 0);

	if (plan->memory_file == NULL)
		return;
	json_open_object(&json, NULL);
	json_write_text(&json, "qom-type", "memory-backend-file");
	json_write_text(&json, "id", VM_MEMORY_BLOCK);
	json_write_unsigned(&json, "size", plan->memory_bytes);
	json_write_text(&json, "mem-path", plan->memory_file);
	json_write_bool(&json, "share", false);
	if (plan->memory_is_read_only) {
		json_write_bool(&json, "readonly", true);
		json_write_text(&json, "rom", "off");
	}
	json_write_bool(&json, "x-use-canonical-path-for-ramblock-id", false);
	json_close(&json);
	put_argument("-object", strbuf_text(&object), out);
	put_argument("-machine", "memory-backend=" VM_MEMORY_BLOCK, out);
}

/*
 * With this capability libvirt asks QEMU for each of the processor's 400 properties in turn, a
 * fifth of a second for what nobody reads here; without it for all of them at once.
 */
static void put_quirks(const struct vm_plan *plan, struct strbuf *out)
{
	strbuf_append(out, "  <qemu:commandline>\n");
	put_memory_file(plan, out);
	/* Each of its threads would take a heap of its own. */
	put_variable("MALLOC_ARENA_MAX", "1", out);
	if (plan->fence != NULL) {
		put_variable("LD_PRELOAD", plan->fence, out);
		put_variable("I2KIT_EGRESS", plan->egress, out);
	}
	strbuf_append(out, "  </qemu:commandline>\n");
	strbuf_append(out, "  <qemu:capabilities>\n"
			   "    <qemu:del capability=\"cpu-unavailable-features\"/>\n"
			   "  </qemu:capabilities>\n");
}

/*
 * Whom QEMU runs as in system mode: of a user's VM the user, who has its channel's socket and its
 * console handed over, else the supervisor could not open what libvirt makes as root; the disks say
 * themselves that they stay as they are. Of root's whom libvirt chooses, never root
 * (qemu_access.h). Labels of AppArmor or SELinux are libvirt's to give, where the host has one of
 * them.
 */
static void put_owner(const struct vm_plan *plan, struct strbuf *out)
{
	if (runs_as_user(plan))
		strbuf_appendf(out,
			       "  <seclabel type=\"static\" model=\"dac\" relabel=\"yes\">"
			       "<label>+%u:+%u</label></seclabel>\n",
			       plan->owner_uid, plan->owner_gid);
}

void domain_xml_write(const struct vm_plan *plan, struct strbuf *out)
{
	strbuf_appendf(out, "<domain type=\"%s\" xmlns:qemu=\"%s\">\n",
		       plan->is_kvm ? "kvm" : "qemu", QEMU_NAMESPACE);
	put_element(out, "  ", "name", plan->domain);
	put_element(out, "  ", "uuid", plan->uuid);
	strbuf_append(out, "  <genid/>\n");
	if (plan->project != NULL) {
		strbuf_append(out, "  <metadata>");
		vm_identity_write(plan, clock_wall_ns(), out);
		strbuf_append(out, "</metadata>\n");
	}
	strbuf_appendf(out, "  <memory unit=\"b\">%llu</memory>\n",
		       (unsigned long long)plan->memory_bytes);
	if (plan->mount_count > 0)
		strbuf_append(out, "  <memoryBacking><source type=\"memfd\"/>"
				   "<access mode=\"shared\"/></memoryBacking>\n");
	strbuf_appendf(out, "  <vcpu>%u</vcpu>\n", plan->cpu_count);
	put_boot(plan, out);
	put_cpu(plan, out);
	put_devices(plan, out);
	put_owner(plan, out);
	put_quirks(plan, out);
	strbuf_append(out, "</domain>\n");
}
