/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_NAME_RECORD_H
#define I2KIT_WIRE_NAME_RECORD_H

/*
 * The address of one instance under the name of a service: a multivalue answer record of Route 53,
 * whose set identifier is the instance's id. Instances write their own, the tool takes away what
 * is left of those that are gone. Bodies and answers of the Route 53 API, version 2013-04-01. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

struct xml;

/* How long a resolver may go on with what it knows. */
#define NAME_RECORD_TTL_S 10
/* Where the records of a zone are: path of the calls ChangeResourceRecordSets and
 * ListResourceRecordSets. %s: the zone's id. */
#define NAME_RECORDS_CHANGE_PATH "/2013-04-01/hostedzone/%s/rrset/"
#define NAME_RECORDS_LIST_PATH	 "/2013-04-01/hostedzone/%s/rrset"

struct name_record {
	char *name;	/* "db.shop.internal": without the last dot; all owned */
	char *instance; /* "i-…" */
	char *address;
	uint32_t ttl_s;
};

struct name_record_list {
	struct name_record *items; /* owned */
	size_t count;
};
void name_record_list_clear(struct name_record_list *list);
void name_record_list_add(struct name_record_list *list, const char *name, const char *instance,
			  const char *address, uint32_t ttl_s);

/* The names that a service of this name has inside: NAME, NAME.NAMESPACE and
 * NAME.NAMESPACE.svc.cluster.local, each below the domain; added to *ret. */
void name_record_names(const char *name, const char *name_space, const char *domain,
		       struct string_list *ret);

/* Body of ChangeResourceRecordSets: each is written anew (UPSERT), or taken away as it is
 * (DELETE). Owned. */
char *name_changes_write(const struct name_record_list *list, bool is_there);
/* What such a body asks for, read back; ERROR_INVALID: anything but whole records as above. */
MUST_CHECK bool name_changes_read(const struct xml *root, struct name_record_list *ret_written,
				  struct name_record_list *ret_removed, struct error *err);

/* Adds those records of ListResourceRecordSets' answer that are of instances; *ret_next is the
 * query of the next page (owned), NULL: there is none. */
MUST_CHECK bool name_records_read(const struct xml *root, struct name_record_list *list,
				  char **ret_next, struct error *err);
/* Adds the ids in DescribeInstances' answer (EC2, version 2016-11-15) whose instances run, or are
 * about to: the records of all others are to go. */
void name_instances_read(const struct xml *root, struct string_list *ret);
/* Query of the first page. */
#define NAME_RECORDS_FIRST_PAGE "maxitems=300"

#endif
