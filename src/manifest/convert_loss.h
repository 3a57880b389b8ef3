/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CONVERT_LOSS_H
#define I2KIT_MANIFEST_CONVERT_LOSS_H

/* What the short form has no words for, of the objects that it takes the place of. */

struct app;
struct string_list;

/*
 * What app_write_short() has no words for, one line for each kept object: "Deployment web:
 * metadata.labels, spec.selector". What has no effect here is noted when it is read.
 */
void app_short_losses(const struct app *app, struct string_list *ret);
/* Pods whose images are built, or whose sources are watched: neither Kubernetes' form nor the short
 * form says how, as written. */
void app_build_losses(const struct app *app, struct string_list *ret);
/* What Compose alone says of a container. */
void app_container_losses(const struct app *app, struct string_list *ret);

#endif
