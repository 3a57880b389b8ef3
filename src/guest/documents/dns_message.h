/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_DNS_MESSAGE_H
#define I2KIT_GUEST_DOCUMENTS_DNS_MESSAGE_H

/*
 * Questions about the names of the pod's release (INSTANCE.hosts), and their answers: RFC 1035, SRV
 * of RFC 2782, EDNS of RFC 6891 as far as it says how long an answer may be. Pure.
 *
 * Known are the names that the list has, and everything below cluster.local, which nobody outside
 * can know better: what is not in the list does not exist. AAAA of a known name has no record,
 * which is not the same as no such name.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/release_document.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_ANY = 255
};
enum dns_code { DNS_NO_ERROR = 0, DNS_SERVER_FAILED = 2, DNS_NO_SUCH_NAME = 3 };

#define DNS_NAME_SIZE 256
#define DNS_UDP_SIZE  512  /* of an answer, where the question says nothing else */
#define DNS_MAX_SIZE  8192 /* of what is answered here */

struct dns_question {
	char name[DNS_NAME_SIZE]; /* lower case, without the last dot */
	uint16_t type;
	size_t end; /* of the question in the message */
	bool has_edns;
	uint16_t udp_size; /* the asker takes that much */
};

/* False: not one ordinary question. */
bool dns_question_read(const uint8_t *bytes, size_t size, struct dns_question *ret);
/*
 * The answer to `query` of at most max bytes (cut answers say so), or 0: nothing is known here.
 */
size_t dns_answer_make(const struct host_list *hosts, const struct dns_question *question,
		       const uint8_t *query, uint8_t *out, size_t max);
/*
 * Where the name is an alias of one that nobody here knows, and an address is asked for: that one,
 * borrowed from hosts. NULL: dns_answer_make() answers. An alias of what the list has, it answers.
 */
const char *dns_alias_target(const struct host_list *hosts, const struct dns_question *question);
/* The question for the target in place of the alias, with the same number; 0: it is no name. */
size_t dns_alias_query_make(const struct dns_question *question, const uint8_t *query,
			    const char *target, uint8_t *out, size_t max);
/* The answer to `query`, out of what a server said of the target; 0: that is no answer. */
size_t dns_alias_answer_make(const struct dns_question *question, const uint8_t *query,
			     const char *target, const uint8_t *said, size_t said_size,
			     uint8_t *out, size_t max);
/* Past a name of a message, which may end in a pointer; 0: past the end. */
size_t dns_skip_name(const uint8_t *bytes, size_t size, size_t at);
/* An answer without records. */
size_t dns_failure_make(const struct dns_question *question, const uint8_t *query,
			enum dns_code code, uint8_t *out, size_t max);

#endif
