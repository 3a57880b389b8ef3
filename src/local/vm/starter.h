/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_STARTER_H
#define I2KIT_LOCAL_VM_STARTER_H

/*
 * The supervisor starts no program once it is fenced (base/fence.h), nor does it make mounts. What
 * VMs need of both is done by a second process that was there before the fence: this program again,
 * as `i2kit starter`, which reads nothing but the supervisor's requests (starter_request.h) and
 * ends with it. share.h, disk_tool.h, network_filter.h, accel.h and connection.h ask it where there
 * is one, and do it themselves where there is none: in the starter, and in verbs.
 */

#include "base/error.h"
#include "base/string_list.h"
#include "local/vm/starter_request.h"

/*
 * For this process, once, before its threads and its fence. It will share these folders (absolute)
 * and no others: the one that asks cannot add to them.
 */
MUST_CHECK bool starter_launch(const struct string_list *folders, struct error *err);
bool starter_is_there(void);
/* From any thread; blocks until it is done. The request's texts are borrowed. */
MUST_CHECK bool starter_ask(const struct starter_request *request, struct error *err);
/*
 * The same in two steps: asks, with request->fd_count descriptors that go along, and returns the
 * connection on which the answer comes, or -1; reads it there.
 */
MUST_CHECK int starter_open(const struct starter_request *request, const int *fds, size_t fd_count,
			    struct error *err);
MUST_CHECK bool starter_answer(int connection, struct error *err);

#endif
