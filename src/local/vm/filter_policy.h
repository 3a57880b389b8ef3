/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_FILTER_POLICY_H
#define I2KIT_LOCAL_VM_FILTER_POLICY_H

/* The rules of network_filter.h for what NetworkPolicies say of one guest. */

#include "local/vm/network_filter.h"

/* It has an egress policy, or a NetworkPolicy of Egress selects it. */
bool filter_guest_is_restricted(const struct filter_guest *guest);
/* Whether it may ask for names of what is outside. */
bool filter_guest_may_ask(const struct filter_guest *guest);

/*
 * Rules for frames between guests of the project, which end with `return` what is allowed. Services
 * are passed on: who may reach what is behind them is the supervisor's to say.
 */
void filter_policy_put_outgoing(const struct filter_plan *plan, const struct filter_guest *guest,
				struct strbuf *out);
/* For a guest whose incoming is isolated: allows, then drops the rest. */
void filter_policy_put_incoming(const struct filter_plan *plan, const struct filter_guest *guest,
				struct strbuf *out);
/* For what leaves the project: `accept` what is allowed. */
void filter_policy_put_leave(const struct filter_guest *guest, struct strbuf *out);

#endif
