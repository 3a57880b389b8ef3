/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_DNS_H
#define I2KIT_GUEST_CLOUD_CLOUD_DNS_H

/* Looking a name up: a static program cannot use libc's resolver. */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A number, or an A record from the servers of the guest's resolv.conf. */
MUST_CHECK bool cloud_dns_find(const char *host, struct in_addr *ret, struct error *err);

/* Pure: a query's bytes (at most 300), 0 for a name that is none; and the first A record of an
 * answer. */
size_t dns_query_make(const char *host, uint16_t number, uint8_t out[300]);
bool dns_answer_parse(const uint8_t *bytes, size_t size, uint16_t number, struct in_addr *ret);

#endif
