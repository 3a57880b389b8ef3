/* SPDX-License-Identifier: Apache-2.0 */
#include "local/template/template_host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/sha256.h"
#include "base/string_list.h"
#include "local/template/template_key.h"
#include "local/vm/connection.h"
#include "local/vm/volume_disk.h"

#define MAX_CPUINFO ((size_t)8 << 20)

/* A package of QEMU that was built anew may have the version of the one before. */
static char *emulator_text(void)
{
	static const char *const paths[] = {"/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm",
					    "/usr/bin/qemu-kvm"};
	struct strbuf out = STRBUF_INIT;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (stat(paths[i], &st) == 0)
			strbuf_appendf(&out, "%s %lld %lld.%09ld ", paths[i], (long long)st.st_size,
				       (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	return strbuf_take(&out);
}

char *template_cpu_text(const char *cpuinfo)
{
	static const char *const kept[] = {"vendor_id", "cpu family", "model", "stepping",
					   "microcode", "flags",      "bugs",  "address sizes"};
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	struct strbuf out = STRBUF_INIT;

	string_list_split(&lines, cpuinfo, '\n');
	for (size_t i = 0; i < lines.count && lines.items[i][0] != '\0'; i++) {
		const char *line = lines.items[i];
		size_t width = strcspn(line, "\t:");
		for (size_t k = 0; k < ARRAY_SIZE(kept); k++) {
			if (strlen(kept[k]) == width && memcmp(line, kept[k], width) == 0)
				strbuf_appendf(&out, "%s;", line);
		}
	}
	return strbuf_take(&out);
}

static char *cpu_text(void)
{
	AUTO_FREE char *text = NULL;

	if (!file_read("/proc/cpuinfo", MAX_CPUINFO, &text, NULL, NULL))
		return xstrdup("");
	return template_cpu_text(text);
}

/* KVM keeps clocks of the host in a state: those of another boot are another host's. */
static char *kernel_text(void)
{
	AUTO_FREE char *boot = NULL;
	struct utsname kernel;

	if (!file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL, NULL) ||
	    uname(&kernel) < 0)
		return xstrdup("");
	boot[strcspn(boot, "\n")] = '\0';
	return xasprintf("%s %s %s", kernel.release, kernel.version, boot);
}

uint64_t template_disk_bytes(const struct vm_disk *disk)
{
	return disk->is_scratch ? disk->size_bytes : volume_disk_virtual_size(disk->path);
}

static bool measure_disks(const struct vm_plan *plan, uint64_t *ret, struct error *err)
{
	for (size_t i = 0; i < plan->disk_count; i++) {
		ret[i] = template_disk_bytes(&plan->disks[i]);
		if (ret[i] == 0)
			return error_set(err, ERROR_UNSUPPORTED, "the size of %s is not known",
					 plan->disks[i].path);
	}
	return true;
}

bool template_identify(virConnectPtr connection, const struct vm_plan *plan, struct digest *ret_key,
		       struct strbuf *text, struct error *err)
{
	AUTO_FREE uint64_t *bytes = xcalloc(plan->disk_count + 1, sizeof(*bytes));
	AUTO_FREE char *emulator = emulator_text();
	AUTO_FREE char *cpu = cpu_text();
	AUTO_FREE char *kernel = kernel_text();
	struct template_host host = {.emulator = emulator, .cpu = cpu, .kernel = kernel};
	const char *refusal = template_refusal(plan);

	if (refusal != NULL)
		return error_set(err, ERROR_UNSUPPORTED, "%s", refusal);
	if (!measure_disks(plan, bytes, err))
		return false;
	if (virConnectGetLibVersion(connection, &host.libvirt_version) < 0 ||
	    virConnectGetVersion(connection, &host.qemu_version) < 0)
		return connection_error(err, "cannot ask for its version");
	template_key_text(plan, bytes, &host, text);
	*ret_key = sha256_digest(strbuf_text(text), text->size);
	return true;
}
