/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_KUBELET_KUBELET_UNIT_H
#define I2KIT_GUEST_KUBELET_KUBELET_UNIT_H

/* One container of a kubelet: what becomes of its starts, its ends and its hooks. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct kubelet;
struct unit_end;

/* message_or_null: why it could not be started. */
void kubelet_started(struct kubelet *kubelet, size_t container, uint64_t now_ms, bool is_ok,
		     const char *message_or_null);
void kubelet_exited(struct kubelet *kubelet, size_t container, uint64_t now_ms,
		    const struct unit_end *end);
/*
 * Somebody wants it stopped and started again, at once and whatever its policy; one that waits for
 * its next start is started now. False: the pod is ending, or not as far as this container.
 */
MUST_CHECK bool kubelet_restart(struct kubelet *kubelet, size_t container, uint64_t now_ms);
void kubelet_hook_done(struct kubelet *kubelet, size_t container, bool is_post_start,
		       uint64_t now_ms, bool is_ok, const char *message);

#endif
