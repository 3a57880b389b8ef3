/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/dns_message.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"

#define ZONE	    "cluster.local"
#define REVERSE	    ".in-addr.arpa"
#define HEADER_SIZE 12
#define LABEL_MAX   63
#define TTL_S	    5 /* instances come and go */
#define TYPE_OPT    41
#define CLASS_IN    1
#define MAX_HOPS    8	 /* from one alias to the next */
#define OWN_EDNS    1232 /* bytes: what fits every path */

enum header_bits {
	BIT_RESPONSE = 0x8000,
	BITS_OPCODE = 0x7800,
	BIT_AUTHORITATIVE = 0x0400,
	BIT_CUT = 0x0200,
	BIT_WANTS_RECURSION = 0x0100,
	BIT_HAS_RECURSION = 0x0080,
};

static uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Returns where the name ends, or 0. */
static size_t read_name(const uint8_t *bytes, size_t size, size_t at, char out[DNS_NAME_SIZE])
{
	size_t used = 0;

	while (at < size && bytes[at] != 0) {
		size_t label = bytes[at++];
		if (label > LABEL_MAX || at + label > size || used + label + 2 > DNS_NAME_SIZE)
			return 0;
		if (used > 0)
			out[used++] = '.';
		for (size_t i = 0; i < label; i++) {
			uint8_t c = bytes[at + i];
			if (c == '.' || c == '\0')
				return 0;
			out[used++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
		}
		at += label;
	}
	out[used] = '\0';
	return at < size ? at + 1 : 0;
}

bool dns_question_read(const uint8_t *bytes, size_t size, struct dns_question *ret)
{
	size_t at;

	*ret = (struct dns_question){.udp_size = DNS_UDP_SIZE};
	if (size < HEADER_SIZE || (get_u16(bytes + 2) & (BIT_RESPONSE | BITS_OPCODE)) != 0 ||
	    get_u16(bytes + 4) != 1)
		return false;
	at = read_name(bytes, size, HEADER_SIZE, ret->name);
	if (at == 0 || at + 4 > size || get_u16(bytes + at + 2) != CLASS_IN)
		return false;
	ret->type = get_u16(bytes + at);
	ret->end = at + 4;
	/* The one further record that questions have: root name, OPT, and what its sender takes. */
	if (get_u16(bytes + 6) == 0 && get_u16(bytes + 8) == 0 && get_u16(bytes + 10) >= 1 &&
	    size >= ret->end + 11 && bytes[ret->end] == 0 &&
	    get_u16(bytes + ret->end + 1) == TYPE_OPT) {
		ret->has_edns = true;
		if (get_u16(bytes + ret->end + 3) > DNS_UDP_SIZE)
			ret->udp_size = get_u16(bytes + ret->end + 3);
	}
	return true;
}

/* An answer that grows; what does not fit is cut off as a whole record. */
struct answer {
	uint8_t *bytes;
	size_t size;
	size_t max;
	uint16_t records;
	uint16_t authorities;
	bool is_cut;
};

static void put_u16(struct answer *answer, unsigned value)
{
	answer->bytes[answer->size++] = (uint8_t)(value >> 8);
	answer->bytes[answer->size++] = (uint8_t)(value & 0xff);
}

static void put_u32(struct answer *answer, uint32_t value)
{
	put_u16(answer, value >> 16);
	put_u16(answer, value & 0xffff);
}

/* Names of a release are checked for spaces alone: what is no name of DNS has no record. */
static size_t write_name(const char *name, uint8_t out[DNS_NAME_SIZE])
{
	size_t used = 0;

	while (*name != '\0') {
		size_t label = strcspn(name, ".");
		if (label == 0 || label > LABEL_MAX || used + label + 2 > DNS_NAME_SIZE)
			return 0;
		out[used++] = (uint8_t)label;
		memcpy(out + used, name, label);
		used += label;
		name += label;
		name += *name == '.' ? 1 : 0;
	}
	out[used++] = 0;
	return used;
}

/* owner: where in the message its name stands. */
static void put_record_of(struct answer *answer, size_t owner, uint16_t type, const void *data,
			  size_t size)
{
	const size_t head = 12;

	if (answer->size + head + size > answer->max) {
		answer->is_cut = true;
		return;
	}
	put_u16(answer, 0xc000 | (unsigned)owner);
	put_u16(answer, type);
	put_u16(answer, CLASS_IN);
	put_u32(answer, TTL_S);
	put_u16(answer, (unsigned)size);
	memcpy(answer->bytes + answer->size, data, size);
	answer->size += size;
	answer->records++;
}

/* Of the question's name. */
static void put_record(struct answer *answer, uint16_t type, const void *data, size_t size)
{
	put_record_of(answer, HEADER_SIZE, type, data, size);
}

static void put_address(struct answer *answer, size_t owner, const char *ip)
{
	struct in_addr address;

	if (inet_pton(AF_INET, ip, &address) == 1)
		put_record_of(answer, owner, DNS_A, &address, sizeof(address));
}

/* Returns where in the message the target stands then, or 0. */
static size_t put_alias(struct answer *answer, const char *target)
{
	uint8_t data[DNS_NAME_SIZE];
	size_t size = write_name(target, data);
	uint16_t before = answer->records;

	if (size > 0)
		put_record(answer, DNS_CNAME, data, size);
	return answer->records > before ? answer->size - size : 0;
}

static void put_service(struct answer *answer, const struct host_service *service)
{
	uint8_t data[6 + DNS_NAME_SIZE] = {0, 0, 0, 1}; /* priority 0, weight 1 */
	size_t size = write_name(service->target, data + 6);

	data[4] = (uint8_t)(service->port >> 8);
	data[5] = (uint8_t)(service->port & 0xff);
	if (size > 0)
		put_record(answer, DNS_SRV, data, 6 + size);
}

static void put_pointer(struct answer *answer, const char *name)
{
	uint8_t data[DNS_NAME_SIZE];
	size_t size = write_name(name, data);

	if (size > 0)
		put_record(answer, DNS_PTR, data, size);
}

static bool has_name(const struct host_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->names.count; i++) {
		if (strcasecmp(entry->names.items[i], name) == 0)
			return true;
	}
	return false;
}

/* "9.1.77.10.in-addr.arpa" asks for 10.77.1.9. */
static bool reversed_address(const char *name, char out[INET_ADDRSTRLEN])
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	size_t size = strlen(name);
	struct in_addr address;

	if (size <= strlen(REVERSE) || strcmp(name + size - strlen(REVERSE), REVERSE) != 0)
		return false;
	AUTO_FREE char *digits = xstrndup(name, size - strlen(REVERSE));
	string_list_split(&parts, digits, '.');
	if (parts.count != 4)
		return false;
	AUTO_FREE char *text = xasprintf("%s.%s.%s.%s", parts.items[3], parts.items[2],
					 parts.items[1], parts.items[0]);
	return inet_pton(AF_INET, text, &address) == 1 &&
	       inet_ntop(AF_INET, &address, out, INET_ADDRSTRLEN) != NULL;
}

/* Its longest name is the one with the zone. */
static const char *full_name(const struct host_entry *entry)
{
	const char *found = NULL;

	for (size_t i = 0; i < entry->names.count; i++) {
		if (found == NULL || strlen(entry->names.items[i]) > strlen(found))
			found = entry->names.items[i];
	}
	return found;
}

/* Puts what the entry has for the question; true when it knows the name. */
static bool put_entry(struct answer *answer, const struct dns_question *question,
		      const struct host_entry *entry, const char *reversed)
{
	bool is_known = has_name(entry, question->name);

	if (entry->ip == NULL)
		return false; /* an alias: answer_alias() */
	if (is_known && (question->type == DNS_A || question->type == DNS_ANY))
		put_address(answer, HEADER_SIZE, entry->ip);
	for (size_t i = 0; i < entry->service_count; i++) {
		if (strcasecmp(entry->services[i].name, question->name) != 0)
			continue;
		is_known = true;
		if (question->type == DNS_SRV || question->type == DNS_ANY)
			put_service(answer, &entry->services[i]);
	}
	if (reversed == NULL || strcmp(entry->ip, reversed) != 0 || full_name(entry) == NULL)
		return is_known;
	if (question->type == DNS_PTR || question->type == DNS_ANY)
		put_pointer(answer, full_name(entry));
	return true;
}

static bool is_in_zone(const char *name)
{
	size_t size = strlen(name);
	size_t zone = strlen(ZONE);

	return size >= zone && strcmp(name + size - zone, ZONE) == 0 &&
	       (size == zone || name[size - zone - 1] == '.');
}

/* Says for how long "there is none" holds. */
static void put_authority(struct answer *answer)
{
	static const uint8_t zone[] = "\7cluster\5local";

	if (answer->size + sizeof(zone) + 10 + sizeof(zone) * 2 + 20 > answer->max)
		return;
	memcpy(answer->bytes + answer->size, zone, sizeof(zone));
	answer->size += sizeof(zone);
	put_u16(answer, DNS_SOA);
	put_u16(answer, CLASS_IN);
	put_u32(answer, TTL_S);
	put_u16(answer, sizeof(zone) * 2 + 20);
	for (int i = 0; i < 2; i++) { /* its server, and who looks after it */
		memcpy(answer->bytes + answer->size, zone, sizeof(zone));
		answer->size += sizeof(zone);
	}
	put_u32(answer, 1);
	put_u32(answer, 7200);
	put_u32(answer, 1800);
	put_u32(answer, 86400);
	put_u32(answer, TTL_S);
	answer->authorities++;
}

static void begin(struct answer *answer, const struct dns_question *question, const uint8_t *query,
		  uint8_t *out, size_t max)
{
	*answer = (struct answer){.bytes = out, .size = question->end, .max = max};
	/* OPT comes last, and always. */
	if (question->has_edns && answer->max > 11)
		answer->max -= 11;
	memcpy(out, query, question->end);
}

static size_t end(struct answer *answer, const struct dns_question *question, enum dns_code code,
		  bool is_own)
{
	uint16_t wants = get_u16(answer->bytes + 2) & BIT_WANTS_RECURSION;
	struct answer head = {.bytes = answer->bytes + 2};

	if (question->has_edns) {
		answer->bytes[answer->size++] = 0;
		put_u16(answer, TYPE_OPT);
		put_u16(answer, OWN_EDNS);
		put_u32(answer, 0);
		put_u16(answer, 0);
	}
	put_u16(&head, (unsigned)(BIT_RESPONSE | BIT_HAS_RECURSION | wants |
				  (is_own ? BIT_AUTHORITATIVE : 0) |
				  (answer->is_cut ? BIT_CUT : 0) | (unsigned)code));
	put_u16(&head, 1);
	put_u16(&head, answer->records);
	put_u16(&head, answer->authorities);
	put_u16(&head, question->has_edns ? 1 : 0);
	return answer->size;
}

/* ---- aliases ---- */

static const struct host_entry *find_name(const struct host_list *hosts, const char *name,
					  bool is_alias)
{
	for (size_t i = 0; i < hosts->count; i++) {
		const struct host_entry *entry = &hosts->entries[i];
		if ((entry->alias != NULL) == is_alias && has_name(entry, name))
			return entry;
	}
	return NULL;
}

/* Where the name leads in the end; NULL: it is no alias; "": nowhere but to itself. */
static const char *alias_end(const struct host_list *hosts, const char *name)
{
	const char *at = NULL;

	for (int hops = 0; hops < MAX_HOPS; hops++) {
		const struct host_entry *entry = find_name(hosts, at != NULL ? at : name, true);
		if (entry == NULL)
			return at;
		at = entry->alias;
	}
	return "";
}

static size_t answer_alias(const struct host_list *hosts, const struct dns_question *question,
			   const uint8_t *query, const char *target, struct answer *answer)
{
	bool is_known = !is_in_zone(target) || find_name(hosts, target, false) != NULL;
	size_t owner = target[0] != '\0' ? put_alias(answer, target) : 0;

	if (owner == 0)
		return dns_failure_make(question, query, DNS_SERVER_FAILED, answer->bytes,
					answer->max);
	for (size_t i = 0; i < hosts->count; i++) {
		const struct host_entry *entry =
			&hosts->entries[(i + get_u16(query)) % hosts->count];
		if (entry->ip != NULL && has_name(entry, target) &&
		    (question->type == DNS_A || question->type == DNS_ANY))
			put_address(answer, owner, entry->ip);
	}
	return end(answer, question, is_known ? DNS_NO_ERROR : DNS_NO_SUCH_NAME, true);
}

const char *dns_alias_target(const struct host_list *hosts, const struct dns_question *question)
{
	const char *target = alias_end(hosts, question->name);

	if (target == NULL || target[0] == '\0' || is_in_zone(target) ||
	    (question->type != DNS_A && question->type != DNS_AAAA) ||
	    find_name(hosts, target, false) != NULL)
		return NULL;
	return target;
}

size_t dns_alias_query_make(const struct dns_question *question, const uint8_t *query,
			    const char *target, uint8_t *out, size_t max)
{
	uint8_t name[DNS_NAME_SIZE];
	size_t size = write_name(target, name);
	struct answer made = {.bytes = out, .size = HEADER_SIZE + size, .max = max};

	if (size == 0 || HEADER_SIZE + size + 4 > max)
		return 0;
	memset(out, 0, HEADER_SIZE);
	memcpy(out, query, 2);
	out[2] = BIT_WANTS_RECURSION >> 8;
	out[5] = 1;
	memcpy(out + HEADER_SIZE, name, size);
	put_u16(&made, question->type);
	put_u16(&made, CLASS_IN);
	return made.size;
}

size_t dns_skip_name(const uint8_t *bytes, size_t size, size_t at)
{
	while (at < size) {
		if ((bytes[at] & 0xc0) == 0xc0)
			return at + 2;
		if (bytes[at] == 0)
			return at + 1;
		at += (size_t)bytes[at] + 1;
	}
	return 0;
}

/* The records of the type asked for, whoever of the chain of aliases has them. */
static bool copy_addresses(struct answer *answer, size_t owner, uint16_t type, const uint8_t *said,
			   size_t size)
{
	size_t at = dns_skip_name(said, size, HEADER_SIZE);

	at = at == 0 ? 0 : at + 4;
	for (unsigned left = get_u16(said + 6); left > 0; left--) {
		at = at == 0 ? 0 : dns_skip_name(said, size, at);
		if (at == 0 || at + 10 > size)
			return false;
		size_t length = get_u16(said + at + 8);
		if (at + 10 + length > size)
			return false;
		if (get_u16(said + at) == type && length == (type == DNS_A ? 4 : 16))
			put_record_of(answer, owner, type, said + at + 10, length);
		at += 10 + length;
	}
	return true;
}

size_t dns_alias_answer_make(const struct dns_question *question, const uint8_t *query,
			     const char *target, const uint8_t *said, size_t said_size,
			     uint8_t *out, size_t max)
{
	struct answer answer;

	if (question->end + 11 > max || said_size < HEADER_SIZE ||
	    (get_u16(said + 2) & BIT_RESPONSE) == 0 || get_u16(said + 4) != 1)
		return 0;
	begin(&answer, question, query, out, max);
	size_t owner = put_alias(&answer, target);
	if (owner == 0 || !copy_addresses(&answer, owner, question->type, said, said_size))
		return 0;
	/* Some of the addresses are enough; over TCP there would be none. */
	answer.is_cut = false;
	return end(&answer, question, (enum dns_code)(get_u16(said + 2) & 15), false);
}

size_t dns_answer_make(const struct host_list *hosts, const struct dns_question *question,
		       const uint8_t *query, uint8_t *out, size_t max)
{
	char reversed[INET_ADDRSTRLEN];
	bool is_reverse = reversed_address(question->name, reversed);
	bool is_known = false;
	struct answer answer;

	if (question->end + 11 > max)
		return 0;
	begin(&answer, question, query, out, max);
	const char *target = alias_end(hosts, question->name);
	if (target != NULL)
		return answer_alias(hosts, question, query, target, &answer);
	/* Each asker begins elsewhere, so that all of a headless Service's instances are used. */
	for (size_t i = 0; i < hosts->count; i++) {
		size_t at = (i + get_u16(query)) % hosts->count;
		is_known = put_entry(&answer, question, &hosts->entries[at],
				     is_reverse ? reversed : NULL) ||
			   is_known;
	}
	if (!is_known && !is_in_zone(question->name))
		return 0;
	if (answer.records == 0 && !answer.is_cut)
		put_authority(&answer);
	return end(&answer, question, is_known ? DNS_NO_ERROR : DNS_NO_SUCH_NAME, true);
}

size_t dns_failure_make(const struct dns_question *question, const uint8_t *query,
			enum dns_code code, uint8_t *out, size_t max)
{
	struct answer answer;

	if (question->end + 11 > max)
		return 0;
	begin(&answer, question, query, out, max);
	return end(&answer, question, code, false);
}
