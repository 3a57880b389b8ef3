/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_TRIM_H
#define I2KIT_LOCAL_VM_TRIM_H

/*
 * Gives back what starting took: code of libraries that ran once (libvirt brings sixty of them),
 * and freed heap. Code that is needed again comes back from the page cache.
 */
void trim_memory(void);

#endif
