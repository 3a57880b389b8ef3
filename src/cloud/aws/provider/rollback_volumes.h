/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_ROLLBACK_VOLUMES_H
#define I2KIT_CLOUD_AWS_PROVIDER_ROLLBACK_VOLUMES_H

#include "base/string_list.h"
#include "cloud/aws/provider/volumes.h"

/*
 * An earlier release's template, owned by the caller in *text, with the sizes that its volumes have
 * by now: a volume does not shrink, and what AWS refuses would be found out in the middle of the
 * rollback. What is kept is told in notes.
 */
MUST_CHECK bool rollback_keep_volumes(char **text, const struct volume_list *volumes,
				      struct string_list *notes, struct error *err);

#endif
