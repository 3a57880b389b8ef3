/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_DEVELOP_FORM_H
#define I2KIT_MANIFEST_DEVELOP_FORM_H

/* `develop.watch` of a container in the short forms and of a Compose service, with one meaning. */

#include "manifest/loader.h"

struct watch_rule;

extern const char *const watch_action_words[]; /* "rebuild" …, by enum watch_action */
/* Whether files go into the container. */
bool watch_rule_syncs(const struct watch_rule *rule);

extern const struct field_set develop_form_fields;
/* target is a struct container_spec. Paths are as written. */
field_fn read_develop;
/* The same, checked and made absolute as short forms have it. */
field_fn read_develop_form;

#endif
