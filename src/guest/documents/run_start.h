/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_RUN_START_H
#define I2KIT_GUEST_DOCUMENTS_RUN_START_H

/*
 * A run: one container of a pod, begun by EXEC_START with a command of its own. What the pod's
 * document says becomes what is to run. Pure.
 */

#include "wire/pod_document.h"
#include "wire/request.h"

/*
 * Of the main containers that one alone stays, without probes and hooks, and once it has ended the
 * pod is over; init containers and sidecars come before it as ever.
 */
MUST_CHECK bool pod_keep_run(struct pod_image *pod, const char *container, struct error *err);

/*
 * The command: argv in place of the arguments, or of the manifest's command where there is one;
 * user, folder and terminal. Its variables are the caller's to add.
 */
void container_take_start(struct container_image *container, const struct exec_start *start);

#endif
