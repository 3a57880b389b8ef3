/* SPDX-License-Identifier: Apache-2.0 */
#include "local/template/template_key.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "local/vm/domain_xml.h"

/* Raised when guests or this program change in a way that the rest of the key does not show. */
#define KEY_VERSION 1

const char *template_refusal(const struct vm_plan *plan)
{
	if (plan->firmware != FIRMWARE_DIRECT)
		return "it boots by firmware";
	if (plan->mount_count > 0)
		return "a shared folder (virtiofs) cannot be saved";
	if (plan->is_dirty)
		return "its folders are live";
	return NULL;
}

/* The same machine, of nobody. Its texts are borrowed; disks is room for the plan's. */
static struct vm_plan without_identity(const struct vm_plan *plan, struct vm_disk *disks)
{
	static char nobody[] = "nobody";
	struct vm_plan copy = *plan;

	memset(copy.uuid, 0, sizeof(copy.uuid));
	memset(copy.mac, 0, sizeof(copy.mac));
	memset(copy.tap, 0, sizeof(copy.tap));
	copy.domain = nobody;
	copy.project = NULL; /* no metadata */
	copy.kernel_path = nobody;
	copy.initrd_path = nobody;
	copy.disk_path = nobody;
	copy.network = plan->network != NULL ? nobody : NULL;
	copy.address = NULL;
	copy.egress = plan->fence != NULL ? nobody : NULL;
	copy.memory_file = NULL;
	copy.agent_socket = nobody;
	copy.console_log = nobody;
	copy.disks = disks;
	for (size_t i = 0; i < plan->disk_count; i++) {
		disks[i] = plan->disks[i];
		disks[i].path = nobody;
	}
	return copy;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

void template_key_text(const struct vm_plan *plan, const uint64_t *disk_bytes,
		       const struct template_host *host, struct strbuf *out)
{
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	AUTO_FREE struct vm_disk *disks = xcalloc(plan->disk_count + 1, sizeof(*disks));
	const struct vm_plan machine = without_identity(plan, disks);

	domain_xml_write(&machine, &xml);
	struct digest digest = sha256_digest(strbuf_text(&xml), xml.size);
	strbuf_appendf(out, "template %d\n", KEY_VERSION);
	strbuf_appendf(out, "disk %s\n", DIGEST_TEXT(&plan->release.image));
	/* Their names end with digests of what they hold, which was compared (boot_files.h). */
	strbuf_appendf(out, "kernel %s\n", file_name(plan->kernel_path));
	strbuf_appendf(out, "initrd %s\n", file_name(plan->initrd_path));
	strbuf_appendf(out, "machine %s\n", DIGEST_TEXT(&digest));
	for (size_t i = 0; i < plan->disk_count; i++)
		strbuf_appendf(out, "device %" PRIu64 "\n", disk_bytes[i]);
	strbuf_appendf(out, "libvirt %lu\nqemu %lu\nemulator %s\n", host->libvirt_version,
		       host->qemu_version, host->emulator);
	if (plan->maps_memory)
		strbuf_append(out, "memory mapped\n");
	if (plan->is_kvm)
		strbuf_appendf(out, "cpu %s\nhost %s\n", host->cpu, host->kernel);
}
