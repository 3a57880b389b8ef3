/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_NETWORK_FILTER_H
#define I2KIT_LOCAL_VM_NETWORK_FILTER_H

/*
 * What a project's guests may send, as nftables rules of this machine (system mode, root). A guest
 * that was taken over is root there and sends what it likes, so nothing of this is left to it:
 *
 *	- frames leave a tap with the MAC and IPv4 address that the instance was given, ARP too;
 *	- this machine answers DNS on the gateway, and nothing else but to pods that may reach it;
 *	- other projects are not reached, and nobody outside reaches instances or Services;
 *	- a pod with an egress policy opens connections to what that names alone;
 *	- NetworkPolicies of either direction (filter_policy.c): what they allow adds to that.
 *
 * The two tables of a project are replaced as one, so they are right at any moment. In bridges,
 * connections are not tracked (many kernels cannot): towards neighbours a policy stops the first
 * segment of TCP, and all of UDP and ICMP.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/string_list.h"
#include "manifest/app.h"

#define TAP_NAME_SIZE 16

struct filter_guest {
	char tap[TAP_NAME_SIZE];
	char mac[18];
	const char *address;
	bool may_reach_host;
	bool is_restricted;		       /* the rest counts only then */
	bool may_reach_internet;	       /* addresses that are not private ones */
	const struct string_list *neighbours;  /* addresses in the project's network */
	const struct string_list *cidrs;       /* beyond it */
	const char *pod;		       /* that NetworkPolicies of others name; or NULL */
	const struct traffic_policy *incoming; /* NetworkPolicies; or NULL: there is none */
	const struct traffic_policy *outgoing;
};

struct filter_plan {
	const char *bridge;
	unsigned subnet; /* 10.77.N.0/24 */
	const struct filter_guest *guests;
	size_t guest_count;
};

/* The tap of an instance with that address behind that bridge. */
void network_filter_tap(const char *bridge, const char *address, char out[TAP_NAME_SIZE]);
/* Pure: input for nft -f, which makes the tables or replaces them. */
void network_filter_write(const struct filter_plan *plan, struct strbuf *out);
/* Whether they are about i2kit's tables alone, and read no file: what network_filter_write() makes. */
bool network_filter_is_own(const char *rules);
/* Runs nft. Blocks. */
MUST_CHECK bool network_filter_load(const char *rules, struct error *err);
void network_filter_remove(const char *bridge); /* absent is fine */

#endif
