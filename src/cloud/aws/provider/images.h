/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_IMAGES_H
#define I2KIT_CLOUD_AWS_PROVIDER_IMAGES_H

/* The machine images of disks: found by digest, uploaded, and kept while anybody needs them. */

#include "cloud/aws/disk/ami.h"
#include "cloud/aws/provider/aws_cloud.h"

bool aws_plan_image(struct cloud *cloud, const struct cloud_upload *upload,
		    const struct progress *progress, struct cloud_image *ret, struct error *err);
bool aws_ensure_image(struct cloud *cloud, const struct cloud_upload *upload,
		      const struct progress *progress, struct cloud_image *ret, struct error *err);

/* The digests that any stack of any project and environment runs or could roll back to. Images are
 * shared by digest, so this is what must stay. */
MUST_CHECK bool images_list_needed(struct aws_client *client, struct string_list *ret,
				   struct error *err);
/* Adds the digests of one scope, as images_list_needed() does. */
MUST_CHECK bool images_list_of_scope(struct aws_client *client, const struct cloud_scope *scope,
				     struct string_list *ret, struct error *err);
/* Images of the project, and those of `digests`, that nobody needs. */
MUST_CHECK bool images_list_unneeded(struct aws_client *client, const char *project,
				     const struct string_list *digests, struct ami_list *ret,
				     struct error *err);

#endif
