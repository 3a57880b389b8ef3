/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CHECK_POD_H
#define I2KIT_MANIFEST_CHECK_POD_H

/* What can only be checked when everything has been read: inside one pod. */

struct loader;
struct pod_spec;

void check_pod(struct loader *loader, const struct pod_spec *pod);

#endif
