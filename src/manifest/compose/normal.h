/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_NORMAL_H
#define I2KIT_MANIFEST_COMPOSE_NORMAL_H

/* The model once its files are one: what is implied is written out, and what contradicts is told. */

#include "manifest/compose/context.h"

/*
 * Networks that services are on without saying so, dependencies of links and of shared networks,
 * names of volumes and networks, env_file and label_file read. `name` is the project's.
 */
MUST_CHECK bool compose_normalize(struct compose_context *context, struct yaml_node *model,
				  const char *name, const struct compose_variables *variables);
/* As with Docker, who names a service has chosen its profiles. A name may be the pod's. */
void compose_add_profiles_of(const struct yaml_node *model, const struct string_list *services,
			     struct string_list *profiles);
/* Services whose profiles are not chosen are taken out, and remembered for what depends on them. */
void compose_choose_profiles(struct yaml_node *model, const struct string_list *profiles,
			     struct string_list *ret_left_out);

#endif
