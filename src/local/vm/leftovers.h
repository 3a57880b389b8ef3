/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_LEFTOVERS_H
#define I2KIT_LOCAL_VM_LEFTOVERS_H

#include "base/error.h"

/*
 * VMs of a project whose plan is gone (its folder was deleted, another user's HOME): no supervisor
 * can adopt them. Ends them and removes their network. At libvirt's default place for this user.
 */
MUST_CHECK bool leftovers_remove(const char *project, unsigned *ret_count, struct error *err);

#endif
