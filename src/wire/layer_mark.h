/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_LAYER_MARK_H
#define I2KIT_WIRE_LAYER_MARK_H

/*
 * Folders of a layer that its tar had no entry for (tmp/ where only tmp/FILE is in it): the layers
 * below say what mode and owner they have, which a layer alone, converted once for all images,
 * cannot. Their paths, each ended by NUL, stand in extended attributes of the root of the layer's
 * file system: this name followed by 0, 1 … as far as there are any.
 */
#define LAYER_IMPLIED_XATTR	  "trusted.i2kit.implied."
#define LAYER_IMPLIED_XATTR_BYTES 32768u /* at most in one of them */

#endif
