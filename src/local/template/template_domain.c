/* SPDX-License-Identifier: Apache-2.0 */
#include "local/template/template_domain.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/pod/boot_files.h"
#include "local/template/memory_mode.h"
#include "local/template/save_file.h"
#include "local/template/template_host.h"
#include "local/vm/connection.h"
#include "local/vm/domain_xml.h"
#include "local/vm/qemu_access.h"
#include "local/vm/scratch_file.h"
#include "local/vm/slirp_guard.h"
#include "local/vm/vm_identity.h"

void template_use_clear(struct template_use *use)
{
	free(use->why_cold);
	*use = (struct template_use){0};
}

void template_work_free(struct template_work *work)
{
	if (work == NULL)
		return;
	vm_plan_clear(&work->vm);
	free(work->scope);
	strbuf_clear(&work->text);
	free(work);
}

/* ---- going on from one ---- */

/* In memory where there is plenty, since it lives for a moment; owned. */
static char *choose_place(const char *uuid, uint64_t size_bytes)
{
	AUTO_FREE char *below = xasprintf("vm/%s.save", uuid);
	AUTO_FREE char *memory = path_folder(PATH_RUNTIME, "vm");
	struct statfs room;

	if (statfs(memory, &room) == 0 && room.f_type == TMPFS_MAGIC &&
	    (uint64_t)room.f_bavail * (uint64_t)room.f_bsize >= 4 * size_bytes)
		return path_folder(PATH_RUNTIME, below);
	AUTO_FREE char *other = xasprintf("warm/%s.draft", uuid);
	return path_folder(PATH_CACHE, other);
}

static bool write_file(const char *path, const char *xml, const struct template_entry *entry,
		       int stream, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf head = STRBUF_INIT;

	(void)unlink(path);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(err, errno, "%s", path);
	save_header_write(xml, &head);
	return fd_write_all(fd, strbuf_text(&head), head.size, err) &&
	       template_copy(entry, stream, fd, err);
}

/* What libvirt may have left of a start that came to nothing. */
static void destroy(virConnectPtr connection, const char *uuid)
{
	AUTO_DOMAIN virDomainPtr domain = virDomainLookupByUUIDString(connection, uuid);

	if (domain != NULL)
		(void)virDomainDestroy(domain);
}

/* Decides how a VM has a template's memory, by what QEMU and libvirt are here. */
static void choose_memory(virConnectPtr connection, struct vm_plan *vm)
{
	struct memory_mode_facts facts = {.wanted = getenv(MEMORY_MODE_VARIABLE),
					  .is_kvm = vm->is_kvm,
					  .has_failed = template_map_has_failed()};
	AUTO_FREE char *capabilities = NULL;

	if (virConnectGetVersion(connection, &facts.qemu_version) < 0)
		facts.qemu_version = 0;
	vm->memory_is_read_only = facts.qemu_version >= MEMORY_READ_ONLY_QEMU;
	vm->maps_memory = memory_mode_is_map(&facts);
	if (vm->maps_memory) {
		capabilities = virConnectGetCapabilities(connection);
		facts.is_confined = capabilities == NULL || memory_mode_is_confined(capabilities);
		vm->maps_memory = memory_mode_is_map(&facts);
	}
}

/* What it maps is there, and QEMU can open it. */
static bool provide_memory(virConnectPtr connection, struct vm_plan *plan,
			   const struct template_entry *entry, struct error *err)
{
	if (!plan->maps_memory)
		return true;
	if (entry->memory_bytes != plan->memory_bytes)
		return error_set(err, ERROR_CORRUPT, "the template's memory is of another size");
	plan->memory_file = template_memory(entry, plan->uuid, err);
	return plan->memory_file != NULL && qemu_access_memory(connection, plan, err);
}

static bool restore(virConnectPtr connection, struct vm_plan *plan,
		    const struct template_entry *entry, int stream, struct error *err)
{
	AUTO_FREE char *path = choose_place(plan->uuid, entry->size_bytes);
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;

	bool is_good = provide_memory(connection, plan, entry, err);
	plan->is_warm = true;
	domain_xml_write(plan, &xml);
	is_good = is_good && write_file(path, strbuf_text(&xml), entry, stream, err);
	if (is_good && virDomainRestoreFlags(connection, path, NULL, VIR_DOMAIN_SAVE_RUNNING) < 0) {
		is_good = connection_error(err, "the template does not go on");
		destroy(connection, plan->uuid);
	}
	(void)unlink(path);
	if (plan->memory_file != NULL)
		(void)unlink(plan->memory_file);
	plan->is_warm = is_good;
	return is_good;
}

static bool start(virConnectPtr connection, struct vm_plan *plan, struct template_use *ret)
{
	AUTO(error_clear) struct error why = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct template_entry entry;

	if (!template_identify(connection, plan, &ret->key, &text, &why)) {
		ret->why_cold = xstrdup(why.message);
		return false;
	}
	AUTO_CLOSE int stream = template_open(&ret->key, &entry, &why);
	if (stream < 0) {
		ret->why_cold = xstrdup(why.message);
		return false;
	}
	ret->is_warm = restore(connection, plan, &entry, stream, &why);
	ret->is_mapped = ret->is_warm && plan->maps_memory;
	if (ret->is_warm)
		return true;
	ret->has_failed = true;
	ret->why_cold = xstrdup(why.message);
	template_fail(&ret->key);
	return false;
}

bool template_vm_start(virConnectPtr connection, struct vm_plan *plan, struct template_use *ret)
{
	choose_memory(connection, plan);
	if (start(connection, plan, ret))
		return true;
	/* Its memory is its own, and it gives back what it does not need. */
	plan->maps_memory = false;
	free(TAKE_PTR(plan->memory_file));
	return false;
}

/* ---- making one ---- */

static void replace(char **text, char *with)
{
	free(*text);
	*text = with;
}

/*
 * Disks are blank files of the same size: none of them is read before the release comes, and then
 * they are the instance's.
 */
static void take_disks(struct vm_plan *vm)
{
	for (size_t i = 0; i < vm->disk_count; i++) {
		struct vm_disk *disk = &vm->disks[i];
		AUTO_FREE char *name = xasprintf("template.%zu", i);
		disk->size_bytes = template_disk_bytes(disk);
		replace(&disk->path, scratch_file_path(vm->project, name));
		free(TAKE_PTR(disk->former_path));
		disk->is_scratch = true;
	}
}

/* From an instance's plan to one that is nobody's. */
static void take_identity(struct template_work *work)
{
	struct vm_plan *vm = &work->vm;
	const char *slash = strrchr(vm->console_log, '/');

	take_disks(vm);
	vm_uuid_make(vm->project_id, "/template", vm->uuid);
	vm_mac_make(vm->uuid, vm->mac);
	vm->tap[0] = '\0';
	AUTO_FREE char *socket = xasprintf("vm/%.13s.sock", vm->uuid);
	replace(&vm->agent_socket, path_folder(PATH_RUNTIME, socket));
	replace(&vm->console_log,
		xasprintf("%.*s/template.log", (int)(slash - vm->console_log), vm->console_log));
	replace(&vm->domain, xasprintf("i2kit-%s.template", work->scope));
	if (vm->egress != NULL)
		replace(&vm->egress, xstrdup("none"));
	free(TAKE_PTR(vm->address));
	free(TAKE_PTR(vm->filter));
	free(TAKE_PTR(vm->project));
}

static bool make_file(const char *path, uint64_t size_bytes, struct error *err)
{
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	(void)unlink(path);
	if (!path_make_folders(folder, 0700, err))
		return false;
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return (fd >= 0 && ftruncate(fd, (off_t)size_bytes) == 0) ||
	       error_set_errno(err, errno, "%s", path);
}

static bool prepare(const struct vm_plan *vm, struct error *err)
{
	AUTO_FREE char *sockets = path_folder(PATH_RUNTIME, "vm");

	if (!path_make_folders(sockets, 0700, err) || !make_file(vm->console_log, 0, err) ||
	    !boot_file_check(vm->kernel_path, err) || !boot_file_check(vm->initrd_path, err))
		return false;
	if (vm->fence != NULL && !slirp_guard_provide(vm->fence, err))
		return false;
	(void)unlink(vm->agent_socket);
	for (size_t i = 0; i < vm->disk_count; i++) {
		if (!make_file(vm->disks[i].path, vm->disks[i].size_bytes, err))
			return false;
	}
	return true;
}

static bool is_there(const struct digest *key, struct error *err)
{
	AUTO(error_clear) struct error why = ERROR_INIT;
	struct template_entry entry;
	AUTO_CLOSE int fd = template_open(key, &entry, &why);

	if (fd < 0 && why.kind == ERROR_UNSUPPORTED)
		(void)error_move(err, &why);
	return fd >= 0;
}

bool template_vm_boot(virConnectPtr connection, struct template_work *work, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf xml = STRBUF_INIT;
	AUTO(error_clear) struct error refusal = ERROR_INIT;

	if (template_budget() == 0)
		return error_set(err, ERROR_UNSUPPORTED, "I2KIT_WARM_BUDGET allows for none");
	choose_memory(connection, &work->vm);
	if (!template_identify(connection, &work->vm, &work->key, &work->text, err))
		return false;
	work->is_there = is_there(&work->key, &refusal);
	if (refusal.kind != ERROR_NONE)
		return error_move(err, &refusal);
	if (work->is_there)
		return true;
	take_identity(work);
	destroy(connection, work->vm.uuid); /* of one who was killed */
	if (!prepare(&work->vm, err) || !qemu_access_grant(connection, &work->vm, err))
		return false;
	domain_xml_write(&work->vm, &xml);
	AUTO_DOMAIN virDomainPtr domain =
		virDomainCreateXML(connection, strbuf_text(&xml), VIR_DOMAIN_START_AUTODESTROY);
	return domain != NULL || connection_error(err, "cannot start the template");
}

static bool save(virConnectPtr connection, const struct template_work *work, const char *draft,
		 struct error *err)
{
	AUTO_DOMAIN virDomainPtr domain = virDomainLookupByUUIDString(connection, work->vm.uuid);

	return (domain != NULL && virDomainSaveFlags(domain, draft, NULL, 0) == 0) ||
	       connection_error(err, "cannot save the template");
}

bool template_vm_save(virConnectPtr connection, struct template_work *work, struct error *err)
{
	AUTO_FREE char *draft = template_draft(work->vm.uuid, err);

	if (draft == NULL)
		return false;
	bool is_good = save(connection, work, draft, err) &&
		       template_add(&work->key, strbuf_text(&work->text), draft,
				    work->vm.maps_memory, &work->made, err);
	(void)unlink(draft);
	return is_good;
}

bool template_vm_end(virConnectPtr connection, struct template_work *work, struct error *err)
{
	(void)err;
	/* It did not get as far: what is in the plan is the instance's. */
	if (work->vm.project != NULL)
		return true;
	destroy(connection, work->vm.uuid);
	(void)unlink(work->vm.agent_socket);
	(void)unlink(work->vm.console_log);
	for (size_t i = 0; i < work->vm.disk_count; i++)
		(void)unlink(work->vm.disks[i].path);
	return true;
}
