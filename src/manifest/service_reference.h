/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_SERVICE_REFERENCE_H
#define I2KIT_MANIFEST_SERVICE_REFERENCE_H

/*
 * "service:db", as Compose names another service where something else could stand too: in
 * network_mode, pid and their like, and as the context of a build that is the other's image (the one
 * who builds puts its place there).
 */

/* "db"; NULL: it is something else, or NULL. */
const char *service_reference(const char *text);

#endif
