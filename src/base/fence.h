/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_FENCE_H
#define I2KIT_BASE_FENCE_H

/*
 * Fences that a process puts around itself, for good: seccomp(2) filters by libseccomp, and
 * landlock(7). What is behind which of them is listed in doc/security.md. Where the kernel has no
 * seccomp it is an error; one without landlock (older than 5.13, or switched off) goes without.
 */

#include <stdbool.h>

#include "base/error.h"
#include "base/string_list.h"

/*
 * For a program that serves files to a guest and is executed next: it can make nothing set-uid or
 * set-gid and no device, whatever it may do otherwise. is_one_user: it cannot become another user
 * either; asked to, it stays who it is and is not told, as files of a guest's users are then this
 * user's.
 */
MUST_CHECK bool fence_file_server(bool is_one_user, struct error *err);

/*
 * What a process may still do behind a fence that is around all of it, every thread that it starts.
 * It starts no program, looks into no other process and sends none a signal, changes neither the
 * kernel nor its clock nor its keys, makes no mounts and no user namespaces, and uses no rings and
 * handles that go round other fences; its sockets are those of the internet, of files (where said
 * so) and for asking about routes. no_new_privs comes with it.
 */
struct fence {
	const struct string_list *writes; /* folders below which it reads and writes */
	/* Files and folders that it reads; what programs of any kind need of the system's comes with
	 * them: libraries, certificates, names, /proc. */
	const struct string_list *reads;
	/* Files that may be executed, and stay behind it, too; NULL or empty: none. */
	const struct string_list *programs;
	bool may_use_files;    /* sockets that are files: libvirt's, the supervisor's */
	bool may_set_networks; /* makes and enters network namespaces, and changes what is in them */
	bool has_no_tcp;       /* connects to no TCP port (kernels from 6.7) */
};

/*
 * Puts the calling process behind it, for good. It must not have begun another thread, which would
 * stay outside: ERROR_INVALID then. Folders that do not exist are left out.
 */
MUST_CHECK bool fence_enter(const struct fence *fence, struct error *err);

/*
 * The calling thread and the program that it starts next, which answers connections on sockets that
 * it is given: it reads `reads` and what programs need of the system, writes nowhere, executes that
 * program alone, binds no address and connects to nobody, and does what fence_calls() leaves.
 */
MUST_CHECK bool fence_proxy(const char *program, const struct string_list *reads,
			    struct error *err);

/* The calling thread, and what it starts, make none of the calls that nothing of i2kit needs. */
MUST_CHECK bool fence_calls(struct error *err);

#endif
