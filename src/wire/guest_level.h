/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_GUEST_LEVEL_H
#define I2KIT_WIRE_GUEST_LEVEL_H

/*
 * What a base can do for this program, as one number in its base.json (`guest`): raise it whenever
 * the host begins to rely on something that guests before did not do, and say in guest_lacks() what
 * that is. A base that says none was made before there were numbers. scripts/make-base reads it
 * here.
 */
#define GUEST_LEVEL 7

#endif
