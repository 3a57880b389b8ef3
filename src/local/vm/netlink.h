/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_NETLINK_H
#define I2KIT_LOCAL_VM_NETLINK_H

/* One request of rtnetlink(7), built and sent; `ip` without a process. */

#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_request {
	union {
		struct nlmsghdr header;
		char bytes[1024];
	} u;
};

/* body: struct ifinfomsg, ifaddrmsg, rtmsg … */
void netlink_request_init(struct netlink_request *request, uint16_t type, uint16_t flags,
			  const void *body, size_t size);
void netlink_request_put(struct netlink_request *request, uint16_t type, const void *value,
			 size_t size);
void netlink_request_put_text(struct netlink_request *request, uint16_t type, const char *text);
/* Attributes put until it is closed lie inside it; body (or NULL) comes before them. */
size_t netlink_request_open(struct netlink_request *request, uint16_t type, const void *body,
			    size_t size);
void netlink_request_close(struct netlink_request *request, size_t opened);
/* In that network namespace, or the own one with -1. Returns 0, or an errno. */
int netlink_request_send(const struct netlink_request *request, int namespace_fd);

#endif
