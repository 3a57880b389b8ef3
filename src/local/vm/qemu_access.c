/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/qemu_access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "local/vm/connection.h"

static void auto_acl(acl_t *acl)
{
	if (*acl != NULL)
		(void)acl_free(*acl);
}

/* Behind `</model>` of dac: `<doi>0</doi> <baselabel type='kvm'>+64055:+64055</baselabel>`. */
bool qemu_access_user(const char *capabilities, unsigned *ret_uid)
{
	const char *at = strstr(capabilities, "<model>dac</model>");
	char digits[12] = {0};
	uint64_t uid = 0;

	at = at != NULL ? strstr(at, "<baselabel") : NULL;
	at = at != NULL ? strchr(at, '>') : NULL;
	if (at == NULL || at[1] != '+' || strspn(at + 2, "0123456789") >= sizeof(digits))
		return false;
	memcpy(digits, at + 2, strspn(at + 2, "0123456789"));
	if (!parse_u64(digits, 0, UINT32_MAX, &uid))
		return false;
	*ret_uid = (unsigned)uid;
	return true;
}

static acl_entry_t find_user(acl_t acl, unsigned uid)
{
	acl_entry_t entry = NULL;

	for (int more = acl_get_entry(acl, ACL_FIRST_ENTRY, &entry); more == 1;
	     more = acl_get_entry(acl, ACL_NEXT_ENTRY, &entry)) {
		acl_tag_t tag;
		if (acl_get_tag_type(entry, &tag) < 0 || tag != ACL_USER)
			continue;
		uid_t *user = acl_get_qualifier(entry);
		bool is_it = user != NULL && *user == uid;
		(void)acl_free(user);
		if (is_it)
			return entry;
	}
	return NULL;
}

static bool add_permission(const char *path, unsigned uid, acl_perm_t permission)
{
	AUTO(auto_acl) acl_t acl = acl_get_file(path, ACL_TYPE_ACCESS);
	acl_permset_t set = NULL;

	if (acl == NULL)
		return false;
	acl_entry_t entry = find_user(acl, uid);
	if (entry == NULL &&
	    (acl_create_entry(&acl, &entry) < 0 || acl_set_tag_type(entry, ACL_USER) < 0 ||
	     acl_set_qualifier(entry, &(uid_t){uid}) < 0))
		return false;
	return acl_get_permset(entry, &set) == 0 && acl_add_perm(set, permission) == 0 &&
	       acl_set_permset(entry, set) == 0 && acl_calc_mask(&acl) == 0 &&
	       acl_set_file(path, ACL_TYPE_ACCESS, acl) == 0;
}

static bool allow_one(const char *path, unsigned uid, acl_perm_t permission, mode_t others,
		      struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set_errno(err, errno, "%s", path);
	if ((st.st_mode & others) != 0 || st.st_uid == uid || add_permission(path, uid, permission))
		return true;
	(void)error_set_errno(err, errno, "QEMU's user %u cannot reach %s: an ACL", uid, path);
	return error_hint(err, "chmod o+%s %s, or use --connect qemu:///session",
			  permission == ACL_EXECUTE ? "x" : "r", path);
}

bool qemu_access_allow(const char *path, unsigned uid, bool may_read, struct error *err)
{
	AUTO_FREE char *folder = xstrdup(path);

	for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		bool is_allowed = allow_one(folder, uid, ACL_EXECUTE, S_IXOTH, err);
		*slash = '/';
		if (!is_allowed)
			return false;
	}
	return !may_read || allow_one(path, uid, ACL_READ, S_IROTH, err);
}

/* *ret_uid 0: nobody else than whose files they are. */
static bool ask_user(virConnectPtr connection, const struct vm_plan *plan, unsigned *ret_uid,
		     struct error *err)
{
	*ret_uid = 0;
	if (plan->owner_uid != 0)
		return true; /* QEMU runs as the user whose files they are */
	AUTO_FREE char *capabilities = virConnectGetCapabilities(connection);
	if (capabilities == NULL)
		return connection_error(err, "cannot ask whom QEMU runs as");
	if (!qemu_access_user(capabilities, ret_uid))
		*ret_uid = 0;
	return true;
}

bool qemu_access_memory(virConnectPtr connection, const struct vm_plan *plan, struct error *err)
{
	unsigned uid = 0;

	if (!ask_user(connection, plan, &uid, err))
		return false;
	return uid == 0 || (qemu_access_allow(plan->memory_file, uid, true, err) &&
			    (plan->memory_is_read_only ||
			     allow_one(plan->memory_file, uid, ACL_WRITE, S_IWOTH, err)));
}

bool qemu_access_grant(virConnectPtr connection, const struct vm_plan *plan, struct error *err)
{
	unsigned uid = 0;

	if (!ask_user(connection, plan, &uid, err))
		return false;
	if (uid == 0)
		return true;
	for (size_t i = 0; i < plan->mount_count; i++) {
		/* It connects once; then the socket is removed. */
		if (!qemu_access_allow(plan->mounts[i].socket, uid, false, err))
			return false;
		if (chown(plan->mounts[i].socket, uid, (gid_t)-1) < 0)
			return error_set_errno(err, errno, "%s", plan->mounts[i].socket);
	}
	/* What it cannot read it goes without, and that is its fence. */
	if (plan->fence != NULL && !qemu_access_allow(plan->fence, uid, true, err))
		return false;
	if (!qemu_access_allow(plan->disk_path, uid, true, err))
		return false;
	if (plan->firmware == FIRMWARE_DIRECT &&
	    (!qemu_access_allow(plan->kernel_path, uid, true, err) ||
	     !qemu_access_allow(plan->initrd_path, uid, true, err)))
		return false;
	for (size_t i = 0; i < plan->disk_count; i++) {
		if (!qemu_access_allow(plan->disks[i].path, uid, plan->disks[i].is_read_only, err))
			return false;
	}
	return true;
}
