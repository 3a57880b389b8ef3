/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_CHECK_GRPC_H
#define I2KIT_GUEST_POD_CHECK_GRPC_H

/* What a gRPC probe says and hears. Pure. */

#include "base/strbuf.h"
#include "wire/pod_document.h"

void grpc_request_make(const struct check *check, const char *host, struct strbuf *ret);
/* 0 more needed, 1 SERVING, 2 another state, -1 nonsense or refused. */
int grpc_answer_parse(const uint8_t *bytes, size_t size);

#endif
