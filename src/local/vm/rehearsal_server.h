/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_REHEARSAL_SERVER_H
#define I2KIT_LOCAL_VM_REHEARSAL_SERVER_H

/* One request, one answer, the end: on a UNIX socket, for whoever can reach its 0700 folder. */

#include "base/cleanup.h"
#include "base/loop.h"
#include "local/vm/rehearsal_vm.h"

struct rehearsal_server_options {
	struct loop *loop;
	const char *path;
	rehearsal_answer_fn *answer;
	void (*answered)(void *arg); /* after each answer */
	void *arg;
};

struct rehearsal_server;
/* NULL on failure. */
struct rehearsal_server *rehearsal_server_new(const struct rehearsal_server_options *options,
					      struct error *err);
void rehearsal_server_free(struct rehearsal_server *server);
DEFINE_AUTO_PTR(rehearsal_server, rehearsal_server_free)

#endif
