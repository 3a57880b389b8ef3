/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_WATCH_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_WATCH_H

/* Clocks that jump, guests that fall silent, VMs paused for a full disk. */

struct instance;
struct supervisor;
struct watch;

struct watch *watch_new(struct supervisor *supervisor);
void watch_free(struct watch *watch);
void watch_paused(struct supervisor *supervisor, struct instance *instance);

#endif
