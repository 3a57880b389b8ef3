/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libvirt keeps for us about a VM, and the first line of a session. The first byte says which.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop.h"
#include "local/supervisor/session.h"
#include "local/vm/vm_identity.h"

static void check_metadata(const char *text, size_t size)
{
	AUTO(vm_identity_clear) struct vm_identity identity = {0};
	AUTO_FREE char *xml = xstrndup(text, size);
	if (vm_identity_parse(xml, &identity) &&
	    (identity.project == NULL || identity.instance == NULL))
		abort();
}

/* Nobody is there; so every request ends with an answer, or with nothing but the end. */
static bool find_nobody(const char *name, struct session_target *ret, void *arg, struct error *err)
{
	(void)ret;
	(void)arg;
	return error_set(err, ERROR_NOT_FOUND, "there is no '%s'", name);
}

static void check_session(const char *text, size_t size)
{
	static struct loop *loop;
	int pair[2];
	char answer[4096];
	if (loop == NULL)
		loop = loop_new(NULL);
	if (loop == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		abort();
	(void)session_is_request(text, size);
	struct session_host *host = session_host_new(loop, find_nobody, NULL);
	session_host_take(host, pair[0], text, size);
	(void)!read(pair[1], answer, sizeof(answer));
	session_host_free(host);
	(void)close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (bytes[0] % 2 == 0)
		check_metadata((const char *)bytes + 1, size - 1);
	else
		check_session((const char *)bytes + 1, size - 1);
	return 0;
}
