/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"

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
