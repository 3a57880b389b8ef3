/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_OCI_SECCOMP_H
#define I2KIT_GUEST_DOCUMENTS_OCI_SECCOMP_H

/*
 * What Docker's default profile keeps containers from, as the list of what is refused instead of
 * the list of what is allowed: for a kernel that is part of the image both say the same, and a
 * filter of 60 calls is made and checked faster than one of 350.
 */

#include <stddef.h>
#include <stdint.h>

struct seccomp_rule {
	const char *call;
	const char *unless_capability; /* allowed with this one, without CAP_; NULL: never */
	int error;		       /* errno */
	unsigned argument;	       /* the rule holds where argument `argument` … */
	const char *operator;	       /* … compares so, "SCMP_CMP_EQ" …; NULL: always */
	uint64_t value;
	uint64_t value_two;
};
extern const struct seccomp_rule seccomp_rules[];
extern const size_t seccomp_rule_count;

/*
 * Beside them, for a container that may not be the instance (guest/machine/metadata_fence.h), and
 * for one whose profile is "unconfined" too: sockets of frames, which hear what the guest hears.
 */
extern const struct seccomp_rule seccomp_fence_rules[];
extern const size_t seccomp_fence_rule_count;

#endif
