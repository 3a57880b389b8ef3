/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_INGRESS_H
#define I2KIT_MANIFEST_INGRESS_H

/* Inside manifest/: networking.k8s.io's Ingress. */

#include "manifest/loader.h"

extern const struct field_set ingress_object_fields;
void read_ingress(struct loader *loader, const struct yaml_node *root);

#endif
