/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_LOGICAL_ID_H
#define I2KIT_CLOUD_AWS_STACK_LOGICAL_ID_H

/*
 * Names of resources within a template: letters and digits alone. A Kubernetes name becomes its
 * first character in upper case and the rest with X for - and Y for ., then a suffix that begins
 * with another capital letter: "my-web" and "Group" → "MyXwebGroup". The way back is open, so
 * different names and suffixes give different ids.
 */

/* Owned. */
char *stack_logical_id(const char *name, const char *suffix);
/* The name in an id that ends in suffix, owned; NULL: it does not, or was not made here. */
char *stack_logical_name(const char *id, const char *suffix);
/* The logical id of a pod's Auto Scaling group, which signals go to. Owned. */
char *stack_group_id(const char *pod);

#endif
