/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ABOUT_TEXT_H
#define I2KIT_TUI_ABOUT_TEXT_H

/* What is known of a pod, as text. */

#include <stdbool.h>

struct instance_status;
struct pod_facts;

/* Owned text, lines ended by '\n'; instance may be NULL: then it is about the pod alone. */
char *about_manifest(const struct pod_facts *facts, const struct instance_status *instance);
char *about_environment(const struct pod_facts *facts, bool has_secrets);
char *about_mounts(const struct pod_facts *facts);

#endif
