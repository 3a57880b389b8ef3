/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fence.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/fence_places.h"

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
					 "fsopen",     "fsmount",   "fsconfig",	     "fspick",
					 "move_mount", "open_tree", "mount_setattr", NULL};

static const char *const for_programs[] = {"execve", "execveat", NULL};

/* clone3() takes its flags where a filter does not see them; glibc knows the older one. */
static bool refuse_namespaces(scmp_filter_ctx filter, bool may_set_networks)
{
	static const uint64_t all = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	const uint32_t no = SCMP_ACT_ERRNO(EPERM);
	int clone3 = seccomp_syscall_resolve_name("clone3");
	int status = 0;

	if (clone3 != __NR_SCMP_ERROR)
		status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0);
	for (unsigned bit = 0; status == 0 && bit < 64; bit++) {
		uint64_t flag = 1ULL << bit;
		if ((all & flag) != 0)
			status = seccomp_rule_add(filter, no, SCMP_SYS(clone), 1,
						  SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
	}
	if (status == 0 && !may_set_networks)
		status = seccomp_rule_add(filter, no, SCMP_SYS(unshare), 0);
	if (status == 0 && !may_set_networks)
		return seccomp_rule_add(filter, no, SCMP_SYS(setns), 0) == 0;
	return status == 0 &&
	       seccomp_rule_add(filter, no, SCMP_SYS(unshare), 1,
				SCMP_A0(SCMP_CMP_NE, CLONE_NEWNET)) == 0 &&
	       seccomp_rule_add(filter, no, SCMP_SYS(setns), 1,
				SCMP_A1(SCMP_CMP_NE, CLONE_NEWNET)) == 0;
}

/* AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK are 1, 2, 10 and 16. */
static bool refuse_sockets(scmp_filter_ctx filter, bool may_use_files)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	const uint32_t no = SCMP_ACT_ERRNO(EACCES);
	unsigned first = 0;
	int status = 0;

	/* All that lie between those that are used. */
	for (size_t i = may_use_files ? 0 : 1; status == 0 && i < ARRAY_SIZE(families); i++) {
		for (; status == 0 && first < (unsigned)families[i]; first++)
			status = seccomp_rule_add(filter, no, SCMP_SYS(socket), 1,
						  SCMP_A0(SCMP_CMP_EQ, first));
		first++;
	}
	if (status == 0)
		status = seccomp_rule_add(filter, no, SCMP_SYS(socket), 1,
					  SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
	if (status == 0)
		status = seccomp_rule_add(filter, no, SCMP_SYS(socket), 2,
					  SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
					  SCMP_A2(SCMP_CMP_NE, NETLINK_ROUTE));
	for (size_t i = 1; status == 0 && i < 3; i++)
		status = seccomp_rule_add(filter, no, SCMP_SYS(socket), 2,
					  SCMP_A0(SCMP_CMP_EQ, (unsigned)families[i]),
					  SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW));
	return status == 0;
}

static bool load(scmp_filter_ctx filter, struct error *err)
{
	int status = seccomp_load(filter);

	return status == 0 || error_set_errno(err, -status, "seccomp");
}

bool fence_calls(struct error *err)
{
	AUTO(auto_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter == NULL || !refuse_calls(filter, needless))
		return error_set(err, ERROR_SYSTEM, "cannot make the filter of system calls");
	return load(filter, err);
}

/* The dynamic loader is executed, too, as the kernel sees it. */
static void add_loaders(struct string_list *programs)
{
	static const char *const loaders[] = {
		"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-linux.so.2",
		"/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"};

	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++)
		string_list_add(programs, loaders[i]);
}

bool fence_proxy(const char *program, const struct string_list *reads, struct error *err)
{
	static const char *const connecting[] = {"connect", "bind", NULL};
	AUTO(string_list_clear) struct string_list programs = STRING_LIST_INIT;
	const struct fence fence = {.reads = reads, .programs = &programs, .has_no_tcp = true};
	AUTO(auto_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	string_list_add(&programs, program);
	add_loaders(&programs);
	if (!fence_places(&fence, err))
		return false;
	if (filter == NULL || !refuse_calls(filter, needless) ||
	    !refuse_calls(filter, for_mounts) || !refuse_calls(filter, connecting) ||
	    !refuse_namespaces(filter, false))
		return error_set(err, ERROR_SYSTEM, "cannot make the filter of system calls");
	return load(filter, err);
}

static bool is_one_thread(struct error *err)
{
	struct stat st;

	/* A link for each thread, and two as every folder. */
	if (stat("/proc/self/task", &st) < 0)
		return error_set_errno(err, errno, "/proc/self/task");
	return st.st_nlink == 3 ||
	       error_set(err, ERROR_INVALID, "a fence would leave %u threads outside",
			 (unsigned)st.st_nlink - 3);
}

bool fence_enter(const struct fence *fence, struct error *err)
{
	AUTO(auto_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	AUTO(string_list_clear) struct string_list programs = STRING_LIST_INIT;
	struct fence places = *fence;
	const bool has_programs = fence->programs != NULL && fence->programs->count > 0;

	if (has_programs) {
		string_list_copy(&programs, fence->programs);
		add_loaders(&programs);
		places.programs = &programs;
	}
	if (!is_one_thread(err) || !fence_places(&places, err))
		return false;
	if (filter == NULL || !refuse_calls(filter, needless) ||
	    !refuse_calls(filter, for_mounts) ||
	    (!has_programs && !refuse_calls(filter, for_programs)) ||
	    !refuse_namespaces(filter, fence->may_set_networks) ||
	    !refuse_sockets(filter, fence->may_use_files))
		return error_set(err, ERROR_SYSTEM, "cannot make the filter of system calls");
	return load(filter, err);
}
