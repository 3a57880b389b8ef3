/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_TEMPLATES_H
#define I2KIT_LOCAL_SUPERVISOR_TEMPLATES_H

/*
 * Templates of the project's pods (local/template), made one at a time while all that is wanted is
 * ready and nothing has happened for a while:
 *
 *	IDLE → BOOTING (a thread) → TALKING (the guest gets ready) → SAVING (a thread) → ENDING → IDLE
 *
 * Whatever goes wrong, there is no template, and VMs boot.
 */

#include <stdbool.h>

struct supervisor;
struct template_use;
struct templates;

struct templates *templates_new(struct supervisor *supervisor);
/* After the hypervisor, whose threads use what is here. NULL is fine. */
void templates_free(struct templates *templates);
/* After each change. */
void templates_update(struct supervisor *supervisor);
/* A VM was started so: where a template was wanted and none was there, one is made later. */
void templates_used(struct supervisor *supervisor, const struct template_use *use);
/* None is being made. */
bool templates_are_idle(const struct supervisor *supervisor);

#endif
