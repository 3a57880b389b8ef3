/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_VOLUME_TOUCH_H
#define I2KIT_GUEST_POD_VOLUME_TOUCH_H

/*
 * virtiofs does not tell watchers (inotify) what changes on the host. The host tells, and here the
 * mode of the file or folder is set to what it is: an IN_ATTRIB for whoever watches it or its
 * folder, and no change of content or time. A process of its own does it: the host's file system
 * may hang, and PID 1 must not.
 */

#include "wire/request.h"

/* Never waits; what is too much at once is forgotten. */
void volume_touch(const struct file_push *file);

#endif
