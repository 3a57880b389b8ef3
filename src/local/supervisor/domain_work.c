/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/domain_work.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/pod/boot_files.h"
#include "local/vm/connection.h"
#include "local/vm/domain_xml.h"
#include "local/vm/qemu_access.h"
#include "local/vm/scratch_file.h"
#include "local/vm/share.h"
#include "local/vm/slirp_guard.h"
#include "local/vm/vm_identity.h"
#include "local/vm/volume_disk.h"

/* virtlogd appends to it, as root in system mode: what is there already stays its owner's. */
static bool make_console(const char *path, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd >= 0 || error_set_errno(err, errno, "the console's log %s", path);
}

static bool prepare(const struct vm_plan *vm, struct error *err)
{
	AUTO_FREE char *console = xstrndup(
		vm->console_log, (size_t)(strrchr(vm->console_log, '/') - vm->console_log));
	AUTO_FREE char *sockets = path_folder(PATH_RUNTIME, "vm");

	if (!path_make_folders(console, 0700, err) || !path_make_folders(sockets, 0700, err) ||
	    !make_console(vm->console_log, err))
		return false;
	if (!path_exists(vm->disk_path)) {
		(void)error_set(err, ERROR_NOT_FOUND, "the disk image %s is gone", vm->disk_path);
		return error_hint(err, "i2kit up builds it again");
	}
	if (vm->firmware == FIRMWARE_DIRECT &&
	    (!boot_file_check(vm->kernel_path, err) || !boot_file_check(vm->initrd_path, err)))
		return false;
	if (vm->fence != NULL && !slirp_guard_provide(vm->fence, err))
		return false;
	(void)unlink(vm->agent_socket);
	for (size_t i = 0; i < vm->disk_count; i++) {
		const struct vm_disk *disk = &vm->disks[i];
		if (!(disk->is_scratch ? scratch_file_provide : volume_disk_provide)(disk, err))
			return false;
	}
	return true;
}

static bool start_shares(const struct vm_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct vm_mount *mount = &plan->mounts[i];
		const struct share_options options = {.folder = mount->path,
						      .socket = mount->socket,
						      .is_read_only = mount->is_read_only};
		if (!share_start(&options, err))
			return false;
	}
	return true;
}

static void end_shares(const struct vm_plan *plan, void (*end)(const char *socket_path))
{
	for (size_t i = 0; i < plan->mount_count; i++)
		end(plan->mounts[i].socket);
}

static bool start_cold(virConnectPtr connection, const struct vm_plan *plan, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;

	domain_xml_write(plan, &xml);
	AUTO_DOMAIN virDomainPtr domain = virDomainCreateXML(connection, strbuf_text(&xml), 0);
	return domain != NULL || connection_error(err, "cannot start the VM");
}

bool domain_create(virConnectPtr connection, struct vm_plan *plan, struct template_use *ret,
		   struct error *err)
{
	/*
	 * A host that was killed may have asked for it, and libvirt went on: nobody talks to that
	 * one, and what is prepared here takes its socket away.
	 */
	if (!domain_destroy(connection, plan->uuid, err) || !prepare(plan, err))
		return false;
	if (!start_shares(plan, err) || !qemu_access_grant(connection, plan, err)) {
		end_shares(plan, share_drop);
		return false;
	}
	bool is_good = (plan->may_be_warm && template_vm_start(connection, plan, ret)) ||
		       start_cold(connection, plan, err);
	end_shares(plan, is_good ? share_forget : share_drop);
	return is_good;
}

bool domain_destroy(virConnectPtr connection, const char *uuid, struct error *err)
{
	AUTO_DOMAIN virDomainPtr domain = virDomainLookupByUUIDString(connection, uuid);

	if (domain == NULL && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		return true;
	if (domain == NULL)
		return connection_error(err, "cannot find the VM");
	if (virDomainDestroy(domain) == 0 || virDomainIsActive(domain) == 0)
		return true;
	return connection_error(err, "cannot stop the VM");
}

bool domain_suspend(virConnectPtr connection, const char *uuid, struct error *err)
{
	AUTO_DOMAIN virDomainPtr domain = virDomainLookupByUUIDString(connection, uuid);

	return (domain != NULL && virDomainSuspend(domain) == 0) ||
	       connection_error(err, "cannot pause the VM");
}

bool domain_resume(virConnectPtr connection, const char *uuid, struct error *err)
{
	AUTO_DOMAIN virDomainPtr domain = virDomainLookupByUUIDString(connection, uuid);

	return (domain != NULL && virDomainResume(domain) == 0) ||
	       connection_error(err, "cannot let the VM go on");
}

void domain_list_clear(struct domain_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].metadata);
		string_list_clear(&list->items[i].disks);
	}
	free(list->items);
	*list = (struct domain_list){0};
}

/*
 * The value of an attribute in one of libvirt's elements, unescaped as file names need it. Owned.
 */
static char *attribute(const char *element, const char *end, const char *name)
{
	AUTO_FREE char *key = xasprintf(" %s=", name);
	const char *at = strstr(element, key);

	if (at == NULL || at >= end)
		return NULL;
	at += strlen(key);
	const char *close = strchr(at + 1, at[0]);
	if ((at[0] != '\'' && at[0] != '"') || close == NULL || close > end)
		return NULL;
	AUTO(strbuf_clear) struct strbuf value = STRBUF_INIT;
	static const char *const escapes[][2] = {
		{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&apos;", "'"}, {"&quot;", "\""}};
	for (at++; at < close;) {
		size_t i = 0;
		while (i < ARRAY_SIZE(escapes) &&
		       strncmp(at, escapes[i][0], strlen(escapes[i][0])) != 0)
			i++;
		strbuf_append_char(&value, i < ARRAY_SIZE(escapes) ? escapes[i][1][0] : *at);
		at += i < ARRAY_SIZE(escapes) ? strlen(escapes[i][0]) : 1;
	}
	return strbuf_take(&value);
}

void domain_disks_read(const char *xml, struct string_list *ret)
{
	const char *end;

	for (const char *at = strstr(xml, "<disk "); at != NULL; at = strstr(end, "<disk ")) {
		end = strstr(at, "</disk>");
		if (end == NULL)
			return;
		const char *source = strstr(at, "<source ");
		const char *read_only = strstr(at, "<readonly");
		if (source == NULL || source > end || (read_only != NULL && read_only < end))
			continue;
		char *path = attribute(source, end, "file");
		if (path != NULL)
			string_list_take(ret, path);
	}
}

static bool is_of(const char *metadata, const char *scope)
{
	AUTO(vm_identity_clear) struct vm_identity identity = {0};

	if (!vm_identity_parse(metadata, &identity))
		return false;
	size_t length = strlen(identity.project);
	return strncmp(scope, identity.project, length) == 0 &&
	       (scope[length] == '\0' || scope[length] == '@');
}

/* Who it is, if it is one of this project's. */
static void ask_identity(struct hypervisor_domain *found, virDomainPtr domain, const char *scope)
{
	AUTO_FREE char *metadata = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT,
							VM_METADATA_URI, VIR_DOMAIN_AFFECT_LIVE);

	if (metadata == NULL || !is_of(metadata, scope))
		return;
	AUTO_FREE char *xml = virDomainGetXMLDesc(domain, 0);
	if (xml != NULL)
		domain_disks_read(xml, &found->disks);
	found->metadata = TAKE_PTR(metadata);
}

static void add_domain(struct domain_list *list, virDomainPtr domain, const char *scope,
		       const struct string_list *known)
{
	struct hypervisor_domain found = {0};
	int state = 0;
	int reason = 0;

	if (virDomainGetUUIDString(domain, found.uuid) < 0)
		return;
	/* One that ended meanwhile is not there; one that cannot be asked is. */
	if (virDomainGetState(domain, &state, &reason, 0) < 0) {
		if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
			return;
	} else if (state == VIR_DOMAIN_SHUTOFF) {
		return;
	}
	found.is_paused = state == VIR_DOMAIN_PAUSED;
	found.is_paused_by_disk = found.is_paused && reason == VIR_DOMAIN_PAUSED_IOERROR;
	if (!string_list_has(known, found.uuid))
		ask_identity(&found, domain, scope);
	*ARRAY_APPEND(list->items, list->count) = found;
}

bool domain_list_make(virConnectPtr connection, const char *scope, const struct string_list *known,
		      struct domain_list *ret, struct error *err)
{
	virDomainPtr *domains = NULL;
	int count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

	if (count < 0)
		return connection_error(err, "cannot list the VMs");
	*ret = (struct domain_list){0};
	for (int i = 0; i < count; i++) {
		add_domain(ret, domains[i], scope, known);
		(void)virDomainFree(domains[i]);
	}
	free(domains);
	return true;
}
