/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_NETWORK_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_NETWORK_H

/* The project's network in system mode: libvirt's, the Services' namespace, the guests' rules. */

#include "base/error.h"

struct supervisor;

/* Makes what is not there, also when somebody took it away under running VMs. Blocks. */
MUST_CHECK bool supervisor_network_open(struct supervisor *supervisor, struct error *err);
/* The project goes down: nothing of it stays. */
void supervisor_network_remove(struct supervisor *supervisor);
/* This process ends: what VMs need stays. */
void supervisor_network_close(struct supervisor *supervisor);

#endif
