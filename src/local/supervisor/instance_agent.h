/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_INSTANCE_AGENT_H
#define I2KIT_LOCAL_SUPERVISOR_INSTANCE_AGENT_H

/* An instance's guest: the channel to it, its release, what it says of itself. */

struct instance;

void instance_connect_agent(struct instance *instance);
void instance_drop_agent(struct instance *instance);
void instance_send_release(struct instance *instance);
void instance_start_budget(struct instance *instance);
/* Ready is what its guest says while it answers. */
void instance_update_ready(struct instance *instance);

void instance_add_stage(struct instance *instance, const char *name);

#endif
