/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "guest/documents/dns_message.h"

#include "fuzz.h"

/* A question of a container, and the names of a release. */

static struct host_list hosts;

static void make_hosts(void)
{
	struct host_entry *entry = ARRAY_APPEND(hosts.entries, hosts.count);
	struct host_service *service = ARRAY_APPEND(entry->services, entry->service_count);

	entry->ip = xstrdup("10.77.1.254");
	string_list_add(&entry->names, "a");
	string_list_add(&entry->names, "a.default.svc.cluster.local");
	*service = (struct host_service){.name = xstrdup("_a._tcp.a"),
					 .port = 80,
					 .target = xstrdup("a.default.svc.cluster.local")};
	entry = ARRAY_APPEND(hosts.entries, hosts.count);
	entry->alias = xstrdup("db.example.com");
	string_list_add(&entry->names, "b");
	entry = ARRAY_APPEND(hosts.entries, hosts.count);
	entry->alias = xstrdup("a");
	string_list_add(&entry->names, "c");
}

/* The same bytes as what a server outside says of a name that an alias leads to. */
static void fuzz_outside(const uint8_t *bytes, size_t size)
{
	static const uint8_t query[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'b', 0, 0, 1, 0, 1};
	static uint8_t answer[DNS_MAX_SIZE];
	struct dns_question question;
	const char *target;

	if (!dns_question_read(query, sizeof(query), &question))
		abort();
	target = dns_alias_target(&hosts, &question);
	if (target == NULL ||
	    dns_alias_query_make(&question, query, target, answer, sizeof(answer)) == 0)
		abort();
	for (size_t max = 12; max <= DNS_MAX_SIZE; max *= 4) {
		if (dns_alias_answer_make(&question, query, target, bytes, size, answer, max) > max)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint8_t answer[DNS_MAX_SIZE];
	struct dns_question question;
	size_t got;

	if (hosts.count == 0)
		make_hosts();
	if (!dns_question_read(bytes, size, &question))
		return 0;
	for (size_t max = 12; max <= DNS_MAX_SIZE; max *= 4) {
		got = dns_answer_make(&hosts, &question, bytes, answer, max);
		if (got > max)
			abort();
		got = dns_failure_make(&question, bytes, DNS_SERVER_FAILED, answer, max);
		if (got > max)
			abort();
	}
	fuzz_outside(bytes, size);
	return 0;
}
