/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_VOLUMES_FROM_H
#define I2KIT_MANIFEST_COMPOSE_VOLUMES_FROM_H

#include "manifest/compose/service_parts.h"

/*
 * What `volumes_from` of a service mounts: all that the services named there do, in the same places.
 * To be called when all containers of its pod are there; its own is changed in place.
 */
void compose_take_volumes(struct loader *loader, struct compose_service *service);

#endif
