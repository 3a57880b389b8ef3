/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_POD_PARTS_H
#define I2KIT_TUI_POD_PARTS_H

/* What there is to say about one VM, for its own screen and for the pane below the pods. */

#include "tui/page.h"

/* has_details: also when each started, and why it ended. */
void pod_add_containers(struct page *page, const struct instance_status *instance,
			bool has_details);
/* One line for each probe, the course of its results in it; then the `failures` newest failures. */
void pod_add_probes(struct page *page, const struct instance_status *instance, size_t failures);
/* The stages of the boot as bars on one axis of time; or on one line. */
void pod_add_boot(struct page *page, const struct instance_status *instance);
void pod_add_boot_line(struct page *page, const struct instance_status *instance);
/* Its events, newest first. */
void pod_add_events(struct page *page, const struct model *model,
		    const struct instance_status *instance, size_t most);

#endif
