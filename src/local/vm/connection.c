/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/connection.h"

#include <libvirt/virterror.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "local/vm/starter.h"

#define KEEPALIVE_S	5
#define KEEPALIVE_COUNT 3

static void ignore_error(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

void connection_silence(void)
{
	virSetErrorFunc(NULL, ignore_error);
}

const char *connection_choose(const char *uri_or_null)
{
	if (uri_or_null != NULL)
		return uri_or_null;
	return geteuid() == 0 ? "qemu:///system" : "qemu:///session";
}

bool connection_is_session(const char *uri)
{
	return strstr(uri, "/session") != NULL;
}

static enum error_kind kind_of(int code)
{
	switch (code) {
	case VIR_ERR_NO_DOMAIN:
	case VIR_ERR_NO_NETWORK:
		return ERROR_NOT_FOUND;
	case VIR_ERR_DOM_EXIST:
	case VIR_ERR_NETWORK_EXIST:
		return ERROR_EXISTS;
	case VIR_ERR_AUTH_FAILED:
	case VIR_ERR_AUTH_CANCELLED:
	case VIR_ERR_ACCESS_DENIED:
		return ERROR_DENIED;
	case VIR_ERR_OPERATION_TIMEOUT:
		return ERROR_TIMEOUT;
	default:
		return ERROR_SYSTEM;
	}
}

bool connection_error(struct error *err, const char *fmt, ...)
{
	virErrorPtr last = virGetLastError();
	AUTO_FREE char *what = NULL;
	AUTO_FREE char *message =
		xstrdup(last != NULL && last->message != NULL ? last->message : "unknown error");
	va_list args;

	va_start(args, fmt);
	what = xvasprintf(fmt, args);
	va_end(args);
	message[strcspn(message, "\n")] = '\0';
	return error_set(err, kind_of(last != NULL ? last->code : 0), "%s: libvirt: %s", what,
			 message);
}

/* Who may start no program has the user's libvirtd started by the one that may. */
static virConnectPtr open_again(const char *uri)
{
	if (!connection_is_session(uri) || !starter_is_there() ||
	    !starter_ask(&(struct starter_request){.kind = STARTER_LIBVIRT}, NULL))
		return NULL;
	return virConnectOpenAuth(uri, virConnectAuthPtrDefault, 0);
}

virConnectPtr connection_open(const char *uri, struct error *err)
{
	virConnectPtr connection = virConnectOpenAuth(uri, virConnectAuthPtrDefault, 0);

	if (connection == NULL)
		connection = open_again(uri);
	if (connection == NULL) {
		(void)connection_error(err, "cannot connect to %s", uri);
		(void)error_hint(err,
				 connection_is_session(uri)
					 ? "start it with `libvirtd -d`; i2kit doctor says more"
					 : "start libvirtd (systemctl start libvirtd), or use "
					   "--connect qemu:///session; i2kit doctor says more");
		return NULL;
	}
	(void)virConnectSetKeepAlive(connection, KEEPALIVE_S, KEEPALIVE_COUNT);
	return connection;
}
