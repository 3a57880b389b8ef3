/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_ACCEL_H
#define I2KIT_LOCAL_VM_ACCEL_H

#include "base/error.h"

/*
 * Whether KVM works here, not merely opens: a nested host may offer /dev/kvm and hang every guest.
 * So a guest of a few bytes must answer in time. The result is kept in the cache under the boot id,
 * the kernel and QEMU's file, and tried anew when one of them changes.
 */
struct accel {
	bool is_kvm;
	char *reason; /* why not, for people; NULL with KVM */
};
void accel_clear(struct accel *accel);

/* wanted: "auto", "kvm" (an error when it does not work) or "tcg". */
MUST_CHECK bool accel_choose(const char *wanted, struct accel *ret, struct error *err);
/*
 * The self-test itself, uncached, under the given accelerator of QEMU; ERROR_TIMEOUT when it hangs.
 */
MUST_CHECK bool accel_try(const char *accelerator, struct error *err);

#endif
