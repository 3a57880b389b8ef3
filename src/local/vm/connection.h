/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_CONNECTION_H
#define I2KIT_LOCAL_VM_CONNECTION_H

#include <libvirt/libvirt.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Which libvirt: a wish, or by who we are: root gets qemu:///system, others qemu:///session. */
const char *connection_choose(const char *uri_or_null);
bool connection_is_session(const char *uri);

/* Opens with keepalive. NULL on failure; the hint says what to start. */
MUST_CHECK virConnectPtr connection_open(const char *uri, struct error *err);
static inline void auto_connection(virConnectPtr *connection)
{
	if (*connection != NULL)
		(void)virConnectClose(*connection);
}
#define AUTO_CONNECTION AUTO(auto_connection)

static inline void auto_domain(virDomainPtr *domain)
{
	if (*domain != NULL)
		(void)virDomainFree(*domain);
}
#define AUTO_DOMAIN AUTO(auto_domain)

/* The calling thread's last libvirt error becomes *err; returns false. */
bool connection_error(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* libvirt would print its errors to stderr. Once per process. */
void connection_silence(void);

#endif
