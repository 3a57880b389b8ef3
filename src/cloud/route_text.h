/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_ROUTE_TEXT_H
#define I2KIT_CLOUD_ROUTE_TEXT_H

/*
 * A route as one line for people, made from what it answers and where it leads and from nothing
 * else: two that do the same have the same text, whatever object said it.
 */

struct route;

/* "shop.example.com/api", "*.example.com/ POST ?v=2 x-a: b"; owned. */
char *route_text(const struct route *route);
/* "web:80", "web:80 90%, next:80 10%", "301 to https://…", "nowhere"; owned. */
char *route_target_text(const struct route *route);

#endif
