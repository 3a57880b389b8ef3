/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_TRAFFIC_H
#define I2KIT_LOCAL_SUPERVISOR_TRAFFIC_H

/* Who may reach whom. */

#include <stdbool.h>
#include <stdint.h>

/* Whether NetworkPolicies let a client have a backend; for balancer_port_options. */
bool supervisor_may_reach(const char *client, const char *backend, uint16_t port, bool is_udp,
			  void *arg);

#endif
