/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fence_places.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
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
#define ACCESS_FS_REFER	      (1ULL << 13) /* version 2 */
#define ACCESS_FS_TRUNCATE    (1ULL << 14) /* version 3 */
#define ACCESS_NET_CONNECT    (1ULL << 1)  /* version 4 */
#define SCOPE_ABSTRACT_SOCKET (1ULL << 0)  /* version 6 */
#define SCOPE_SIGNAL	      (1ULL << 1)

#define READS ((uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR))
/* What may be allowed on something that is no folder. */
#define OF_FILES                                                                                   \
	((uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |                 \
		    LANDLOCK_ACCESS_FS_EXECUTE) |                                                  \
	 ACCESS_FS_TRUNCATE)

/* The kernel takes less than it knows, and refuses bytes that it does not know unless they are 0. */
struct attributes {
	uint64_t files;
	uint64_t network; /* version 4 */
	uint64_t scope;	  /* version 6 */
};

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

static bool allow(int rules, const char *path, uint64_t access, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR ||
		       error_set_errno(err, errno, "%s", path);
	if (fstat(fd, &st) < 0)
		return error_set_errno(err, errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ||
	       error_set_errno(err, errno, "landlock: %s", path);
}

static bool allow_all(int rules, const struct string_list *paths, uint64_t access,
		      struct error *err)
{
	for (size_t i = 0; paths != NULL && i < paths->count; i++) {
		if (!allow(rules, paths->items[i], access, err))
			return false;
	}
	return true;
}

/*
 * What programs of any kind are made of and look at. Not /etc and /run as a whole: there are keys
 * and other users' files in them, which root may read.
 */
static const char *const system_reads[] = {"/usr",
					   "/lib",
					   "/lib64",
					   "/nix/store",
					   "/proc",
					   "/sys",
					   "/etc/ssl/certs", /* not /etc/ssl/private */
					   "/etc/ssl/cert.pem",
					   "/etc/ssl/openssl.cnf",
					   "/etc/pki/ca-trust",
					   "/etc/pki/tls/certs",
					   "/etc/pki/tls/cert.pem",
					   "/etc/pki/tls/openssl.cnf",
					   "/etc/ca-certificates",
					   "/etc/crypto-policies",
					   "/etc/gnutls",
					   "/var/lib/ca-certificates",
					   "/etc/containers",
					   "/etc/docker/certs.d",
					   "/etc/docker/daemon.json",
					   "/etc/libvirt/libvirt.conf",
					   "/etc/libvirt/auth.conf",
					   "/etc/resolv.conf",
					   "/run/systemd/resolve",
					   "/run/resolvconf",
					   "/run/NetworkManager",
					   "/etc/hosts",
					   "/etc/host.conf",
					   "/etc/nsswitch.conf",
					   "/etc/gai.conf",
					   "/etc/passwd",
					   "/etc/group",
					   "/etc/services",
					   "/etc/protocols",
					   "/etc/localtime",
					   "/etc/ld.so.cache",
					   "/etc/machine-id",
					   "/dev/random",
					   "/dev/urandom",
					   "/dev/zero"};

static bool allow_system(int rules, uint64_t writes, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(system_reads); i++) {
		if (!allow(rules, system_reads[i], READS, err))
			return false;
	}
	return allow(rules, "/dev/null", READS | writes, err);
}

bool fence_places(const struct fence *fence, struct error *err)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct attributes attributes = {.files = READS | LANDLOCK_ACCESS_FS_EXECUTE};

	if (version < 1) {
		log_verbose("no landlock: %s", strerror(errno));
		return true;
	}
	uint64_t writes = writes_of(version);
	attributes.files |= writes;
	if (version >= 4 && fence->has_no_tcp)
		attributes.network = ACCESS_NET_CONNECT;
	if (version >= 6)
		attributes.scope = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	AUTO_CLOSE int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes,
					    version >= 6   ? sizeof(attributes)
					    : version >= 4 ? 2 * sizeof(uint64_t)
							   : sizeof(uint64_t),
					    0);
	if (rules < 0)
		return error_set_errno(err, errno, "landlock");
	if (!allow_system(rules, writes, err) ||
	    !allow_all(rules, fence->writes, READS | writes, err) ||
	    !allow_all(rules, fence->reads, READS, err) ||
	    !allow_all(rules, fence->programs, READS | LANDLOCK_ACCESS_FS_EXECUTE, err))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return error_set_errno(err, errno, "landlock");
	return true;
}
