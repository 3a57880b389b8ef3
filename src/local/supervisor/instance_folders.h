/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_INSTANCE_FOLDERS_H
#define I2KIT_LOCAL_SUPERVISOR_INSTANCE_FOLDERS_H

/* Host paths of an instance that are pushed over its channel. */

struct instance;

/* Pushes what must be there and then sends the release; from `up`. */
void instance_folders_start(struct instance *instance);
void instance_folders_stop(struct instance *instance); /* the agent is down */
void instance_folders_drop(struct instance *instance);

#endif
