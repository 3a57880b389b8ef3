/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/oci_seccomp.h"

#include <errno.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "base/alloc.h"

#define MASKED_EQ "SCMP_CMP_MASKED_EQ"
#define ALL_SET	  0x80000000U
#define PERSONALITY(flag)                                                                          \
	{                                                                                          \
		"personality", NULL, EPERM, 0, MASKED_EQ, ALL_SET | (flag), (flag)                 \
	}

const struct seccomp_rule seccomp_rules[] = {
	/* clone() may not make namespaces; clone3() hides its flags, so libc is told to use
	   clone(). */
	{"clone", "SYS_ADMIN", EPERM, 0, MASKED_EQ, CLONE_NEWNS, CLONE_NEWNS},
	{"clone", "SYS_ADMIN", EPERM, 0, MASKED_EQ, CLONE_NEWUTS, CLONE_NEWUTS},
	{"clone", "SYS_ADMIN", EPERM, 0, MASKED_EQ, CLONE_NEWIPC, CLONE_NEWIPC},
	{"clone", "SYS_ADMIN", EPERM, 0, MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER},
	{"clone", "SYS_ADMIN", EPERM, 0, MASKED_EQ, CLONE_NEWPID, CLONE_NEWPID},
	{"clone", "SYS_ADMIN", EPERM, 0, MASKED_EQ, CLONE_NEWNET, CLONE_NEWNET},
	{"clone", "SYS_ADMIN", EPERM, 0, MASKED_EQ, CLONE_NEWCGROUP, CLONE_NEWCGROUP},
	{"clone3", "SYS_ADMIN", ENOSYS, 0, NULL, 0, 0},
	{"unshare", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"setns", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"mount", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"mount_setattr", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"move_mount", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"open_tree", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"fsopen", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"fsconfig", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"fsmount", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"fspick", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"umount2", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"pivot_root", NULL, EPERM, 0, NULL, 0, 0},
	{"quotactl", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"quotactl_fd", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"sethostname", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"setdomainname", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"fanotify_init", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"lookup_dcookie", "SYS_ADMIN", EPERM, 0, NULL, 0, 0},
	{"bpf", "BPF", EPERM, 0, NULL, 0, 0},
	{"perf_event_open", "PERFMON", EPERM, 0, NULL, 0, 0},
	{"syslog", "SYSLOG", EPERM, 0, NULL, 0, 0},
	{"open_by_handle_at", "DAC_READ_SEARCH", EPERM, 0, NULL, 0, 0},
	{"acct", "SYS_PACCT", EPERM, 0, NULL, 0, 0},
	{"settimeofday", "SYS_TIME", EPERM, 0, NULL, 0, 0},
	{"clock_settime", "SYS_TIME", EPERM, 0, NULL, 0, 0},
	{"vhangup", "SYS_TTY_CONFIG", EPERM, 0, NULL, 0, 0},
	{"iopl", "SYS_RAWIO", EPERM, 0, NULL, 0, 0},
	{"ioperm", "SYS_RAWIO", EPERM, 0, NULL, 0, 0},
	{"reboot", "SYS_BOOT", EPERM, 0, NULL, 0, 0},
	{"kexec_load", NULL, EPERM, 0, NULL, 0, 0},
	{"kexec_file_load", NULL, EPERM, 0, NULL, 0, 0},
	{"init_module", "SYS_MODULE", EPERM, 0, NULL, 0, 0},
	{"finit_module", "SYS_MODULE", EPERM, 0, NULL, 0, 0},
	{"delete_module", "SYS_MODULE", EPERM, 0, NULL, 0, 0},
	{"add_key", NULL, EPERM, 0, NULL, 0, 0},
	{"keyctl", NULL, EPERM, 0, NULL, 0, 0},
	{"request_key", NULL, EPERM, 0, NULL, 0, 0},
	{"mbind", "SYS_NICE", EPERM, 0, NULL, 0, 0},
	{"get_mempolicy", "SYS_NICE", EPERM, 0, NULL, 0, 0},
	{"set_mempolicy", "SYS_NICE", EPERM, 0, NULL, 0, 0},
	{"set_mempolicy_home_node", "SYS_NICE", EPERM, 0, NULL, 0, 0},
	{"move_pages", NULL, EPERM, 0, NULL, 0, 0},
	{"migrate_pages", NULL, EPERM, 0, NULL, 0, 0},
	{"swapon", NULL, EPERM, 0, NULL, 0, 0},
	{"swapoff", NULL, EPERM, 0, NULL, 0, 0},
	{"userfaultfd", NULL, EPERM, 0, NULL, 0, 0},
	{"ustat", NULL, EPERM, 0, NULL, 0, 0},
	{"sysfs", NULL, EPERM, 0, NULL, 0, 0},
	{"io_uring_setup", NULL, EPERM, 0, NULL, 0, 0},
	{"io_uring_enter", NULL, EPERM, 0, NULL, 0, 0},
	{"io_uring_register", NULL, EPERM, 0, NULL, 0, 0},
	/* Flags that weaken a program's memory; all bits set is the question what is set. */
	PERSONALITY(ADDR_NO_RANDOMIZE),
	PERSONALITY(MMAP_PAGE_ZERO),
	PERSONALITY(ADDR_COMPAT_LAYOUT),
	PERSONALITY(READ_IMPLIES_EXEC),
	{"socket", NULL, EPERM, 0, "SCMP_CMP_EQ", AF_VSOCK, 0},
};
const size_t seccomp_rule_count = ARRAY_SIZE(seccomp_rules);

/* 32-bit programs may call socket(2) by a call whose arguments no filter sees; libc does without. */
const struct seccomp_rule seccomp_fence_rules[] = {
	{"socket", NULL, EPERM, 0, "SCMP_CMP_EQ", AF_PACKET, 0},
	{"socket", NULL, EPERM, 0, "SCMP_CMP_EQ", AF_XDP, 0},
	{"socketcall", NULL, ENOSYS, 0, NULL, 0, 0},
};
const size_t seccomp_fence_rule_count = ARRAY_SIZE(seccomp_fence_rules);
