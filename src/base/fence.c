/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"

/* Of later versions than Debian 12's header may know; linux/landlock.h. */
#define ACCESS_FS_REFER	   (1ULL << 13)
#define ACCESS_FS_TRUNCATE (1ULL << 14)

static void auto_filter(scmp_filter_ctx *filter)
{
	if (*filter != NULL)
		seccomp_release(*filter);
}

/* A call that has the bit (or, of several bits, exactly that value) in the argument is refused. */
struct refusal {
	int call;
	unsigned argument;
	mode_t mask;
	mode_t value;
};

static bool add_refusals(scmp_filter_ctx filter)
{
	static const struct refusal refusals[] = {
		{SCMP_SYS(chmod), 1, S_ISUID, S_ISUID},
		{SCMP_SYS(chmod), 1, S_ISGID, S_ISGID},
		{SCMP_SYS(fchmod), 1, S_ISUID, S_ISUID},
		{SCMP_SYS(fchmod), 1, S_ISGID, S_ISGID},
		{SCMP_SYS(fchmodat), 2, S_ISUID, S_ISUID},
		{SCMP_SYS(fchmodat), 2, S_ISGID, S_ISGID},
		{SCMP_SYS(creat), 1, S_ISUID, S_ISUID},
		{SCMP_SYS(creat), 1, S_ISGID, S_ISGID},
		{SCMP_SYS(open), 2, S_ISUID, S_ISUID},
		{SCMP_SYS(open), 2, S_ISGID, S_ISGID},
		{SCMP_SYS(openat), 3, S_ISUID, S_ISUID},
		{SCMP_SYS(openat), 3, S_ISGID, S_ISGID},
		{SCMP_SYS(mknod), 1, S_ISUID, S_ISUID},
		{SCMP_SYS(mknod), 1, S_ISGID, S_ISGID},
		{SCMP_SYS(mknod), 1, S_IFMT, S_IFCHR},
		{SCMP_SYS(mknod), 1, S_IFMT, S_IFBLK},
		{SCMP_SYS(mknodat), 2, S_ISUID, S_ISUID},
		{SCMP_SYS(mknodat), 2, S_ISGID, S_ISGID},
		{SCMP_SYS(mknodat), 2, S_IFMT, S_IFCHR},
		{SCMP_SYS(mknodat), 2, S_IFMT, S_IFBLK},
	};
	int status = 0;

	for (size_t i = 0; status == 0 && i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refusal->call, 1,
					  SCMP_CMP(refusal->argument, SCMP_CMP_MASKED_EQ,
						   refusal->mask, refusal->value));
	}
	return status == 0;
}

/* They take their arguments where a filter does not see them; their callers know the older ones. */
static bool add_absent(scmp_filter_ctx filter)
{
	static const char *const names[] = {"openat2", "fchmodat2", "io_uring_setup",
					    "name_to_handle_at", "open_by_handle_at"};
	int status = 0;

	for (size_t i = 0; status == 0 && i < ARRAY_SIZE(names); i++) {
		int call = seccomp_syscall_resolve_name(names[i]);
		/* libseccomp of before fchmodat2 (452 on every architecture) does not know it. */
		if (call == __NR_SCMP_ERROR && strcmp(names[i], "fchmodat2") == 0)
			call = 452;
		if (call != __NR_SCMP_ERROR)
			status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0);
	}
	return status == 0;
}

static bool add_one_user(scmp_filter_ctx filter)
{
	static const int calls[] = {SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setgroups)};
	int status = 0;

	for (size_t i = 0; status == 0 && i < ARRAY_SIZE(calls); i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(0), calls[i], 0);
	return status == 0;
}

bool fence_file_server(bool is_one_user, struct error *err)
{
	AUTO(auto_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter == NULL || !add_refusals(filter) || !add_absent(filter) ||
	    (is_one_user && !add_one_user(filter)))
		return error_set(err, ERROR_SYSTEM, "cannot make the filter of system calls");
	int status = seccomp_load(filter);
	return status == 0 || error_set_errno(err, -status, "seccomp");
}

/* By name: which of them there are depends on the architecture and on libseccomp's age. */
static bool refuse_calls(scmp_filter_ctx filter, const char *const *names)
{
	int status = 0;

	for (size_t i = 0; status == 0 && names[i] != NULL; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);
		if (call != __NR_SCMP_ERROR)
			status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
	}
	return status == 0;
}

static const char *const needless[] = {
	/* other processes */
	"ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "move_pages",
	/* the kernel, its modules, clock and keys */
	"kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "bpf",
	"perf_event_open", "add_key", "request_key", "keyctl", "reboot", "swapon", "swapoff",
	"acct", "settimeofday", "clock_settime", "sethostname", "setdomainname", "iopl", "ioperm",
	"quotactl", "vhangup", "lookup_dcookie", "uselib",
	/* ways round */
	"userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "open_by_handle_at",
	"fanotify_init", NULL};

static const char *const for_mounts[] = {"mount",      "umount2",   "pivot_root",    "chroot",
					 "unshare",    "setns",	    "fsopen",	     "fsmount",
					 "move_mount", "open_tree", "mount_setattr", NULL};

static bool load(bool may_mount, bool is_for_all, struct error *err)
{
	AUTO(auto_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter == NULL ||
	    (is_for_all && seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) < 0) ||
	    !refuse_calls(filter, needless) || (!may_mount && !refuse_calls(filter, for_mounts)))
		return error_set(err, ERROR_SYSTEM, "cannot make the filter of system calls");
	int status = seccomp_load(filter);
	return status == 0 || error_set_errno(err, -status, "seccomp");
}

bool fence_calls(struct error *err)
{
	return load(true, true, err);
}

/* All that changes the file system, as far as the kernel's version of landlock knows it. */
static uint64_t writes_of(long version)
{
	uint64_t writes = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
			  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
			  LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
			  LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
			  LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

	if (version >= 2)
		writes |= ACCESS_FS_REFER;
	if (version >= 3)
		writes |= ACCESS_FS_TRUNCATE;
	return writes;
}

static bool allow_below(int rules, const char *folder, uint64_t writes, struct error *err)
{
	AUTO_CLOSE int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {.allowed_access = writes, .parent_fd = fd};

	if (fd < 0)
		return errno == ENOENT || error_set_errno(err, errno, "%s", folder);
	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ||
	       error_set_errno(err, errno, "landlock: %s", folder);
}

bool fence_writes(const struct string_list *folders, struct error *err)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 1) {
		log_verbose("no landlock: %s", strerror(errno));
		return true;
	}
	struct landlock_ruleset_attr attributes = {.handled_access_fs = writes_of(version)};
	AUTO_CLOSE int rules =
		(int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (rules < 0)
		return error_set_errno(err, errno, "landlock");
	for (size_t i = 0; i < folders->count; i++) {
		if (!allow_below(rules, folders->items[i], attributes.handled_access_fs, err))
			return false;
	}
	if (!allow_below(rules, "/dev", attributes.handled_access_fs, err) ||
	    !allow_below(rules, "/proc", attributes.handled_access_fs, err))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return error_set_errno(err, errno, "landlock");
	return true;
}

struct fenced {
	const struct string_list *folders;
	fence_job_fn *job;
	void *arg;
	struct error *err;
	bool is_good;
};

static void *run_fenced(void *arg)
{
	struct fenced *fenced = arg;

	fenced->is_good = fence_writes(fenced->folders, fenced->err) &&
			  load(false, false, fenced->err) && fenced->job(fenced->arg, fenced->err);
	return NULL;
}

bool fence_run(const struct string_list *folders, fence_job_fn *job, void *arg, struct error *err)
{
	struct fenced fenced = {.folders = folders, .job = job, .arg = arg, .err = err};
	pthread_t thread;
	int status = pthread_create(&thread, NULL, run_fenced, &fenced);

	if (status != 0)
		return error_set_errno(err, status, "a thread");
	(void)pthread_join(thread, NULL);
	return fenced.is_good;
}
