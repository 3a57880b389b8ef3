/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_KUBELET_KUBELET_PROBE_H
#define I2KIT_GUEST_KUBELET_KUBELET_PROBE_H

/* Probes of a kubelet's containers: what becomes of their results. */

#include "guest/kubelet/kubelet.h"

const char *probe_kind_name(enum probe_kind kind);
void kubelet_probed(struct kubelet *kubelet, size_t container, enum probe_kind probe,
		    uint64_t now_ms, bool is_ok, const char *message);

#endif
