/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_SCRATCH_FORMAT_H
#define I2KIT_WIRE_SCRATCH_FORMAT_H

/*
 * The file system of a pod's scratch disk, as mke2fs(8) takes it. On a laptop the host makes it, in
 * a file of its own; a cloud's comes blank, and the guest does. Nothing on it outlives the VM: no
 * journal, no room kept for root, nothing for growing. All is named, since mke2fs adds what a
 * newer one has by default, and the guest's kernel may not know that. `quota` needs a module, so it
 * is there only where an emptyDir has a sizeLimit.
 */
#define SCRATCH_FEATURES                                                                           \
	"none,extent,filetype,dir_index,ext_attr,large_file,huge_file,flex_bg,dir_nlink,"          \
	"extra_isize,sparse_super,uninit_bg"
#define SCRATCH_FEATURES_QUOTA SCRATCH_FEATURES ",project,quota"
/* What both give mke2fs before the features, the device and its blocks. */
#define SCRATCH_MKE2FS "-q", "-F", "-t", "ext4", "-b", "4096", "-I", "256", "-i", "16384", "-m", "0"

#endif
