/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_BOOTED_H
#define I2KIT_WIRE_BOOTED_H

/*
 * The line in which an instance in a cloud says which disk it read itself booted from, and the
 * stream it goes to: POD/.booted/INSTANCE, a name that no container has.
 */

#define BOOTED_SOURCE "booted"	       /* as the cloud agent's logs know it */
#define BOOTED_STREAM "/.booted/"      /* between pod and instance */
#define BOOTED_TEXT   "i2kit: booted " /* then the digest, "sha256:…" */

#endif
